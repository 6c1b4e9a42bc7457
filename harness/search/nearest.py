"""The nearest documents of each query, from a corpus that is read in pieces: faiss finds them, exact arithmetic orders them.

A product in float32 is off by some millionths, and by other millionths in a block of another size or under another
number of threads. So scores that lie nearer together than that are computed again in float64: the order is the one of
exact arithmetic, the same whatever the machine, and only true ties are left to the ids.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.search.knn import best_of
from harness.search.rows import Rows, pieces
from harness.types import Vectors

NEAR = 4e-6
"""Scores of unit vectors that differ by less are computed again: twice the error of a float32 product of 1,000 numbers."""
SPARE = 16
"""How many more than wanted are fetched, so that what is near the last place is decided among those fetched."""
ROWS = 8_192
"""Pairs computed again at once."""

Pairs = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Positions of documents and their scores; shape (queries, documents)."""


def nearest(left: Vectors, documents: Rows, wanted: int, *, euclidean: bool, memory: int, device: str = "cpu") -> Pairs:
    """At least `wanted` documents per query: those, and all that may tie with the last of them.

    Args:
        left: Shape (queries, dimension).
        euclidean: Score by minus the squared distance instead of by the product.
        memory: Bytes of documents' vectors held at once.
        device: Where the products are computed; what is close is settled in float64 on the CPU, whatever the device.
    """
    fetched = min(wanted + SPARE, len(documents))
    place, score = _fetch(left, documents, fetched, euclidean=euclidean, memory=memory, device=device)
    margin = _margin(left, score, euclidean=euclidean)
    if fetched < len(documents):
        edge = np.partition(score, fetched - wanted, axis=1)[:, fetched - wanted]
        crowded = np.flatnonzero(edge - score.min(axis=1) <= margin)
    else:
        crowded = np.zeros(0, dtype=np.int64)
    _settle(left, documents, place, score, margin, euclidean=euclidean)
    if not len(crowded):
        return place, score
    # more documents than were fetched lie near the last place (copies, constant vectors): look at all of them
    more, better = _exactly(left[crowded], documents, wanted, euclidean=euclidean, memory=memory)
    width = max(place.shape[1], more.shape[1])
    places = np.zeros((len(left), width), dtype=np.int64)
    scores = np.full((len(left), width), -np.inf, dtype=np.float32)
    places[:, : place.shape[1]], scores[:, : score.shape[1]] = place, score
    places[crowded], scores[crowded] = 0, -np.inf
    places[crowded, : more.shape[1]], scores[crowded, : more.shape[1]] = more, better
    return places, scores


def score_exactly(left: Vectors, right: Vectors, *, euclidean: bool) -> NDArray[np.float32]:
    """Scores of pairs of rows, in float64 and then rounded once."""
    one, other = left.astype(np.float64), right.astype(np.float64)
    if euclidean:
        return np.asarray(-((one - other) ** 2).sum(axis=-1), dtype=np.float32)
    return np.asarray((one * other).sum(axis=-1), dtype=np.float32)


def _fetch(left: Vectors, documents: Rows, wanted: int, *, euclidean: bool, memory: int, device: str) -> Pairs:
    place = np.zeros((len(left), 0), dtype=np.int64)
    score = np.zeros((len(left), 0), dtype=np.float32)
    for start, right in pieces(documents, memory):
        near, found = best_of(left, right, min(wanted, len(right)), euclidean=euclidean, device=device)
        place, score = np.hstack([place, near + start]), np.hstack([score, found])
        if score.shape[1] > wanted:
            best = np.argpartition(-score, wanted - 1, axis=1)[:, :wanted]
            place, score = np.take_along_axis(place, best, 1), np.take_along_axis(score, best, 1)
    return place, score


def _margin(left: Vectors, score: NDArray[np.float32], *, euclidean: bool) -> NDArray[np.float64]:
    """How far apart two scores of a query have to be to be told apart without computing them again; shape (queries,)."""
    own = np.einsum("ij,ij->i", left, left, dtype=np.float64)
    most = np.abs(score).max(axis=1, initial=0)
    return np.asarray(NEAR * 4 * (own + most) if euclidean else NEAR * np.maximum(np.sqrt(own), most), dtype=np.float64)


def _settle(
    left: Vectors, documents: Rows, place: NDArray[np.int64], score: NDArray[np.float32], margin: NDArray[np.float64],
    *, euclidean: bool,
) -> None:  # fmt: skip
    """Compute again, in place, the scores that have a neighbour within the margin."""
    order = np.argsort(-score, axis=1, kind="stable")
    falling = np.take_along_axis(score, order, 1)
    close = (falling[:, :-1] - falling[:, 1:]) <= margin[:, None]
    doubtful = np.zeros(score.shape, dtype=bool)
    doubtful[:, :-1] |= close
    doubtful[:, 1:] |= close
    query, ordinal = np.nonzero(doubtful)
    column = order[query, ordinal]
    for start in range(0, len(query), ROWS):
        rows, columns = query[start : start + ROWS], column[start : start + ROWS]
        right = documents.take(place[rows, columns])
        score[rows, columns] = score_exactly(left[rows], right, euclidean=euclidean)


def _exactly(left: Vectors, documents: Rows, wanted: int, *, euclidean: bool, memory: int) -> Pairs:
    """Every document that may stand among the best `wanted` of these queries, scored exactly."""
    rows: list[list[Pairs]] = [[] for _ in left]
    for start, right in pieces(documents, memory):
        for row, query in enumerate(left):
            score = score_exactly(query[None, :], right, euclidean=euclidean)
            place = np.arange(start, start + len(right))
            if len(score) > wanted:
                inside = score >= np.partition(score, len(score) - wanted)[len(score) - wanted]
                place, score = place[inside], score[inside]
            rows[row].append((place, score))
    joined = [(np.concatenate([one for one, _ in row]), np.concatenate([one for _, one in row])) for row in rows]
    width = max(len(place) for place, _ in joined)
    places = np.zeros((len(left), width), dtype=np.int64)
    scores = np.full((len(left), width), -np.inf, dtype=np.float32)
    for row, (place, score) in enumerate(joined):
        places[row, : len(place)], scores[row, : len(score)] = place, score
    return places, scores
