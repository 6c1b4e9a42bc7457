"""Late interaction, exactly: for each token of a query the best of a document's tokens, summed (Khattab and Zaharia 2020).

Documents are scored in the order of their lengths, those of one length at once: their products are a plain block whose
maximum is taken without padding, so that no row of padding can take part. A product in float32 is off in its last digits;
scores that lie nearer together than that are computed again in float64, as everywhere.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harness.jagged import Jagged
from harness.search.exact_topk import NEAR
from harness.search.ranking_order import id_ranks, ordered
from harness.search.vector_index import MEMORY, Ranked
from harness.types import Candidates, Vectors

ROWS = 1_024
"""Documents' rows multiplied at once: what stays in a processor's cache beside the products."""
TOKENS = 512
"""Queries' tokens multiplied at once."""


Map = Callable[[Callable[[Any], Any], list[Any]], Iterable[Any]]
"""`map`, or that of a pool of threads."""


class JaggedRows(Protocol):
    """The rows of a corpus, wherever they are kept."""

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each document."""

    def take(self, documents: NDArray[np.int64]) -> Jagged:
        """The rows of these documents, float32."""


class MaxSimIndex:
    """The token vectors of a corpus, ready to be asked.

    Args:
        mean: Divide a score by the query's tokens (MeanMaxSim).
        memory: Bytes of documents' vectors, and of scores, held at once.
    """

    def __init__(self, rows: JaggedRows, ids: Sequence[str], *, mean: bool = False, memory: int = MEMORY) -> None:
        self._rows, self._ids, self._mean, self._memory = rows, ids, mean, memory
        self._counts = rows.counts
        order = np.argsort(self._counts, kind="stable")
        self._order = order[self._counts[order] > 0]  # a document without a scored token is no answer to anything
        self._ranks = id_ranks(ids)
        self._places = {identifier: place for place, identifier in enumerate(ids)}

    def search(
        self, queries: Jagged, query_ids: Sequence[str], depth: int, *, exclude_self: bool = False,
        candidates: Candidates | None = None,
    ) -> Ranked:  # fmt: skip
        """Ids and scores of the best `depth` documents per query; none for a query without a token.

        Args:
            queries: The rows of each query, float32.
            candidates: Rank only these documents of each query.
        """
        ids: list[list[str]] = [[] for _ in query_ids]
        scores: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32) for _ in query_ids]
        # the products are threaded by documents or by queries, and not by their library too
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(_threads()) as pool:
            for row, places, found in self._scored(queries, query_ids, candidates, pool.map):
                own = self._places.get(query_ids[row], -1) if exclude_self else -1
                places, found = places[places != own], found[places != own]
                query = queries.values[queries.starts[row] : queries.starts[row + 1]]
                places, found = self._settled(query, places, found, depth)
                if self._mean:
                    found = (found.astype(np.float64) / len(query)).astype(np.float32)
                places, best = ordered(places, found, self._ranks, depth)
                ids[row], scores[row] = [self._ids[place] for place in places.tolist()], best
        return ids, scores

    def _scored(
        self, queries: Jagged, query_ids: Sequence[str], candidates: Candidates | None, run: Map
    ) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
        """Each query that has tokens: its place, the documents that may be ranked for it, and their scores."""
        asked = np.flatnonzero(queries.counts)
        if candidates is not None:

            def alone(row: int) -> tuple[int, NDArray[np.int64], NDArray[np.float32]]:
                pool = np.unique([self._places[one] for one in candidates[query_ids[row]]]).astype(np.int64)
                pool = pool[self._counts[pool] > 0]
                order = pool[np.argsort(self._counts[pool], kind="stable")]
                return row, order, self._products(queries.take(np.array([row])), order, map)[0]

            _ = self._fitting
            yield from run(alone, asked.tolist())
            return
        most = max(1, self._memory // (8 * max(1, len(self._order))))
        for start in range(0, len(asked), most):
            part = asked[start : start + most]
            table = self._products(queries.take(part), self._order, run)
            for row, found in zip(part.tolist(), table, strict=True):
                yield row, self._order, found

    def _products(self, queries: Jagged, order: NDArray[np.int64], run: Map) -> NDArray[np.float32]:
        """Scores of documents in the order of their lengths, shape (queries, documents)."""
        out = np.empty((len(order), len(queries)), dtype=np.float32)
        groups = list(_query_groups(queries))
        for start, piece in self._pieces(order):

            def score(block: tuple[int, int], start: int = start, piece: Jagged = piece) -> None:
                first, last = block
                length = int(piece.counts[first])
                rows = piece.values[piece.starts[first] : piece.starts[last]]
                for tokens, firsts, columns in groups:
                    best = (rows @ tokens.T).reshape(last - first, length, len(tokens)).max(axis=1)
                    out[start + first : start + last, columns] = np.add.reduceat(best, firsts, axis=1)

            for _ in run(score, list(_blocks(piece.counts))):
                pass
        return out.T

    @functools.cached_property
    def _fitting(self) -> tuple[Jagged, NDArray[np.int64]] | None:
        """The whole corpus by length and where each document is in it, if memory may hold it."""
        width = self._width
        if int(self._counts.sum()) * width * 4 > self._memory // 2:
            return None
        where = np.zeros(len(self._counts), dtype=np.int64)
        where[self._order] = np.arange(len(self._order))
        return self._rows.take(self._order), where

    @functools.cached_property
    def _width(self) -> int:
        return self._rows.take(self._order[:1]).width if len(self._order) else 1

    def _take(self, documents: NDArray[np.int64]) -> Jagged:
        if self._fitting is None:
            return self._rows.take(documents)
        rows, where = self._fitting
        return rows.take(where[documents])

    def _pieces(self, order: NDArray[np.int64]) -> Iterator[tuple[int, Jagged]]:
        """As many documents at a time as memory may hold; a whole corpus that fits is read once."""
        if self._fitting is not None and order is self._order:
            yield 0, self._fitting[0]
            return
        ends = np.cumsum(self._counts[order]) * (4 * self._width)
        start = 0
        while start < len(order):
            before = ends[start - 1] if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + self._memory // 2, side="right")))
            yield start, self._take(order[start:stop])
            start = stop

    def _settled(
        self, query: Vectors, places: NDArray[np.int64], found: NDArray[np.float32], depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """What may stand among the best `depth`, those with a neighbour within the error of float32 scored in float64."""
        margin = self._margin(query)
        if len(found) > depth:
            edge = np.partition(found, len(found) - depth)[len(found) - depth]
            places, found = places[found >= edge - margin], found[found >= edge - margin]
        rising = np.argsort(found, kind="stable")
        close = np.diff(found[rising]) <= margin
        doubtful = rising[np.append(close, False) | np.insert(close, 0, False)] if len(found) else rising
        found = found.copy()
        exact = query.astype(np.float64)
        for at in doubtful.tolist():
            rows = self._take(places[at : at + 1]).values.astype(np.float64)
            found[at] = (rows @ exact.T).max(axis=0).sum()
        return places, found

    def _margin(self, query: Vectors) -> float:
        """How far apart two scores have to be to be told apart without computing them again."""
        lengths = float(np.linalg.norm(query, axis=1).sum())
        return float(NEAR * np.sqrt(query.shape[1]) * lengths * self._longest)

    @functools.cached_property
    def _longest(self) -> float:
        """The length of a document's longest row, at least 1; of some documents, which are alike in it."""
        some = self._order[:: max(1, len(self._order) // 64)]
        return max(1.0, float(np.linalg.norm(self._take(some).values, axis=1).max(initial=0)))


def _threads() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _query_groups(queries: Jagged) -> Iterator[tuple[Vectors, NDArray[np.int64], slice]]:
    """Queries by some hundred tokens: their rows, where each starts among these, and which queries they are."""
    start = 0
    while start < len(queries):
        most = queries.starts[start] + TOKENS
        stop = max(start + 1, int(np.searchsorted(queries.starts, most, side="right")) - 1)
        rows = queries.values[queries.starts[start] : queries.starts[stop]]
        firsts = queries.starts[start:stop] - queries.starts[start]
        yield np.asarray(rows, dtype=np.float32), firsts, slice(start, stop)
        start = stop


def _blocks(counts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Documents of one length each, as many as make `ROWS` rows; `counts` rises and is nowhere 0."""
    start = 0
    while start < len(counts):
        length = int(counts[start])
        alike = int(np.searchsorted(counts, length, side="right"))
        stop = min(alike, start + max(1, ROWS // length))
        yield start, stop
        start = stop


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class KeptRows:
    """Rows in memory."""

    def __init__(self, rows: Jagged) -> None:
        self._rows = rows

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each document."""
        return self._rows.counts

    def take(self, documents: NDArray[np.int64]) -> Jagged:
        """The rows of these documents."""
        return self._rows.take(documents)
