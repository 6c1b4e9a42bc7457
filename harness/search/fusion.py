"""Several rankings' scores or ranks → one score per document: what a leg of a fusion gives to each, and their sum.

Everything here is of one query per row and in float64; a row's numbers do not depend on the rows beside it, nor on how
wide the matrix is. Cormack, Clarke and Büttcher 2009 for reciprocal ranks; Bruch, Gai and Ingber 2023, An Analysis of
Fusion Functions for Hybrid Retrieval, for convex combinations of normalised scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from harness.search.pool import LACKING, Pool

Floats = NDArray[np.float64]
Normalisation = Literal["min-max", "z-score", "theoretical-min", "distribution"]
NORMALISATIONS: tuple[Normalisation, ...] = get_args(Normalisation)
Missing = Literal["lowest", "zero"]


@dataclass(frozen=True, slots=True)
class Leg:
    """What one ranking gives to the documents that it holds, and to those that it lacks.

    Attributes:
        values: Shape (queries, depth); of the document at each rank. What stands behind a query's last hit is never read.
        absent: Shape (queries,); what a pooled document that it lacks is given.
        hits: Shape (queries,); whether it holds any document.
    """

    values: Floats
    absent: Floats
    hits: NDArray[np.bool_]

    def given(self, ranks: NDArray[np.int32]) -> Floats:
        """What each pooled document gets, shape (queries, width). A rank beyond the leg's depth is lacking."""
        values = np.concatenate([self.absent[:, None], self.values], axis=1)
        within = np.where(ranks < values.shape[1], ranks, LACKING)
        return np.asarray(np.take_along_axis(values, within, axis=1))


def reciprocal(counts: NDArray[np.int64], depth: int, k: float) -> Leg:
    """1 / (k + rank); nothing for a document that the leg lacks.

    Args:
        counts: Documents that it holds for each query, shape (queries,).
    """
    values = np.broadcast_to(1.0 / (k + np.arange(1, depth + 1)), (len(counts), depth))
    return Leg(values, np.zeros(len(counts)), counts > 0)


def as_scored(scores: Floats, counts: NDArray[np.int64]) -> Leg:
    """The leg's own scores, as they are."""
    return Leg(scores, np.zeros(len(counts)), counts > 0)


def normalised(
    scores: Floats, counts: NDArray[np.int64], how: Normalisation, missing: Missing, bound: float = 0.0
) -> Leg:
    """Scores of one leg on a scale that another leg's can be added to, from the hits of each query alone.

    | how | a hit | where all hits score alike | and then a document that the leg lacks |
    | --- | --- | --- | --- |
    | `min-max` | (s − min) / (max − min) | 0.5 | 0 |
    | `theoretical-min` | (s − bound) / (max − bound) | 1, and 0 at the bound | 0 |
    | `z-score` | (s − mean) / deviation of the hits | 0 | −1 |
    | `distribution` | from mean − 3 deviations (0) to mean + 3 (1), cut off there | 0.5 | 0 |

    `missing=lowest` gives a document that the leg lacks what its lowest hit has: it would have stood below it. `zero` gives
    nothing, which is `bound` under `theoretical-min`, and the mean of the hits under `z-score`. A single hit scores alike.

    Args:
        scores: Shape (queries, depth), best first.
        counts: Hits of each query, shape (queries,).
        bound: The least score that the leg can give to any document, for `theoretical-min`.

    Source: `theoretical-min` (TM2C2) is of Bruch, Gai and Ingber 2023; `distribution` of Mazzeschi 2023, Distribution-Based
    Score Fusion, cut off as mteb does it; 0.5 for hits that score alike is mteb's too.
    """
    some = counts > 0
    last = np.maximum(counts, 1) - 1
    rows = np.arange(len(counts))
    if not scores.shape[1]:
        return Leg(scores, np.zeros(len(counts)), some)
    best, worst = scores[:, 0], scores[rows, last]
    alike = best == worst  # not a deviation of 0: that of equal scores is a rounding error, which would be divided by
    zero = np.zeros(len(counts))
    if how == "min-max":
        low, span, level, below = worst, best - worst, zero + 0.5, zero
    elif how == "theoretical-min":
        low, span, level, below = zero + bound, best - bound, (best > bound).astype(np.float64), zero
    else:
        mean, deviation = _moments(scores, counts)
        if how == "z-score":
            low, span, level, below = mean, deviation, zero, zero - 1
        else:
            low, span, level, below = mean - 3 * deviation, 6 * deviation, zero + 0.5, zero
    values = (scores - low[:, None]) / np.where(alike, 1.0, span)[:, None]
    if how == "distribution":
        values = np.clip(values, 0.0, 1.0)
    values = np.where(alike[:, None], level[:, None], values)
    lowest = np.where(alike, below, values[rows, last])
    return Leg(values, np.where(some, lowest, 0.0) if missing == "lowest" else zero, some)


def fused(pool: Pool, legs: Sequence[Leg], weights: Sequence[float], own: Sequence[Leg] | None = None) -> Floats:
    """The score of each pooled document, shape (queries, width); minus infinity for one that is not returned.

    A leg of weight 0 is left out, and with it the documents that it alone holds. The sum does not depend on the order of the
    legs.

    Args:
        weights: One per leg, not negative, one above 0.
        own: The legs' own scores. Where a single leg of those that count has a hit, they are its answer: order and ties are
            the leg's, to the last digit.
    """
    counted = [number for number, weight in enumerate(weights) if weight > 0]
    scores = summed([weights[number] * legs[number].given(pool.ranks[number]) for number in counted])
    if own is not None:
        alone = np.sum([legs[number].hits for number in counted], axis=0) == 1
        for number in counted:
            rows = alone & legs[number].hits
            part = own[number]
            scores[rows] = Leg(part.values[rows], part.absent[rows], part.hits[rows]).given(pool.ranks[number][rows])
    held = (pool.ranks[counted] != LACKING).any(axis=0)
    return np.where(held, scores, -np.inf)


def summed(parts: Sequence[Floats]) -> Floats:
    """The sum of arrays of one shape, the same whatever their order: each element's numbers are added by size."""
    ordered = np.sort(np.stack(parts), axis=0) if len(parts) > 2 else parts
    total: Floats = np.array(ordered[0], dtype=np.float64)
    for part in ordered[1:]:
        total += part
    return total


def _moments(scores: Floats, counts: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (of a population) of each row's first `counts`; zeros where there is none."""
    inside = np.arange(scores.shape[1]) < counts[:, None]
    number = np.maximum(counts, 1)
    mean = _sums(scores[inside], counts) / number
    return mean, np.sqrt(_sums((scores - mean[:, None])[inside] ** 2, counts) / number)


def _sums(flat: Floats, counts: NDArray[np.int64]) -> Floats:
    """Sums of rows that lie one after the other: what they are padded to would decide how numpy adds up a matrix."""
    sums = np.zeros(len(counts))
    some = counts > 0
    if some.any():
        sums[some] = np.add.reduceat(flat, (np.cumsum(counts) - counts)[some])
    return sums
