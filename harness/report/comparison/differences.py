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

Places = NDArray[np.int64]


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


def slices(differences: Floats, groups: Mapping[str, Places]) -> tuple[MeanDifference, ...]:
    """A gap per group of queries, the p values adjusted for the number of groups (Holm); the largest difference first."""
    by_slice = [gap(what, differences[places]) for what, places in groups.items() if len(places) >= FEWEST]
    adjusted = holm(np.array([match.p for match in by_slice]))
    adjusted_slices = [
        MeanDifference(**{**one.__dict__, "p": float(p)}) for one, p in zip(by_slice, adjusted, strict=True)
    ]
    return tuple(sorted(adjusted_slices, key=lambda item: (item.p > 0.05, -abs(item.difference), item.what)))


def groups(properties: Mapping[str, Sequence[str]], texts: Sequence[str]) -> dict[str, Places]:
    """`property = value` → places of its queries: the data set's own properties, and the length of the question in thirds.

    Args:
        properties: Columns of the queries, in their order.
        texts: The queries.
    """
    places_by_group: dict[str, Places] = {}
    for name, column in sorted(properties.items()):
        values = np.array([str(one) for one in column], dtype=object)
        distinct = sorted(set(values.tolist()) - {""})
        if 1 < len(distinct) <= MOST:
            places_by_group |= {f"{name} = {one}": np.flatnonzero(values == one) for one in distinct}
    words = np.array([len(text.split()) for text in texts])
    low, high = np.quantile(words, [1 / 3, 2 / 3]) if len(words) else (0, 0)
    if low < high:
        least, most = int(low) + 1, int(high)  # words are whole: above 17 is from 18 on
        middle = f"{least} to {most}" if least < most else f"{most}"
        places_by_group[f"question of at most {int(low)} words"] = np.flatnonzero(words <= low)
        places_by_group[f"question of {middle} words"] = np.flatnonzero((words > low) & (words <= high))
        places_by_group[f"question of more than {most} words"] = np.flatnonzero(words > high)
    return places_by_group
