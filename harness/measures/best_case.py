"""Best-case judgments: the grades of unjudged documents that favour one ranking over another.

All of it is about one query. `first` and `second` are the top k of two systems. What is judged stays as it is; each
unjudged document of the two may get any grade from 0 to `top`. The answer makes the measure of `first` minus that of
`second` as great as it can be. An empty ranking scores 0: so an empty `second` asks for the most that `first` can
reach, and an empty `first` for the least that `second` can.

Everything that a judgment moves counts: a document found relevant also enters nDCG's ideal, and the number of relevant
documents that recall and MAP divide by. So the least value need not be the one with nothing relevant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.measures.best_case_ndcg import best_case_ndcg
from harness.measures.names import Measure

Ranking = Sequence[str]
Choice = Callable[[Ranking, Ranking, set[str], set[str]], Iterable[str]]
"""first, second, the relevant documents, the unjudged ones of both rankings → those that should become relevant."""


def best_case(measure: Measure, grades: Mapping[str, int], first: Ranking, second: Ranking, top: int) -> dict[str, int]:
    """document id → grade, for the documents that should become relevant; the other unjudged ones stay at 0.

    Args:
        measure: One of `EXACT`, or MAP with one of the two rankings empty.
        grades: What is judged; any document of this query that is absent is unjudged.
        first, second: Document ids, best first, cut at the measure's k.
        top: The highest grade that a judge may give.
    """
    if measure.plugin.name == "nDCG":
        return best_case_ndcg(grades, first, second, top, str(measure.options["gain"]), measure.k)
    rel = int(measure.options["rel"])
    relevant = {document for document, grade in grades.items() if grade >= rel}
    unjudged = {*first, *second} - grades.keys()
    return dict.fromkeys(_CHOICES[measure.plugin.name](first, second, relevant, unjudged), top)


def _precision(first: Ranking, second: Ranking, relevant: set[str], unjudged: set[str]) -> Iterable[str]:
    """Those that only the first ranking has: one that both have moves both alike."""
    return unjudged.difference(second)


def _recall(first: Ranking, second: Ranking, relevant: set[str], unjudged: set[str]) -> Iterable[str]:
    """As for precision. Where the first is behind all the same, also those of both: they divide its arrears."""
    own = unjudged.difference(second)
    lead = len(relevant.intersection(first)) - len(relevant.intersection(second)) + len(own)
    return unjudged.intersection(first) if lead < 0 else own


def _at_first(value: Callable[[int], float]) -> Choice:
    """For what only the first relevant rank decides: one document at most, as a further one can only help the second."""

    def of(ranking: Ranking, hits: set[str]) -> float:
        return next((value(rank) for rank, document in enumerate(ranking, start=1) if document in hits), 0.0)

    def choose(first: Ranking, second: Ranking, relevant: set[str], unjudged: set[str]) -> Iterable[str]:
        choices = [set[str](), *({document} for document in first if document in unjudged)]
        return max(choices, key=lambda more: of(first, relevant | more) - of(second, relevant | more))

    return choose


def _average_precision(first: Ranking, second: Ranking, relevant: set[str], unjudged: set[str]) -> Iterable[str]:
    """The first m of the unjudged for the greatest value, the last m for the least; every m is tried.

    With m fixed, so is what MAP divides by, and to move a relevant document up never lowers the sum.
    """
    ranking = first or second
    indices = [index for index, document in enumerate(ranking) if document in unjudged]
    indices = indices if first else indices[::-1]
    number = np.full(len(ranking), math.inf)  # which of the unjudged this is; the m-th choice takes those below m
    number[indices] = np.arange(len(indices))
    number[[index for index, document in enumerate(ranking) if document in relevant]] = -1
    more = np.arange(len(indices) + 1)
    hits: NDArray[np.bool_] = number < more[:, None]
    precisions = np.cumsum(hits, axis=1) / np.arange(1, len(ranking) + 1)
    values = (precisions * hits).sum(axis=1) / np.maximum(len(relevant) + more, 1)
    best = int(values.argmax() if first else values.argmin())
    return [ranking[index] for index in indices[:best]]


_CHOICES: dict[str, Choice] = {
    "precision": _precision,
    "recall": _recall,
    "MRR": _at_first(lambda rank: 1 / rank),
    "success": _at_first(lambda rank: 1.0),
    "MAP": _average_precision,
}
EXACT = ("nDCG", "MRR", "recall", "precision", "success")
"""Measures whose difference between two rankings is maximised exactly."""
