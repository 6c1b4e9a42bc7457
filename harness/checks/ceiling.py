"""The ceiling: what a perfect system gets from the common evaluator, given the faults of the data.

It knows every judgment, and still it cannot return a document that is missing or empty, answer a query without text,
tell a copy from its original, or give two queries of one text two rankings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.checks.profile import DatasetProfile
from harness.measures.evaluate import evaluate
from harness.measures.names import parse
from harness.measures.standard import TREC_MEASURES
from harness.types import Run, Task

Grades = Mapping[str, float]
Values = NDArray[np.float64]
Order = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Means over all queries.

    Attributes:
        judged: The best value if the data had no fault; below 1 where the cutoff itself forbids more.
        by_id: The best value with the faults, copies in the harness's order of ties: document id descending.
        worst: The best value with the faults where every unjudged copy happens to stand before its original.
    """

    measure: str
    judged: float
    by_id: float
    worst: float


def ceilings(task: Task, profile: DatasetProfile) -> list[Ceiling]:
    """A ceiling for each of the task's measures that trec_eval defines; the others have no known best ranking."""
    names = [name for name in task.measures if parse(name).plugin.name in TREC_MEASURES]
    if not names:
        return []
    grades_by_query = _grades_by_query(profile)
    judged = _values(task, names, {query_id: _best(grades) for query_id, grades in task.dataset.qrels.items()})
    by_id = _best_of(task, names, profile, grades_by_query, by_id=True)
    worst = _best_of(task, names, profile, grades_by_query, by_id=False)
    return [
        Ceiling(name, float(best.mean()), float(with_faults.mean()), float(at_worst.mean()))
        for name, best, with_faults, at_worst in zip(names, judged, by_id, worst, strict=True)
    ]


def _best_of(
    task: Task, names: Sequence[str], profile: DatasetProfile, grades_by_query: Mapping[str, Grades], *, by_id: bool
) -> Values:
    """Groups of copies are ordered by their best or by their mean grade, whichever is better for the query."""
    orders: list[Order] = [max, lambda grades: sum(grades) / len(grades)]
    first, second = (_values(task, names, _rankings(task, profile, grades_by_query, order, by_id)) for order in orders)
    return np.maximum(first, second)


def _grades_by_query(profile: DatasetProfile) -> dict[str, Grades]:
    """The grades that a query's text can predict: queries of one text share the mean of their grades."""
    qrels = profile.dataset.qrels
    grades_by_query: dict[str, Grades] = dict(qrels)
    for group in profile.same_queries:
        documents = {document_id for query_id in group for document_id in qrels[query_id]}
        mean = {
            document_id: sum(qrels[query_id].get(document_id, 0) for query_id in group) / len(group)
            for document_id in documents
        }
        grades_by_query |= dict.fromkeys(group, mean)
    return grades_by_query


def _rankings(
    task: Task, profile: DatasetProfile, grades_by_query: Mapping[str, Grades], order: Order, by_id: bool
) -> dict[str, Sequence[str]]:
    dataset, rankings = task.dataset, dict[str, Sequence[str]]()
    for position, query_id in enumerate(dataset.queries.ids):
        grades, pool = grades_by_query[query_id], (dataset.candidates or {}).get(query_id)
        allowed = None if pool is None else set(pool)

        def ranked(document_id: str, own: str = query_id, allowed: set[str] | None = allowed) -> bool:
            return not (task.exclude_self and document_id == own) and (allowed is None or document_id in allowed)

        groups = {
            tuple(profile.duplicates_of.get(document_id, (document_id,)))
            for document_id in _best(grades)
            if _findable(profile, document_id)
        }
        groups = {group for group in (tuple(filter(ranked, group)) for group in groups) if group}
        ordered = sorted(
            groups, key=lambda group: (-order([grades.get(document_id, 0) for document_id in group]), group)
        )
        inner = (
            sorted(group, reverse=True) if by_id else sorted(group, key=lambda document_id: grades.get(document_id, 0))
            for group in ordered
        )
        rankings[query_id] = (
            [document_id for group in inner for document_id in group] if profile.queries.words[position] else []
        )
    return rankings


def _findable(profile: DatasetProfile, document_id: str) -> bool:
    position = profile.position_of.get(document_id)
    return position is not None and bool(profile.documents.words[position])


def _best(grades: Grades) -> list[str]:
    """The relevant documents, best first."""
    return sorted(
        (document_id for document_id, grade in grades.items() if grade > 0),
        key=lambda document_id: -grades[document_id],
    )


def _values(task: Task, names: Iterable[str], rankings: Mapping[str, Sequence[str]]) -> Values:
    """Shape (measures, queries)."""
    cut = [list(documents[: task.depth]) for documents in rankings.values()]
    scores = [np.arange(len(documents), 0, -1, dtype=np.float32) for documents in cut]
    run = Run(list(rankings), cut, scores, task.depth)
    return np.stack([scores.values for scores in evaluate(run, task.dataset, list(names))])
