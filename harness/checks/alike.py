"""Which texts are the same or nearly the same: within one collection, and of one collection in another.

The bands of `digests.py` name candidates, and each is verified on the texts themselves: what is reported is so. A pair
of Jaccard exactly 0.9 is missed once in 14,000 times, one of 0.95 practically never.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet

from harness.checks.digests import SHINGLE, Digests, Hashes, jaccard

Positions = NDArray[np.int64]
NEAR = 0.9
"""The least Jaccard of word 5-shingles that makes two texts nearly the same."""
AGREED = 3
"""Bands in which a candidate has to agree. Two texts of Jaccard 0.5, which share a template, do so in 1 of 250 cases."""
MOST = 20
"""Texts of one bucket that each text is compared with: a thousand copies are joined through their first."""


class Match(NamedTuple):
    """The text at place `one` of a collection and at place `other` of another; `same`, or only nearly so."""

    one: int
    other: int
    same: bool


def copies(known: Digests) -> list[list[int]]:
    """The places of texts that are the same, in groups of two and more; empty texts are not compared."""
    return _grouped(_within(known.same))


def near_copies(known: Digests, texts: Sequence[str]) -> list[list[int]]:
    """The places of texts that are nearly the same, in groups; of texts that are the same, the first stands for all.

    A group is linked through pairs: its first and its last may be less alike than 0.9.
    """
    firsts = np.sort(np.unique(known.same, return_index=True)[1])
    joined = DisjointSet(firsts.tolist())
    for first, second in _within(known.folded[firsts]):
        joined.merge(int(firsts[first]), int(firsts[second]))
    long = firsts[known.words[firsts] >= SHINGLE]
    for first, second in _candidates(known.bands[long], known.bands[long], within=True):
        pair = int(long[first]), int(long[second])
        if not joined.connected(*pair) and jaccard(texts[pair[0]], texts[pair[1]]) >= NEAR:
            joined.merge(*pair)
    return _groups(joined)


def found_in(one: Digests, one_texts: Sequence[str], other: Digests, other_texts: Sequence[str]) -> list[Match]:
    """Each text of `one` that stands, exactly or nearly, in `other`: sorted by both places, at most 20 of each."""
    matches = dict.fromkeys(_matches(one.same, other.same), True)
    for a, b in _matches(one.folded, other.folded):
        matches.setdefault((a, b), False)
    long, wide = np.flatnonzero(one.words >= SHINGLE), np.flatnonzero(other.words >= SHINGLE)
    for place, match in _candidates(one.bands[long], other.bands[wide]):
        a, b = int(long[place]), int(wide[match])
        if (a, b) not in matches and jaccard(one_texts[a], other_texts[b]) >= NEAR:
            matches[a, b] = False
    return [Match(a, b, same) for (a, b), same in sorted(matches.items())]


def _candidates(one: Hashes, other: Hashes, *, within: bool = False) -> Iterator[tuple[int, int]]:
    """Positions that agree in three bands and more, those that agree in most first."""
    if not len(one) or not len(other):
        return
    pairs = np.concatenate([_equal(one[:, band], other[:, band]) for band in range(one.shape[1])])
    if within:
        pairs = pairs[pairs[:, 0] > pairs[:, 1]]
    codes, agreed = np.unique(pairs[:, 0] * len(other) + pairs[:, 1], return_counts=True)
    for code in codes[agreed >= AGREED][np.argsort(-agreed[agreed >= AGREED], kind="stable")].tolist():
        yield divmod(code, len(other))


def _matches(one: Hashes, other: Hashes) -> list[tuple[int, int]]:
    return [(a, b) for a, b in _equal(one, other).tolist() if one[a]]


def _within(hashes: Hashes) -> list[tuple[int, int]]:
    return [(b, a) for a, b in _matches(hashes, hashes) if b < a]


def _equal(one: Hashes, other: Hashes) -> Positions:
    """The places of equal hashes, at most the first 20 in `other` of each in `one`; shape (pairs, 2)."""
    order = np.argsort(other, kind="stable")
    ordered = other[order]
    left = np.searchsorted(ordered, one, "left")
    count = np.minimum(np.searchsorted(ordered, one, "right") - left, MOST)
    rows = np.repeat(np.arange(len(one)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([rows, order[left[rows] + within]], axis=1)


def _grouped(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    joined = DisjointSet(dict.fromkeys(position for pair in pairs for position in pair))
    for pair in pairs:
        joined.merge(*pair)
    return _groups(joined)


def _groups(joined: DisjointSet[int]) -> list[list[int]]:
    """The groups of two and more, each and all in the order of their positions."""
    return sorted(sorted(group) for group in joined.subsets() if len(group) > 1)
