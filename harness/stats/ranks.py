"""Which places of a ranking the queries can tell apart: rank intervals, tie groups, and the chance of being best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import RESAMPLES
from harness.stats.means import over_queries, stacked
from harness.stats.paired import max_t

LEVEL = 0.05
FLIPS, FEWEST = 10_000_000, 2_000
"""Flips times pairs: with more than some forty systems fewer flips are drawn, at least so many; 5 % is known to 0.5 % then."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ranks:
    """Where each system may stand.

    Attributes:
        first, last: From 1; with 95 % confidence for all systems together, a system stands between the two.
        best: Share of resamples of the queries in which it is the best; shape (systems,), sums to 1.
        p: Adjusted p value of each pair, shape (systems, systems); 1 on the diagonal.
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    best: Floats
    p: Floats

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
            array each: then the systems are ranked by their means over the tasks, and the queries of each are drawn again.
        higher: Whether more is better.
    """
    tasks = [values] if isinstance(values, np.ndarray) else list(values)
    signed = [task if higher else -task for task in tasks]
    rows = stacked(signed)
    count = rows.shape[1]
    left, right = np.triu_indices(count, 1)
    p = np.ones((count, count))
    if len(left) and len(rows) > 1:
        flips = min(resamples, max(FEWEST, FLIPS // len(left)))
        p[left, right] = max_t(rows[:, left] - rows[:, right], resamples=flips, seed=seed)
        p[right, left] = p[left, right]
    means = rows.mean(axis=0)
    apart = p <= level
    above = (apart & (means[None, :] > means[:, None])).sum(axis=1)
    below = (apart & (means[None, :] < means[:, None])).sum(axis=1)
    return Ranks(1 + above, count - below, _best(over_queries(signed, resamples=resamples, seed=seed)), p)


def _best(means: Floats) -> Floats:
    """How often each column has the greatest of the resampled means; a draw is shared."""
    leading = means >= means.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((leading / leading.sum(axis=1, keepdims=True)).mean(axis=0), dtype=np.float64)
