"""Means over tasks: every task counts alike, however many queries it has.

Two sources of chance, and a reader is told which one an interval is about: other queries of the same tasks, or other
tasks too (a two-stage bootstrap: Davison and Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import RESAMPLES, bootstrap_means

DRAWS, FEWEST = 30_000_000, 2_000
"""Queries times resamples: where there are very many queries in all fewer resamples are drawn, at least so many."""

Floats = NDArray[np.float64]


def stacked(tasks: Sequence[Floats]) -> Floats:
    """All tasks' rows below each other, weighted so that the mean over rows is the mean over tasks of their means.

    Args:
        tasks: Scores per query, each of shape (queries of that task, systems).

    Returns:
        Shape (queries of all tasks, systems).
    """
    rows = sum(len(task) for task in tasks)
    return np.vstack([task * (rows / (len(tasks) * len(task))) for task in tasks])


def resamples_for(rows: int) -> int:
    """How many resamples of so many queries in all: 10,000, fewer where that is too many draws, at least 2,000."""
    return min(RESAMPLES, max(FEWEST, DRAWS // max(1, rows)))


def over_queries(tasks: Sequence[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Means over tasks when each task's queries are drawn again; shape (resamples, systems)."""
    return resampled(tasks, resamples=resamples, seed=seed)[0]


def over_tasks_and_queries(tasks: Sequence[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Means over tasks when the tasks are drawn again, and in each its queries; shape (resamples, systems)."""
    return resampled(tasks, resamples=resamples, seed=seed)[1]


def resampled(tasks: Sequence[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> tuple[Floats, Floats]:
    """Both at once: means over tasks for other queries, and for other tasks and queries; each (resamples, systems).

    One task's resampled means are held at a time, however many tasks there are.
    """
    count, rows = len(tasks), np.arange(resamples)
    drawn = np.random.default_rng([seed, count]).integers(count, size=(count, resamples))
    narrow, wide = np.zeros((2, resamples, tasks[0].shape[1]))
    for task, values in enumerate(tasks):
        means = bootstrap_means(values, resamples=resamples, seed=seed + task)
        narrow += means
        for slot in range(count):
            # a task that is drawn twice has other queries each time: another resample of them
            draws = np.flatnonzero(drawn[slot] == task)
            wide[draws] += means[(rows[draws] + slot * (resamples // count)) % resamples]
    return narrow / count, wide / count
