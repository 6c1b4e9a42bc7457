"""The nearest documents of each query in the order of exact arithmetic.

A product in float32 is off by some ten-millionths, and by others in a block of another size or under another number of
threads. So scores that lie nearer together than that are computed again in float64: the order is the same whatever the
machine, and only true ties are left to the ids.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from harness.search.ranking_order import columns_by_score
from harness.search.topk import Fetched, Neighbours, fetch, merged
from harness.search.vector_rows import Rows, pieces
from harness.types import Vectors

NEAR = 5e-8
"""Times the root of the dimension: unit vectors' scores nearer than that are computed again. Ten times the error that is seen."""
SPARE = 16
"""How many documents more than `depth` are fetched, so that near ties at the last rank are settled among those fetched."""
ROWS = 8_192
"""Pairs of a query and a document that are scored again at once."""
SHARE = 128
"""Queries that a thread of its own is worth."""


def nearest(
    queries: Vectors, documents: Rows, depth: int, *, euclidean: bool, memory: int, device: str = "cpu"
) -> Neighbours:
    """At least `depth` documents per query: those, and all that may tie with the last of them.

    Args:
        queries: Shape (queries, dimension).
        euclidean: Score by minus the squared distance instead of by the product.
        memory: Bytes of documents' vectors held at once.
        device: Where the products are computed; what is close is settled in float64 on the CPU, whatever the device.

    Returns:
        Positions and scores, shape (queries, most); a score of minus infinity stands for none.
    """
    depth = min(depth, len(documents))
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if threads == 1 or device != "cpu" or len(queries) < SHARE * threads:
        return _part(queries, documents, depth, euclidean=euclidean, memory=memory, device=device)

    def run(share: Vectors) -> Neighbours:
        return _part(share, documents, depth, euclidean=euclidean, memory=memory // threads, device=device)

    # only the product is threaded by its library: a share of the queries per core threads all the rest too
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        return below_each_other(list(pool.map(run, np.array_split(queries, threads))))


def _part(queries: Vectors, documents: Rows, depth: int, *, euclidean: bool, memory: int, device: str) -> Neighbours:
    """`nearest` for some of the queries."""
    fetched = fetch(
        queries, documents, min(depth + SPARE, len(documents)), euclidean=euclidean, memory=memory, device=device
    )
    margin = _margin(queries, fetched.score, documents.dimension, euclidean=euclidean)
    width = fetched.score.shape[1]
    edge = np.partition(fetched.score, width - depth, axis=1)[:, width - depth]
    score = np.where(fetched.score >= (edge - margin)[:, None], fetched.score, np.float32(-np.inf))
    # more documents than were fetched lie near the last rank (copies, constant vectors): look at all of them
    crowded = np.flatnonzero(edge - margin <= fetched.floor)
    score[crowded] = -np.inf
    position, score = _settled(queries, documents, fetched.position, score, margin, euclidean=euclidean)
    if not len(crowded):
        return position, score
    exact = _exactly(queries[crowded], documents, depth, euclidean=euclidean, memory=memory)
    whole = merged(Fetched(position, score, fetched.floor), Fetched(*exact, fetched.floor[crowded]), crowded)
    return whole.position, whole.score


def score_exactly(left: Vectors, right: Vectors, *, euclidean: bool) -> NDArray[np.float32]:
    """Scores of pairs of rows, in float64 and then rounded once."""
    queries, documents = left.astype(np.float64), right.astype(np.float64)
    if euclidean:
        queries = queries - documents
        return np.asarray(-np.einsum("ij,ij->i", queries, queries), dtype=np.float32)
    queries, documents = np.broadcast_arrays(queries, documents)
    return np.asarray(np.einsum("ij,ij->i", queries, documents), dtype=np.float32)


def _margin(queries: Vectors, score: NDArray[np.float32], dimension: int, *, euclidean: bool) -> NDArray[np.float64]:
    """How far apart two scores of a query have to be to be told apart without computing them again; shape (queries,)."""
    own = np.einsum("ij,ij->i", queries, queries, dtype=np.float64)
    most = np.where(np.isfinite(score), np.abs(score), 0).max(axis=1, initial=0)
    near = NEAR * np.sqrt(dimension)
    return np.asarray(near * 4 * (own + most) if euclidean else near * np.maximum(np.sqrt(own), most), dtype=np.float64)


def _settled(
    queries: Vectors, documents: Rows, position: NDArray[np.int64], score: NDArray[np.float32], margin: NDArray[np.float64],
    *, euclidean: bool,
) -> Neighbours:  # fmt: skip
    """The same documents by rising score, those with a neighbour within the margin scored again; as narrow as they can be."""
    order = columns_by_score(score)
    most = int((score > -np.inf).sum(axis=1).max(initial=1))
    order = order[:, -most:]
    position, rising = np.take_along_axis(position, order, 1), np.take_along_axis(score, order, 1)
    with np.errstate(invalid="ignore"):  # minus infinity beside itself
        close = np.diff(rising, axis=1) <= margin[:, None]
    doubtful = np.zeros(rising.shape, dtype=bool)
    doubtful[:, :-1] |= close
    doubtful[:, 1:] |= close
    query, column = np.nonzero(doubtful)
    for start in range(0, len(query), ROWS):
        rows, columns = query[start : start + ROWS], column[start : start + ROWS]
        right = documents.take(position[rows, columns])
        rising[rows, columns] = score_exactly(queries[rows], right, euclidean=euclidean)
    return position, rising


def _exactly(queries: Vectors, documents: Rows, depth: int, *, euclidean: bool, memory: int) -> Neighbours:
    """Every document that may stand among the best `depth` of these queries, scored exactly."""
    rows: list[list[Neighbours]] = [[] for _ in queries]
    for start, right in pieces(documents, memory):
        for row, query in enumerate(queries):
            score = score_exactly(query[None, :], right, euclidean=euclidean)
            position = np.arange(start, start + len(right))
            if len(score) > depth:
                inside = score >= np.partition(score, len(score) - depth)[len(score) - depth]
                position, score = position[inside], score[inside]
            rows[row].append((position, score))
    return padded(
        [(np.concatenate([part for part, _ in row]), np.concatenate([part for _, part in row])) for row in rows]
    )


def below_each_other(parts: list[Neighbours]) -> Neighbours:
    """Arrays of different widths one below the other, filled with minus infinity at the left."""
    width = max(positions.shape[1] for positions, _ in parts)
    positions = [np.pad(position, ((0, 0), (width - position.shape[1], 0))) for position, _ in parts]
    scores = [np.pad(score, ((0, 0), (width - score.shape[1], 0)), constant_values=-np.inf) for _, score in parts]
    return np.concatenate(positions), np.concatenate(scores)


def padded(rows: list[Neighbours]) -> Neighbours:
    """Rows of different lengths as one array each, filled with minus infinity."""
    width = max((len(positions) for positions, _ in rows), default=0)
    positions = np.zeros((len(rows), width), dtype=np.int64)
    scores = np.full((len(rows), width), -np.inf, dtype=np.float32)
    for row, (position, score) in enumerate(rows):
        positions[row, : len(position)], scores[row, : len(score)] = position, score
    return positions, scores
