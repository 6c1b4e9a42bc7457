"""A statistic as a mean over items: of each item the contribution, so that all that is known of means holds for it.

A correlation, an average precision or a V-measure is no mean over pairs or documents. The jackknife makes one of it: item
i's contribution is T plus n times what T loses without i. The mean of the contributions is T itself, and their standard
error is T's. So intervals, paired tests, rank intervals and power are those of any other measure, and cost one sort.

Two forms of it, each exact and without a loop. Correlations and average precision use the slope by the item's weight, the
infinitesimal jackknife (`rank_contributions.py`; Jaeckel 1972; Efron and Tibshirani 1993, chapter 22). F1 and V-measure
leave each item out and centre what comes (`class_contributions.py`; Tukey 1958; Efron and Stein 1981): with few items to a
class their slope says too little, and intervals of 500 texts in 77 classes would hold the score in 85 to 88 % instead of 95.
tests/test_contributions.py holds each against another implementation; their coverage stands in docs/statistics.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.stats.bootstrap import estimate
from harness.types import Estimate, Scale

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def around(values: Floats, scale: Scale) -> Estimate:
    """The 95 % interval of a score from its contributions.

    A mean's is `bootstrap.estimate`, as of any measure. A correlation's is Student's from the jackknife's standard error, on
    Fisher's z; a share's the same on its log odds: there their spread depends less on where they are, and they never pass the
    end of their scale. Percentiles of the resampled correlation hold one of 0.82 over 60 pairs in 90 % of the samples, this
    in 93 (docs/statistics.md). A score at the end of its scale has no log odds: it keeps its mean's interval.
    """
    value, lowest = float(values.mean()) if len(values) else float("nan"), -1.0 if scale == "correlation" else 0.0
    if scale == "mean" or len(values) < 2 or not lowest < value < 1:
        return estimate(values)
    from scipy.stats import t

    n = len(values)
    half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
    if scale == "correlation":
        centre, spread, name = np.arctanh(value), half / (1 - value**2), "Fisher's z"
        low, high = np.tanh(centre - spread), np.tanh(centre + spread)
    else:
        centre, spread, name = np.log(value / (1 - value)), half / (value * (1 - value)), "log odds"
        low, high = (1 / (1 + np.exp(-bound)) for bound in (centre - spread, centre + spread))
    return Estimate(value, float(low), float(high), n, f"95% jackknife over queries, on {name}")


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
