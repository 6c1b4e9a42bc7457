"""Bootstrap intervals of a mean over queries, as one matrix product per block of resamples.

Percentile interval (Efron and Tibshirani 1993, ch. 13): resample queries with replacement, take the mean, read off
the quantiles. Deterministic under its seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
    return estimates([values], resamples=resamples, seed=seed)[0]


def estimates(columns: Sequence[NDArray[np.float64]], *, resamples: int = RESAMPLES, seed: int = 0) -> list[Estimate]:
    """`estimate` of each column, to the last digit; columns of one length share their resamples, which are drawn once.

    Args:
        columns: Each of shape (queries,), all of one length.
    """
    n = int(columns[0].size) if columns else 0
    means = [float(values.mean()) if n else float("nan") for values in columns]
    if n < 2:
        return [Estimate(mean, float("nan"), float("nan"), n, "none") for mean in means]
    method = f"95% bootstrap over queries, {resamples} resamples"
    drawn: list[list[NDArray[np.float64]]] = [[] for _ in columns]
    for weights in _blocks(n, resamples, seed):
        for part, values in zip(drawn, columns, strict=True):
            part.append(weights @ values[:, None])  # one by one: a product of all of them rounds differently
    bounds = [interval((np.concatenate(part) / n)[:, 0]) for part in drawn]
    return [Estimate(mean, low, high, n, method) for mean, (low, high) in zip(means, bounds, strict=True)]


def bootstrap_means(values: NDArray[np.float64], *, resamples: int = RESAMPLES, seed: int = 0) -> NDArray[np.float64]:
    """Means of each column under resampling of the rows; the same resamples for every column.

    Args:
        values: Shape (queries, columns).

    Returns:
        Shape (resamples, columns).
    """
    n = len(values)
    return np.concatenate([weights @ values for weights in _blocks(n, resamples, seed)]) / n


def _blocks(n: int, resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """The weights of all resamples, as many at a time as are to be in memory."""
    generator = np.random.default_rng(seed)
    block = max(1, min(resamples, BLOCK // n))
    for start in range(0, resamples, block):
        yield _weights(generator, min(block, resamples - start), n)


def _weights(generator: np.random.Generator, resamples: int, n: int) -> NDArray[np.float64]:
    """How often each of n rows is drawn in each resample; shape (resamples, n), rows sum to n."""
    drawn = generator.integers(n, size=(resamples, n)) + np.arange(resamples)[:, None] * n
    return np.bincount(drawn.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)


def interval(samples: NDArray[np.float64], level: float = LEVEL) -> tuple[float, float]:
    """Percentile interval of resampled statistics, shape (resamples,)."""
    tail = (1 - level) / 2
    low, high = np.quantile(samples, [tail, 1 - tail])
    return float(low), float(high)
