"""Contributions of pairs to what depends on their order: correlations of ranks, average precision, the best threshold.

By the slope of the statistic by each pair's weight, ties included (see `contributions.py`). Each function returns shape
(pairs,), NaN throughout where the statistic is not defined.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def spearman(x: ArrayLike, y: ArrayLike) -> Floats:
    """Contributions of pairs to Spearman's rank correlation, ties at their mean rank; shape (pairs,).

    An item moves the correlation by its own two ranks and by shifting those of all others.
    """
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    one, other = _midranks(left), _midranks(right)
    products, squares, other_squares = (float(np.mean(a * b)) for a, b in ((one, other), (one, one), (other, other)))
    spread = np.sqrt((squares - 0.25) * (other_squares - 0.25))  # the mean of the ranks is a half
    if not spread > 0:
        return np.full(len(one), np.nan)
    rho = (products - 0.25) / spread
    both = one * other + _above(left, other) + _above(right, one) - 3 * products
    own = one**2 + 2 * _above(left, one) - 3 * squares
    others = other**2 + 2 * _above(right, other) - 3 * other_squares
    return np.asarray(
        rho + both / spread - rho / 2 * (own / (squares - 0.25) + others / (other_squares - 0.25)), dtype=np.float64
    )


def kendall(x: ArrayLike, y: ArrayLike) -> Floats:
    """Contributions of pairs to Kendall's tau-b; shape (pairs,)."""
    left, right = (np.unique(np.asarray(values), return_inverse=True)[1].ravel() for values in (x, y))
    n = len(left)
    agreeing = _below(left, right) + _below(-left, -right) - _below(left, -right) - _below(-left, right)
    untied, other_untied = (n - np.bincount(codes)[codes] for codes in (left, right))
    total, other_total = float(untied.sum()), float(other_untied.sum())
    if not total * other_total > 0:
        return np.full(n, np.nan)
    scale = np.sqrt(total * other_total)
    tau = agreeing.sum() / scale
    return np.asarray(
        tau + n * (2 * agreeing / scale - tau * (untied / total + other_untied / other_total)), dtype=np.float64
    )


def average_precision(scores: ArrayLike, positive: ArrayLike) -> Floats:
    """Contributions of pairs to the average precision of their ranking by score; shape (pairs,).

    Pairs of one score are retrieved together, as in scikit-learn's `average_precision_score`.
    """
    relevant = np.asarray(positive, dtype=bool)
    codes = np.unique(-np.asarray(scores, dtype=np.float64), return_inverse=True)[1].ravel()
    n, positives = len(codes), int(relevant.sum())
    if not positives:
        return np.full(n, np.nan)
    hits = np.bincount(codes, weights=relevant)
    retrieved = np.cumsum(np.bincount(codes))
    precision = np.cumsum(hits) / retrieved
    value = float((hits * precision).sum()) / positives
    gained, lost = (np.cumsum(weights[::-1])[::-1] for weights in (hits / retrieved, hits * precision / retrieved))
    own = relevant * (precision[codes] - value + gained[codes])
    return np.asarray(value + n * (own - lost[codes]) / positives, dtype=np.float64)


def best_accuracy(scores: ArrayLike, positive: ArrayLike) -> Floats:
    """1.0 for each pair that the best threshold on the score puts on its right side, else 0.0; shape (pairs,).

    No threshold parts equal scores, and the last pair is always below it, as in mteb. The threshold is chosen on the same
    pairs: at its best choice a small change of it moves nothing.
    """
    relevant, values = np.asarray(positive, dtype=bool), np.asarray(scores, dtype=np.float64)
    distinct, codes = np.unique(-values, return_inverse=True)
    if len(distinct) < 2:
        return np.full(len(values), np.nan)
    gains = np.bincount(codes.ravel(), weights=np.where(relevant, 1.0, -1.0))
    threshold = int(np.argmax(np.cumsum(gains)[:-1]))
    return np.asarray((codes.ravel() <= threshold) == relevant, dtype=np.float64)


def _midranks(values: Floats) -> Floats:
    """Share of the values below each, ties counted half: from 0 to 1, with mean a half."""
    codes = np.unique(values, return_inverse=True)[1].ravel()
    counts = np.bincount(codes)
    return np.asarray(((np.cumsum(counts) - counts / 2) / len(values))[codes], dtype=np.float64)


def _above(values: Floats, weights: Floats) -> Floats:
    """Of each item the mean over all items of `weights`, counted where their value is greater, and half where equal."""
    codes = np.unique(values, return_inverse=True)[1].ravel()
    sums = np.bincount(codes, weights=weights)
    return np.asarray(((sums.sum() - np.cumsum(sums) + sums / 2) / len(values))[codes], dtype=np.float64)


def _below(x: Integers, y: Integers) -> Integers:
    """Of each item how many have both a smaller x and a smaller y; by merging halves, n log² n."""
    n = len(x)
    order = np.lexsort((-y, x))  # of equal x the greater y first: whoever stands before and has less y has less x
    ranks = np.unique(y, return_inverse=True)[1].ravel()[order]
    span, places, counts = int(ranks.max(initial=0)) + 1, np.arange(n), np.zeros(n, dtype=np.int64)
    width = 1
    while width < n:
        blocks, right = places // (2 * width), places // width % 2 == 1
        before = np.sort(blocks[~right] * span + ranks[~right])
        starts = blocks[right] * span
        counts[right] += np.searchsorted(before, starts + ranks[right]) - np.searchsorted(before, starts)
        width *= 2
    result = np.empty(n, dtype=np.int64)
    result[order] = counts
    return result
