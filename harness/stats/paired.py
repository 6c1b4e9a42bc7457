"""Paired tests between systems over the same queries, as array work: signs × differences, for all comparisons at once.

Sign-flip (randomisation) test of the mean difference, two-sided (Fisher 1935; Smucker et al. 2007 for retrieval), and the
step-down max-T adjustment over the comparisons of a family (Westfall and Young 1993), which knows how they hang together.
Deterministic under its seed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
BLOCK = 8 << 20
"""Bytes of flipped means held at once: what stays in a processor's cache."""

Floats = NDArray[np.float64]


def permutation(differences: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """p values of the sign-flip test, one per column; 1 where every difference is zero.

    Args:
        differences: Paired differences, shape (queries, comparisons).

    Returns:
        Shape (comparisons,): (1 + flips at least as far from zero) / (1 + flips); never 0.
    """
    observed = np.abs(_t(differences.mean(axis=0), differences))
    beyond = np.zeros(differences.shape[1])
    for means in _flipped(differences, resamples, seed):
        beyond += (_at_least(np.abs(_t(means, differences)), observed)).sum(axis=0)
    return (1 + beyond) / (1 + resamples)


def max_t(differences: Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """p values adjusted for the number of comparisons: the chance of any wrong one among them stays under the level.

    Step-down max-T: the largest statistic is held against the largest of all flipped ones, the next against the largest of
    the rest, and no adjusted p value is smaller than the one before it.
    """
    observed = np.abs(_t(differences.mean(axis=0), differences))
    order = np.argsort(-observed, kind="stable")
    beyond = np.zeros(len(order))
    for means in _flipped(differences, resamples, seed):
        flipped = np.abs(_t(means, differences))[:, order]
        successive = np.maximum.accumulate(flipped[:, ::-1], axis=1)[:, ::-1]
        beyond += _at_least(successive, observed[order]).sum(axis=0)
    adjusted = np.empty(len(order))
    adjusted[order] = np.maximum.accumulate((1 + beyond) / (1 + resamples))
    return adjusted


def holm(p: Floats) -> Floats:
    """Holm's step-down adjustment (1979) of p values whose dependence is not known; shape and order as given."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
    return adjusted


def t_test(differences: Floats) -> Floats:
    """p values of Student's paired t test, one per column, as a cross-check; 1 where every difference is zero."""
    from scipy.stats import t

    return np.asarray(
        2 * t.sf(np.abs(_t(differences.mean(axis=0), differences)), len(differences) - 1), dtype=np.float64
    )


def effect_size(differences: Floats) -> Floats:
    """Mean difference in standard deviations of the differences (Cohen's d_z), one per column; 0 where all are equal."""
    spread = differences.std(axis=0, ddof=1)
    sizes: Floats = np.zeros(differences.shape[1])
    np.divide(differences.mean(axis=0), spread, out=sizes, where=spread > 0)
    return sizes


def signs(queries: int, resamples: int, seed: int, *, width: int | None = None) -> Iterator[Floats]:
    """Random signs, block by block; shape (block, queries).

    Args:
        width: Columns of what each block makes, where that is wider than the block itself.
    """
    generator = np.random.default_rng(seed)
    block = min(resamples, max(64, BLOCK // (8 * (width or queries))))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        bits = np.unpackbits(generator.integers(0, 256, size=(rows, -(-queries // 8)), dtype=np.uint8), axis=1)
        yield np.asarray(2.0 * bits[:, :queries] - 1.0, dtype=np.float64)


def _flipped(differences: Floats, resamples: int, seed: int) -> Iterator[Floats]:
    """Means of the differences under random signs, block by block; shape (block, comparisons)."""
    queries, columns = differences.shape
    return (block @ differences / queries for block in signs(queries, resamples, seed, width=columns))


def _t(means: Floats, differences: Floats) -> Floats:
    """Student's t of means under flipped signs: the sum of squares does not change with the signs."""
    queries = len(differences)
    squares = (differences**2).sum(axis=0)
    variance = (squares - queries * means**2) / (queries - 1)
    # all differences alike: without spread, so infinitely far from zero; all zero: not at all
    bounded = np.maximum(variance, 1e-12 * np.maximum(squares / queries, 1e-300))
    return np.asarray(np.where(squares > 0, means / np.sqrt(bounded / queries), 0.0), dtype=np.float64)


def _at_least(values: Floats, observed: Floats) -> NDArray[np.bool_]:
    """Whether as far from zero as what was observed; a flip that gives the same sum in another order is as far."""
    return values >= observed * (1 - 1e-9) - 1e-12
