"""What a number of queries can tell: the difference between two systems that would be found, from paired scores.

Normal approximation to the paired test of a mean difference (Sakai 2016, Topic set size design, section 3).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

POWER, LEVEL = 0.80, 0.05


def detectable(differences: NDArray[np.float64], *, power: float = POWER, level: float = LEVEL) -> float:
    """The true mean difference that so many queries find with that power, in a two-sided test at that level.

    Args:
        differences: One paired difference per query; shape (queries,). NaN for fewer than two.
    """
    if differences.size < 2:
        return float("nan")
    return _factor(power, level) * float(differences.std(ddof=1)) / float(np.sqrt(differences.size))


def needed(differences: NDArray[np.float64], gap: float, *, power: float = POWER, level: float = LEVEL) -> int:
    """How many queries find a true mean difference of `gap` (above 0) with that power, if they scatter as these do."""
    return max(2, int(np.ceil((_factor(power, level) * float(differences.std(ddof=1)) / gap) ** 2)))


def _factor(power: float, level: float) -> float:
    """How many standard errors a difference has to measure."""
    from scipy.stats import norm

    return float(norm.ppf(1 - level / 2) + norm.ppf(power))
