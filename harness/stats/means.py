"""Means over tasks: every task counts alike, however many queries it has.

Two sources of chance, and a reader is told which one an interval is about: other queries of the same tasks, or other
tasks too (a two-stage bootstrap: Davison and Hinkley 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import RESAMPLES, bootstrap_means

Floats = NDArray[np.float64]


def stacked(tasks: Sequence[Floats]) -> Floats:
    """All tasks' rows below each other, weighted so that the mean over rows is the mean over tasks of their means.

    Args:
        tasks: Scores per query, each of shape (queries of that task, systems).

    Returns:
        Shape (queries of all tasks, systems).
    """
    rows = sum(len(task) for task in tasks)
    return np.vstack([one * (rows / (len(tasks) * len(one))) for one in tasks])


def over_queries(tasks: Sequence[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Means over tasks when each task's queries are drawn again; shape (resamples, systems)."""
    means = [bootstrap_means(one, resamples=resamples, seed=seed + place) for place, one in enumerate(tasks)]
    return np.asarray(np.mean(means, axis=0), dtype=np.float64)


def over_tasks_and_queries(tasks: Sequence[Floats], *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Means over tasks when the tasks are drawn again, and in each its queries; shape (resamples, systems)."""
    means = np.stack([bootstrap_means(one, resamples=resamples, seed=seed + place) for place, one in enumerate(tasks)])
    count = len(tasks)
    drawn = np.random.default_rng([seed, count]).integers(count, size=(count, resamples))
    rows = np.arange(resamples)
    total = np.zeros(means.shape[1:])
    for slot, task in enumerate(drawn):
        # a task that is drawn twice has other queries each time: another resample of them
        total += means[task, (rows + slot * (resamples // count)) % resamples]
    return total / count
