"""Learned sparse retrieval, exactly: the product of a query's weights with every document's.

Documents lie by term (an inverted index): of a query only its own terms' postings are read, and summed in float64.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.jagged import TERMS, Jagged, starts_of
from harness.search.maxsim import JaggedRows, processors
from harness.search.ranking_order import id_ranks, restricted, top
from harness.search.vector_index import MEMORY, Ranked
from harness.types import Candidates

POSTING = 24
"""Bytes of a posting while it is turned from a document's to a term's."""


class ImpactIndex:
    """The term weights of a corpus, ready to be asked.

    Args:
        rows: Of each document the terms and their weights, dtype `TERMS`.
        vocabulary: How many terms there are.
        cosine: Divide by the lengths of both vectors.
        memory: Bytes of postings, and of scores, held at once.

    Attributes:
        frequencies: In how many documents each term weighs something, shape (vocabulary,).
    """

    def __init__(
        self, rows: JaggedRows, ids: Sequence[str], vocabulary: int, *, cosine: bool = False, memory: int = MEMORY
    ) -> None:
        self._rows, self._ids, self._vocabulary, self._cosine, self._memory = rows, ids, vocabulary, cosine, memory
        self._ranks = id_ranks(ids)
        self._places = {identifier: place for place, identifier in enumerate(ids)}
        self._starts = starts_of(rows.counts)
        self._kept: Any = None

    @functools.cached_property
    def frequencies(self) -> NDArray[np.int64]:
        """See the class."""
        total = np.zeros(self._vocabulary, dtype=np.int64)
        for _, _, by_term in self._pieces():
            total += np.diff(by_term.indptr)
        return total

    def search(
        self, queries: Jagged, query_ids: Sequence[str], depth: int, *, exclude_self: bool = False,
        candidates: Candidates | None = None,
    ) -> Ranked:  # fmt: skip
        """Ids and scores of the best `depth` documents per query; one that shares no term with it is no answer, unless it is
        a candidate."""
        ids: list[list[str]] = []
        scores: list[NDArray[np.float32]] = []
        most = max(1, self._memory // (8 * max(1, len(self._ids))))
        for first in range(0, len(query_ids), most):
            part = query_ids[first : first + most]
            table = np.empty((len(part), len(self._ids)), dtype=np.float32)
            with ThreadPoolExecutor(processors()) as threads:  # scipy and numpy let go of Python's lock
                for start, stop, by_term in self._pieces():
                    asked = (
                        queries.values[queries.starts[row] : queries.starts[row + 1]]
                        for row in range(first, first + len(part))
                    )
                    found = threads.map(functools.partial(self._scores, by_term=by_term), asked)
                    for row, values in enumerate(found):
                        table[row, start:stop] = values
                ranked = functools.partial(self._ranked, depth=depth, candidates=candidates, exclude_self=exclude_self)
                for names, best in threads.map(ranked, part, table):
                    ids.append(names)
                    scores.append(best)
        return ids, scores

    def _ranked(
        self,
        query_id: str,
        found: NDArray[np.float32],
        *,
        depth: int,
        candidates: Candidates | None,
        exclude_self: bool,
    ) -> tuple[list[str], NDArray[np.float32]]:
        """A query's best documents, of its scores of all."""
        if candidates is None:
            found[found <= 0] = -np.inf
        allowed = restricted(found, query_id, self._places, candidates, exclude_self)
        best = top(allowed, self._ranks, depth)
        return [self._ids[place] for place in best.tolist()], allowed[best]

    def _scores(self, asked: NDArray[Any], by_term: Any) -> NDArray[np.float32]:
        """Of every document of a piece."""
        weights = asked["weight"].astype(np.float64)
        if self._cosine:
            weights = weights / max(float(np.linalg.norm(weights)), 1e-12)
        # scipy's row selection copies postings as they lie; its product then adds each to its document
        return np.asarray(by_term[asked["term"].astype(np.int64)].T @ weights, dtype=np.float32)

    def _pieces(self) -> Iterator[tuple[int, int, Any]]:
        """As many documents at a time as memory may hold, by term; a whole corpus that fits is kept."""
        if self._kept is not None:
            yield 0, len(self._ids), self._kept
            return
        start = 0
        while start < len(self._ids):
            most = self._starts[start] + self._memory // POSTING
            stop = max(start + 1, int(np.searchsorted(self._starts, most, side="right")) - 1)
            by_term = self._by_term(self._rows.take(np.arange(start, stop)))
            if (start, stop) == (0, len(self._ids)):
                self._kept = by_term
            yield start, stop, by_term
            start = stop

    def _by_term(self, rows: Jagged) -> Any:
        """Term × document, float32."""
        from scipy.sparse import csr_matrix

        weights: NDArray[Any] = rows.values["weight"]
        if self._cosine:
            weights = (weights / np.repeat(np.maximum(rows.norms(), 1e-12), rows.counts)).astype(np.float32)
        shape = (len(rows), self._vocabulary)
        return csr_matrix((weights, rows.values["term"].astype(np.int64), rows.starts), shape=shape).T.tocsr()


class Pruned:
    """Each document's heaviest terms; of equal weights the lower number."""

    def __init__(self, rows: JaggedRows, most: int) -> None:
        self._rows, self._most = rows, most

    @property
    def counts(self) -> NDArray[np.int64]:
        """Terms of each document."""
        return np.minimum(self._rows.counts, self._most)

    def take(self, documents: NDArray[np.int64]) -> Jagged:
        """What is left of these documents, by the numbers of the terms."""
        rows = self._rows.take(documents)
        owner = np.repeat(np.arange(len(rows)), rows.counts)
        order = np.lexsort((rows.values["term"], -rows.values["weight"], owner))
        place = np.arange(len(order)) - np.repeat(rows.starts[:-1], rows.counts)
        kept = np.sort(order[place < self._most])
        return Jagged(rows.values[kept], starts_of(np.minimum(rows.counts, self._most)))


def inverse_frequencies(frequencies: NDArray[np.int64], documents: int) -> NDArray[np.float32]:
    """Robertson's idf as Lucene has it, log(1 + (N − n + ½) / (n + ½)); 0 for a term of no document."""
    counts = frequencies.astype(np.float64)
    weights = np.log1p((documents - counts + 0.5) / (counts + 0.5))
    return np.where(frequencies > 0, weights, 0).astype(np.float32)


def expected_products(documents: NDArray[np.int64], queries: NDArray[np.int64], sizes: tuple[int, int]) -> float:
    """FLOPS (Paria et al. 2020): how many products a query and a document cost in the mean.

    Args:
        documents, queries: In how many texts each term weighs something, shape (vocabulary,).
        sizes: How many documents and queries there are.
    """
    return float((documents / max(1, sizes[0])) @ (queries / max(1, sizes[1])))


def contributions(query: NDArray[Any], document: NDArray[Any]) -> NDArray[Any]:
    """The terms that a score rests on: those of both, with their products, the greatest first; dtype `TERMS`.

    Args:
        query, document: The terms of one text each, dtype `TERMS`, no term twice.
    """
    shared, left, right = np.intersect1d(query["term"], document["term"], assume_unique=True, return_indices=True)
    found = np.zeros(len(shared), dtype=TERMS)
    found["term"], found["weight"] = shared, query["weight"][left] * document["weight"][right]
    return found[np.lexsort((found["term"], -found["weight"]))]
