"""Where the systems of a board stand, as far as its queries can tell: tie groups, rank intervals, chance of being best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import interval
from harness.stats.means import over_queries, over_tasks_and_queries
from harness.stats.ranks import ranks
from harness.types import Scores

FEWEST_TASKS = 6
"""Tasks from which on the tasks themselves can be the sample, where there are no scores per query."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RankInterval:
    """Where one system stands among those that are ranked.

    Attributes:
        first, last: Places from 1 between which it stands, with 95 % confidence for all systems together; None where
            nothing says how sure a place is.
        best: Share of resamples in which it is the best.
        low, high: 95 % interval of its mean for other queries of the same tasks.
        wide: The same for other tasks too; None for a single task.
    """

    first: int | None = None
    last: int | None = None
    best: float | None = None
    low: float | None = None
    high: float | None = None
    wide: tuple[float, float] | None = None


NO_RANK_INTERVAL = RankInterval()


def aligned(scores: Sequence[Scores | None]) -> Floats | None:
    """Scores per query as columns, shape (queries, systems); None where one is lacking or answers other queries."""
    present = [one for one in scores if one is not None]
    if not present or len(present) < len(scores):
        return None
    query_ids = list(present[0].query_ids)
    if any(list(one.query_ids) != query_ids for one in present[1:]) or not query_ids:
        return None
    return np.column_stack([scores_.values for scores_ in present])


def leading(values: Floats, *, higher: bool) -> list[bool]:
    """Which systems the queries cannot tell from the best one, adjusted for the number of systems."""
    return [bool(one) for one in ranks(values, higher=higher).leading]


def rank_intervals(tasks: Sequence[Floats | None], means: Floats, *, higher: bool) -> list[RankInterval]:
    """The rank interval of each system over all tasks.

    Args:
        tasks: Of each task the scores per query, shape (queries, systems), or None where there are none.
        means: Shape (tasks, systems); they are the sample where a task has no scores per query.
        higher: Whether more is better.
    """
    scored = [task for task in tasks if task is not None]
    if len(scored) == len(tasks) and scored:
        return _by_query(scored, higher=higher)
    if len(tasks) >= FEWEST_TASKS:
        result = ranks(means, higher=higher)
        wide = over_queries([means])
        return [
            RankInterval(int(a), int(b), float(best), wide=interval(wide[:, place]))
            for place, (a, b, best) in enumerate(zip(result.first, result.last, result.best, strict=True))
        ]
    return [RankInterval() for _ in range(means.shape[1])]


def _by_query(tasks: list[Floats], *, higher: bool) -> list[RankInterval]:
    result = ranks(tasks, higher=higher)
    narrow = over_queries(tasks)
    wide = over_tasks_and_queries(tasks) if len(tasks) > 1 else None
    return [
        RankInterval(
            int(result.first[place]), int(result.last[place]), float(result.best[place]), *interval(narrow[:, place]),
            interval(wide[:, place]) if wide is not None else None,
        )
        for place in range(tasks[0].shape[1])
    ]  # fmt: skip
