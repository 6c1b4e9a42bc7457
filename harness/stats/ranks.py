"""Which places of a ranking the queries can tell apart: rank intervals, tie groups, and the chance of being best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.all_pairs import separated
from harness.stats.means import stacked

LEVEL = 0.05
RESAMPLES = 10_000
FLIPS, SIGNS, FEWEST = 10_000_000, 30_000_000, 2_000
"""Flips times pairs, and flips times queries: with more than some forty systems or 3,000 queries fewer flips are drawn, at
least so many; 5 % is known to 0.5 % then."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Where each system may stand.

    Attributes:
        first, last: From 1; with 95 % confidence for all systems together, a system stands between the two.
        apart: Which pairs the queries tell apart, shape (systems, systems).
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    apart: NDArray[np.bool_]

    @property
    def leading(self) -> NDArray[np.bool_]:
        """Which systems may be the first: the tie group of the best."""
        return np.asarray(self.first == 1, dtype=np.bool_)


def ranks(
    values: Floats | Sequence[Floats],
    *,
    higher: bool = True,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Ranks:
    """Rank intervals from all pairs, adjusted together (max-T): the chance that any of them is wrong is at most `level`.

    Args:
        values: Scores per query, shape (queries, systems), the same queries in each column. Of several tasks, one such
            array each: then the systems are ranked by their means over the tasks.
        higher: Whether more is better.
    """
    tasks = [values] if isinstance(values, np.ndarray) else list(values)
    rows = stacked([task if higher else -task for task in tasks])
    count = rows.shape[1]
    flips = min(resamples, max(FEWEST, min(FLIPS // max(1, count * (count - 1) // 2), SIGNS // len(rows))))
    apart = separated(rows, level=level, resamples=flips, seed=seed)
    means = rows.mean(axis=0)
    above = (apart & (means[None, :] > means[:, None])).sum(axis=1)
    below = (apart & (means[None, :] < means[:, None])).sum(axis=1)
    return Ranks(1 + above, count - below, apart)


def chances(means: Floats, *, higher: bool = True) -> Floats:
    """How often each column has the best of the resampled means; a draw is shared.

    Args:
        means: Shape (resamples, systems), as `means.resampled` gives them.

    Returns:
        Shape (systems,), sums to 1.
    """
    signed = means if higher else -means
    leading = signed >= signed.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((leading / leading.sum(axis=1, keepdims=True)).mean(axis=0), dtype=np.float64)
