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
    from scipy.stats import norm

    if differences.size < 2:
        return float("nan")
    error = float(differences.std(ddof=1)) / float(np.sqrt(differences.size))
    return float(norm.ppf(1 - level / 2) + norm.ppf(power)) * error
