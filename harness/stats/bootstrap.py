"""Bootstrap intervals of a mean over queries, as one matrix product per block of resamples.

Percentile interval (Efron and Tibshirani 1993, ch. 13): resample queries with replacement, take the mean, read off
the quantiles. Deterministic under its seed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.types import Estimate

RESAMPLES = 10_000
LEVEL = 0.95
BLOCK = 4_000_000
"""Numbers held at once by a block of weights (32 MB)."""


def estimate(values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0) -> Estimate:
    """Mean over queries with its 95 % bootstrap interval.

    Args:
        values: Shape (queries,). Empty gives NaN throughout; one value has no interval.
    """
    n = int(values.size)
    mean = float(values.mean()) if n else float("nan")
    if n < 2:
        return Estimate(mean, float("nan"), float("nan"), n, "none")
    low, high = interval(bootstrap_means(values[:, None], resamples=resamples, seed=seed)[:, 0])
    return Estimate(mean, low, high, n, f"95% bootstrap over queries, {resamples} resamples")


def bootstrap_means(values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Means of each column under resampling of the rows; the same resamples for every column.

    Args:
        values: Shape (queries, columns).

    Returns:
        Shape (resamples, columns).
    """
    n = len(values)
    generator = np.random.default_rng(seed)
    block = max(1, min(resamples, BLOCK // n))
    done = [_weights(generator, min(block, resamples - start), n) @ values for start in range(0, resamples, block)]
    return np.concatenate(done) / n


def _weights(generator: np.random.Generator, resamples: int, n: int) -> NDArray[np.float64]:
    """How often each of n rows is drawn in each resample; shape (resamples, n), rows sum to n."""
    drawn = generator.integers(n, size=(resamples, n)) + np.arange(resamples)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def interval(samples: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Percentile interval of resampled statistics, shape (resamples,)."""
    tail = (1 - level) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(low), float(high)
