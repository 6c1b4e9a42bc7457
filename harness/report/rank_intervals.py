"""Where the systems of a board stand, as far as its queries can tell: tie groups, rank intervals, chance of being best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import interval
from harness.stats.means import over_queries, resampled, resamples_for
from harness.stats.ranks import chances, ranks
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
    present = [column for column in scores if column is not None]
    if not present or len(present) < len(scores):
        return None
    query_ids = list(present[0].query_ids)
    if any(list(column.query_ids) != query_ids for column in present[1:]) or not query_ids:
        return None
    return np.column_stack([column.values for column in present])


def leading(values: Floats, *, higher: bool) -> list[bool]:
    """Which systems the queries cannot tell from the best one, adjusted for the number of systems."""
    return [bool(mark) for mark in ranks(values, higher=higher).leading]


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
        return _by_task(means, higher=higher)
    return [RankInterval() for _ in range(means.shape[1])]


def _by_query(tasks: list[Floats], *, higher: bool) -> list[RankInterval]:
    result = ranks(tasks, higher=higher)
    narrow, wide = resampled(tasks, resamples=resamples_for(sum(map(len, tasks))))
    best = chances(narrow, higher=higher)
    several = len(tasks) > 1
    return [
        RankInterval(
            int(result.first[system]), int(result.last[system]), float(best[system]), *interval(narrow[:, system]),
            interval(wide[:, system]) if several else None,
        )
        for system in range(len(best))
    ]  # fmt: skip


def _by_task(means: Floats, *, higher: bool) -> list[RankInterval]:
    """With the tasks themselves as the sample."""
    result, wide = ranks(means, higher=higher), over_queries([means])
    best = chances(wide, higher=higher)
    return [
        RankInterval(
            int(result.first[system]), int(result.last[system]), float(best[system]), wide=interval(wide[:, system])
        )
        for system in range(len(best))
    ]


def as_array(intervals: Sequence[RankInterval]) -> dict[str, Floats]:
    """Rank intervals as numbers, shape (systems, 7); NaN for None."""
    rows = [
        (stands.first, stands.last, stands.best, stands.low, stands.high, *(stands.wide or (None, None)))
        for stands in intervals
    ]
    return {"intervals": np.array(rows, dtype=np.float64).reshape(len(rows), 7)}


def from_array(arrays: Mapping[str, NDArray[Any]]) -> list[RankInterval]:
    """The inverse of `as_array`."""
    intervals = []
    for row in arrays["intervals"].tolist():
        first, last, best, low, high, *wide = (None if math.isnan(number) else number for number in row)
        bounds = (wide[0], wide[1]) if wide[0] is not None and wide[1] is not None else None
        whole = (None if first is None else int(first), None if last is None else int(last))
        intervals.append(RankInterval(whole[0], whole[1], best, low, high, bounds))
    return intervals
