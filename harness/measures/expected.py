"""The field's measures where scores tie: the value expected over every order of the documents that share a score.

The plain measures order ties by document id, as trec_eval does, so their number depends on what documents are called.
These do not. Documents tie when their float32 scores are equal. Every order of them is equally likely. Where nothing
ties within the cutoff the value is the plain measure's.

Only what was retrieved is known. A tie that the run's depth cuts is taken to end there: those that were kept were
chosen by id, and what lies beyond counts as not retrieved. So ask for a depth well beyond the cutoff where many tie.

Source: McSherry and Najork 2008, Computing information retrieval performance measures efficiently in the presence of
tied scores.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from harness.errors import MeasureError
from harness.measures.judged import Judged
from harness.registry import measure

Floats = NDArray[np.float64]
SOURCE = "McSherry and Najork 2008, over"


@measure(name="expected-nDCG", unit="share", source=f"{SOURCE} trec_eval ndcg_cut")
def expected_ndcg(query: Judged, *, gain: str = "linear", k: int | None = None) -> float:
    """nDCG expected over every order of tied documents. `gain=exp` takes 2^grade − 1 instead of the grade.

    The ideal is trec_eval's: the highest grades of all judged documents, retrieved or not. A grade below 0 gains 0.
    """
    if gain not in ("linear", "exp"):
        raise MeasureError(f"gain={gain} is neither linear nor exp.")
    ideal = sorted((_gain(grade, gain) for grade in query.grades.values() if grade > 0), reverse=True)[:k]
    if not ideal:
        return 0.0
    reach = _reach(query.scores, k)
    gains = np.array([_gain(query.grade(document_id), gain) for document_id in query.ranking[:reach]], dtype=np.float64)
    expected = _expected(gains, query.scores[:reach])[:k]
    return float(expected @ _discounts(len(expected)) / (np.array(ideal) @ _discounts(len(ideal))))


@measure(name="expected-MRR", unit="share", source=f"{SOURCE} trec_eval recip_rank")
def expected_reciprocal_rank(query: Judged, *, rel: int = 1, k: int | None = None) -> float:
    """One over the rank of the first relevant document (0 beyond the cutoff), expected over every order of ties."""
    relevant = _relevant(query, rel, k)
    hits = np.flatnonzero(relevant)
    if not len(hits):
        return 0.0
    starts, sizes = _groups(query.scores[: len(relevant)])
    group = np.searchsorted(starts, hits[0], side="right") - 1  # the first tie that holds a relevant document
    start, size = int(starts[group]), int(sizes[group])
    count = int(relevant[start : start + size].sum())
    left = size - np.arange(size - count + 1)  # how many of the tie are left to draw at each of its places
    none_before = np.cumprod(np.concatenate(([1.0], 1 - count / left[:-1])))
    first_here = none_before * count / left
    ranks = start + 1 + np.arange(len(left))
    return float((first_here / ranks)[: None if k is None else max(k - start, 0)].sum())


@measure(name="expected-recall", unit="share", source=f"{SOURCE} trec_eval recall")
def expected_recall(query: Judged, *, rel: int = 1, k: int) -> float:
    """Share of the relevant documents that stand in the top k, expected over every order of tied documents."""
    relevant = _relevant(query, rel, k)
    total = sum(grade >= rel for grade in query.grades.values())
    return float(_expected(relevant, query.scores[: len(relevant)])[:k].sum() / total) if total else 0.0


def _relevant(query: Judged, rel: int, k: int | None) -> Floats:
    """1 for each relevant document within reach of the cutoff, else 0; shape (documents within reach,)."""
    if rel < 1:
        raise MeasureError("rel is at least 1; a grade of 0 is what irrelevant means.")
    ranking = query.ranking[: _reach(query.scores, k)]
    return np.array([query.grade(document) >= rel for document in ranking], dtype=np.float64)


def _reach(scores: NDArray[np.float32], k: int | None) -> int:
    """How many documents can stand within the cutoff in some order: the top k and all that tie with its last."""
    if k is None or k >= len(scores):
        return len(scores)
    if scores[k] != scores[k - 1]:
        return k
    other = np.flatnonzero(scores[k:] != scores[k - 1])
    return k + int(other[0]) if len(other) else len(scores)


def _groups(scores: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each tie starts and how many documents it holds; a document alone is a tie of one."""
    starts = np.flatnonzero(np.concatenate(([True], scores[1:] != scores[:-1])))
    return starts, np.diff(starts, append=len(scores))


def _expected(values: Floats, scores: NDArray[np.float32]) -> Floats:
    """The value expected at each place: the mean over its tie; shape (documents,)."""
    if not (scores[1:] == scores[:-1]).any():
        return values
    starts, sizes = _groups(scores)
    return np.repeat(np.add.reduceat(values, starts) / sizes, sizes)


def _gain(grade: int, gain: str) -> float:
    return float(2**grade - 1 if gain == "exp" else grade) if grade > 0 else 0.0


@functools.lru_cache(maxsize=64)
def _discounts(count: int) -> Floats:
    """1 / log2(rank + 1) for the ranks 1 … count."""
    return 1 / np.log2(np.arange(2, count + 2))
