"""Differences with their intervals and tests: over all queries, and over slices of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.report.comparison.values import Floats, MeanDifference
from harness.stats.bootstrap import bootstrap_means, interval
from harness.stats.paired import effect_size, holm, permutation, t_test

FEWEST = 10
"""Queries that a slice has to have."""
MOST = 24
"""Distinct values of a property beyond which it is no slice but a name."""

Positions = NDArray[np.int64]


def gap(what: str, differences: Floats) -> MeanDifference:
    """The mean of some paired differences, shape (queries,), at least two."""
    column = differences[:, None]
    means = bootstrap_means(column)[:, 0]
    low, high = interval(means)
    over = (1 + min(int((means <= 0).sum()), int((means >= 0).sum()))) / (1 + len(means))
    return MeanDifference(
        what, len(differences), float(differences.mean()), low, high, float(permutation(column)[0]),
        min(1.0, 2 * over), float(t_test(column)[0]), float(effect_size(column)[0]),
    )  # fmt: skip


def slices(differences: Floats, groups: Mapping[str, Positions]) -> tuple[MeanDifference, ...]:
    """A gap per group of queries, the p values adjusted for the number of groups (Holm); the largest difference first."""
    by_slice = [gap(what, differences[positions]) for what, positions in groups.items() if len(positions) >= FEWEST]
    adjusted = holm(np.array([item.p for item in by_slice]))
    adjusted_slices = [
        MeanDifference(**{**item.__dict__, "p": float(p)}) for item, p in zip(by_slice, adjusted, strict=True)
    ]
    return tuple(sorted(adjusted_slices, key=lambda group: (group.p > 0.05, -abs(group.difference), group.what)))


def groups(properties: Mapping[str, Sequence[str]], texts: Sequence[str]) -> dict[str, Positions]:
    """`property = value` → positions of its queries: the data set's own properties, and the length of the question in thirds.

    Args:
        properties: Columns of the queries, in their order.
        texts: The queries.
    """
    positions_by_group: dict[str, Positions] = {}
    for name, column in sorted(properties.items()):
        values = np.array([str(value) for value in column], dtype=object)
        distinct = sorted(set(values.tolist()) - {""})
        if 1 < len(distinct) <= MOST:
            positions_by_group |= {f"{name} = {value}": np.flatnonzero(values == value) for value in distinct}
    words = np.array([len(text.split()) for text in texts])
    low, high = np.quantile(words, [1 / 3, 2 / 3]) if len(words) else (0, 0)
    if low < high:
        least, most = int(low) + 1, int(high)  # words are whole: above 17 is from 18 on
        middle = f"{least} to {most}" if least < most else f"{most}"
        positions_by_group[f"question of at most {int(low)} words"] = np.flatnonzero(words <= low)
        positions_by_group[f"question of {middle} words"] = np.flatnonzero((words > low) & (words <= high))
        positions_by_group[f"question of more than {most} words"] = np.flatnonzero(words > high)
    return positions_by_group
