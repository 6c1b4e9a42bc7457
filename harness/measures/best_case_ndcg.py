"""nDCG's part of `best_case.py`: the grades of unjudged documents that favour one ranking over another.

A gain is a sum of steps, one per grade that it reaches. So nDCG's numerator and its ideal are sums over grades, and a
grade's part depends only on how many of the unjudged documents reach it, those that help most first. The greatest
quotient is found as Dinkelbach does: the greatest of numerator − λ · ideal, where λ is the quotient so far, until that
is 0. Each step is a small dynamic program, since no more documents reach a grade than the one below it.

Source: Dinkelbach 1967, On nonlinear fractional programming.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NOTHING = 1e-12
"""Relative to the ideal: a smaller gain in the quotient is rounding."""


def best_case_ndcg(
    grades: Mapping[str, int], first: Sequence[str], second: Sequence[str], top: int, gain: str, k: int | None
) -> dict[str, int]:
    """document id → grade, for the unjudged documents that should become relevant; see `best_case.best_case`."""
    discounts = 1 / np.log2(np.arange(2, len(grades) + len(first) + len(second) + 2))
    helps: dict[str, float] = {}
    for ranking, sign in ((first, 1), (second, -1)):
        for document, discount in zip(ranking, discounts.tolist(), strict=False):
            helps[document] = helps.get(document, 0.0) + sign * discount
    unjudged = sorted(
        (document_id for document_id in helps if document_id not in grades),
        key=lambda document_id: (-helps[document_id], document_id),
    )
    reached = np.concatenate(([0.0], np.cumsum([helps[document_id] for document_id in unjudged])))
    ideals = np.concatenate(([0.0], np.cumsum(discounts[:k])))
    numbers = np.arange(len(unjudged) + 1)

    levels = sorted({grade for grade in grades.values() if 0 < grade < top} | {top})
    over, under = np.empty((2, len(levels), len(numbers)))
    below = 0.0
    for row, level in enumerate(levels):
        value = 2.0**level - 1 if gain == "exp" else float(level)
        reaching = [document_id for document_id, grade in grades.items() if grade >= level]
        over[row] = (value - below) * (sum(helps.get(match, 0.0) for match in reaching) + reached)
        under[row] = (value - below) * ideals[np.minimum(len(reaching) + numbers, len(ideals) - 1)]
        below = value
    counts = _greatest_quotient(over, under)
    return {
        document_id: levels[reach - 1]
        for index, document_id in enumerate(unjudged)
        if (reach := int((counts > index).sum()))
    }


def _greatest_quotient(over: Floats, under: Floats) -> NDArray[np.int64]:
    """How many documents reach each level where the sum of `over`, divided by that of `under`, is greatest.

    Args:
        over, under: Shape (levels, documents + 1): a level's part where so many documents reach it.
    """
    rows = np.arange(len(over))
    counts = np.zeros(len(over), dtype=np.int64)
    while True:
        ideal = float(under[rows, counts].sum())
        quotient = float(over[rows, counts].sum()) / ideal if ideal else 0.0  # nothing relevant at all scores 0
        better = _greatest_sum(over - quotient * under)
        gained = float((over - quotient * under)[rows, better].sum())
        if gained <= NOTHING * float(under.max()):
            return counts
        counts = better


def _greatest_sum(values: Floats) -> NDArray[np.int64]:
    """One column per row with the greatest sum, where no row's column lies right of that of the row above."""
    sums = values.copy()  # of a row and the best of those below it
    for row in range(len(values) - 2, -1, -1):
        sums[row] += np.maximum.accumulate(sums[row + 1])
    columns = np.empty(len(values), dtype=np.int64)
    last = values.shape[1] - 1
    for row in range(len(values)):
        last = columns[row] = int(sums[row, : last + 1].argmax())
    return columns
