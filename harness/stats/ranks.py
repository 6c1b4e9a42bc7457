"""Which places of a ranking the queries can tell apart: rank intervals, tie groups, and the chance of being best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import RESAMPLES, bootstrap_means
from harness.stats.paired import max_t

LEVEL = 0.05


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
    best: NDArray[np.float64]
    p: NDArray[np.float64]

    @property
    def leading(self) -> NDArray[np.bool_]:
        """Which systems may be the first: the tie group of the best."""
        return np.asarray(self.first == 1, dtype=np.bool_)


def ranks(
    values: NDArray[np.float64], *, higher: bool = True, level: float = LEVEL, resamples: int = RESAMPLES, seed: int = 0
) -> Ranks:
    """Rank intervals from all pairs, adjusted together (max-T): the chance that any of them is wrong is at most `level`.

    Args:
        values: Scores per query, shape (queries, systems), the same queries in each column.
        higher: Whether more is better.
    """
    count = values.shape[1]
    signed = values if higher else -values
    left, right = np.triu_indices(count, 1)
    p = np.ones((count, count))
    if len(left) and len(values) > 1:
        p[left, right] = max_t(signed[:, left] - signed[:, right], resamples=resamples, seed=seed)
        p[right, left] = p[left, right]
    means = signed.mean(axis=0)
    apart = p <= level
    above = (apart & (means[None, :] > means[:, None])).sum(axis=1)
    below = (apart & (means[None, :] < means[:, None])).sum(axis=1)
    return Ranks(1 + above, count - below, _best(signed, resamples, seed), p)


def _best(values: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """How often each column has the greatest mean under resampling of the rows; a draw is shared."""
    means = bootstrap_means(values, resamples=resamples, seed=seed)
    leading = means >= means.max(axis=1, keepdims=True) - 1e-12
    return np.asarray((leading / leading.sum(axis=1, keepdims=True)).mean(axis=0), dtype=np.float64)
