"""A statistic as a mean over items: of each item the contribution, so that all that is known of means holds for it.

A correlation, an average precision or a V-measure is no mean over pairs or documents. Its infinitesimal jackknife makes one
of it (Jaeckel 1972; Efron and Tibshirani 1993, chapter 22): item i's contribution is T + n · dT/dw_i, with w_i the weight
of the item in T. The mean of the contributions is T itself, since T does not change when all weights grow alike, and their
standard error is T's. So intervals, paired tests, rank intervals and power are those of any other measure, and cost one
sort. The derivatives are exact, ties included; tests/test_contributions.py holds each against another implementation of
the statistic. Their coverage: docs/statistics.md.

Each function returns shape (items,), NaN throughout where the statistic is not defined.
"""

from __future__ import annotations

from collections.abc import Sequence

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


def f1(true: ArrayLike, predicted: ArrayLike, *, weighted: bool = False) -> Floats:
    """Contributions of items to the F1 of their classes, averaged over the classes; shape (items,).

    Args:
        true, predicted: One class per item, shape (items,); or for several labels per item 0 and 1, shape (items, labels).
        weighted: Weigh the classes by their items (mteb's bitext mining), rather than alike (macro).
    """
    right, guess = np.asarray(true), np.asarray(predicted)
    if right.ndim == 2:
        one, other = right.astype(np.float64), guess.astype(np.float64)
        value, *slopes = _f1(*(matrix.sum(axis=0) for matrix in (one * other, one, other)), weighted=weighted)
        moved = sum(matrix @ slope for matrix, slope in zip((one * other, one, other), slopes, strict=True))
        return np.asarray(value + len(one) * moved, dtype=np.float64)
    n = len(right)
    codes = np.unique(np.concatenate([right, guess]), return_inverse=True)[1].ravel()
    classes, (first, second) = int(codes.max(initial=-1)) + 1, (codes[:n], codes[n:])
    hit = first == second
    counts = (np.bincount(part, minlength=classes).astype(np.float64) for part in (first[hit], first, second))
    value, both, owned, guessed = _f1(*counts, weighted=weighted)
    return np.asarray(value + n * (hit * both[first] + owned[first] + guessed[second]), dtype=np.float64)


def v_measure(labels: ArrayLike, clusters: ArrayLike) -> Floats:
    """Contributions of documents to the V-measure of a clustering (Rosenberg and Hirschberg 2007); shape (documents,).

    V = 2 − 2 H(labels, clusters) / (H(labels) + H(clusters)), with H the entropy.
    """
    first, second = (np.unique(np.asarray(values), return_inverse=True)[1].ravel() for values in (labels, clusters))
    n = len(first)
    together = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_inverse=True)[1].ravel()
    (entropy, moved), (other, other_moved), (joint, joint_moved) = (_entropy(one) for one in (first, second, together))
    total = entropy + other
    if total <= 0:
        return np.ones(n)  # a single label and a single cluster
    return np.asarray(
        2 - 2 * joint / total - 2 * (joint_moved / total - joint * (moved + other_moved) / total**2), dtype=np.float64
    )


def averaged(pieces: Sequence[tuple[Integers, Floats]], items: int, *, constant: int = 0) -> Floats:
    """Contributions of items to the mean of several statistics over parts of them: experiments, folds, sampled sets.

    Args:
        pieces: Of each statistic the items behind its rows, and their contributions, both of shape (rows,). An item may
            stand in several pieces, and several times in one: drawn again, it is drawn with all of them.
        items: How many items there are.
        constant: Further statistics in the mean that are 1 whatever is drawn.
    """
    moved, total = np.zeros(items), float(constant)
    for rows, contributions in pieces:
        value = float(contributions.mean())
        moved += np.bincount(rows, weights=contributions - value, minlength=items) / len(rows)
        total += value
    return np.asarray((total + items * moved) / (len(pieces) + constant), dtype=np.float64)


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


def _f1(hits: Floats, owned: Floats, guessed: Floats, *, weighted: bool) -> tuple[float, Floats, Floats, Floats]:
    """F1 averaged over classes, and its slopes by each class's hits, items and guesses; 0 for a class that nobody has."""
    sizes = np.maximum(owned + guessed, 1e-300)
    by_class = 2 * hits / sizes
    share = owned / max(owned.sum(), 1e-300) if weighted else np.full(len(hits), 1 / max(len(hits), 1))
    value = float((share * by_class).sum())
    less = np.where(owned + guessed > 0, -share * by_class / sizes, 0.0)
    more = (by_class - value) / max(owned.sum(), 1e-300) if weighted else 0.0
    return value, np.where(owned + guessed > 0, 2 * share / sizes, 0.0), less + more, less


def _entropy(codes: Integers) -> tuple[float, Floats]:
    """Entropy of a labelling in nats, and n times its slope by each item's weight."""
    surprise = -np.log(np.bincount(codes) / len(codes))[codes] if len(codes) else np.zeros(0)
    value = float(surprise.mean()) if len(codes) else 0.0
    return value, surprise - value
