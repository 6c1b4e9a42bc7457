"""Which systems the queries can tell apart, all pairs at once: step-down max-T under sign flips, without an array of pairs.

The mean of a pair's flipped differences is the difference of the two systems' flipped means. So the signs are multiplied with
the systems, and the pairs only subtract. Student's t of a flipped pair grows with |mean| / sqrt(sum of squares), whatever the
signs are; that ratio is compared in its stead. Rejecting in rounds, each against the largest statistic of the pairs that are
left, rejects the same pairs as adjusted p values at that level (Romano and Wolf 2005, algorithm 2.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.stats.paired import signs

BLOCK = 1 << 20
"""Bytes of pairs' statistics held at once: what stays in a processor's cache."""
CANCELLED = 1e-6
"""Share of their own squares below which a pair's squares are summed from its differences: a Gram matrix has lost them."""

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def separated(values: Floats, *, level: float, resamples: int, seed: int = 0) -> Flags:
    """Pairs of systems whose means differ, with a chance of at most `level` that any of them is wrong.

    Args:
        values: Scores per query, shape (queries, systems).

    Returns:
        Shape (systems, systems), symmetric.
    """
    queries, count = values.shape
    apart = np.zeros((count, count), dtype=np.bool_)
    if count < 2 or queries < 2:
        return apart
    flipped = np.concatenate([block @ values for block in signs(queries, resamples, seed)]).T / queries
    scale = _scales(values)
    means = values.mean(axis=0)
    observed = np.abs(means[:, None] - means[None, :]) * scale * (1 - 1e-9) - 1e-12
    allowed = int(level * (1 + resamples)) - 1  # so many flips as far from zero leave p at most at the level
    active = np.triu(scale > 0, 1)
    while active.any() and allowed >= 0:
        largest = np.sort(_largest(flipped, scale, active))[::-1]
        rejected = active & (observed > largest[allowed])
        if not rejected.any():
            break
        apart |= rejected | rejected.T
        active &= ~rejected
    return apart


def _scales(values: Floats) -> Floats:
    """sqrt(queries / sum of squared differences) of each pair, shape (systems, systems); 0 for two that are alike."""
    gram = values.T @ values
    own = np.diag(gram)
    squares = own[:, None] + own[None, :] - 2 * gram
    left, right = np.nonzero(np.triu(squares < CANCELLED * (own[:, None] + own[None, :]), 1))
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        squares[i, j] = squares[j, i] = float(((values[:, i] - values[:, j]) ** 2).sum())
    np.fill_diagonal(squares, 0.0)
    scale: Floats = np.zeros_like(squares)
    np.divide(len(values), squares, out=scale, where=squares > 0)
    return np.sqrt(scale)


def _largest(flipped: Floats, scale: Floats, active: Flags) -> Floats:
    """The largest statistic of the active pairs under each flip, shape (flips,).

    Args:
        flipped: Mean of each system under each flip, shape (systems, flips).
    """
    count, flips = flipped.shape
    largest = np.zeros(flips)
    width = max(64, BLOCK // (8 * count))
    partners = [np.flatnonzero(row) for row in active]
    for start in range(0, flips, width):
        block = np.ascontiguousarray(flipped[:, start : start + width])
        top = largest[start : start + width]
        for system, others in enumerate(partners):
            if len(others):
                pairs = block[others] - block[system]
                np.abs(pairs, out=pairs)
                pairs *= scale[system, others][:, None]
                np.maximum(top, pairs.max(axis=0), out=top)
    return largest
