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
    """A text of one collection and its match in another, by their positions; `same`, or only nearly so."""

    position: int
    other_position: int
    same: bool


def copies(digests: Digests) -> list[list[int]]:
    """The positions of texts that are the same, in groups of two and more; empty texts are not compared."""
    return _grouped(_within(digests.same))


def near_copies(digests: Digests, texts: Sequence[str]) -> list[list[int]]:
    """The positions of texts that are nearly the same, in groups; of texts that are the same, the first stands for all.

    A group is linked through pairs: its first and its last may be less alike than 0.9.
    """
    firsts = np.sort(np.unique(digests.same, return_index=True)[1])
    joined = DisjointSet(firsts.tolist())
    for first, second in _within(digests.folded[firsts]):
        joined.merge(int(firsts[first]), int(firsts[second]))
    long = firsts[digests.words[firsts] >= SHINGLE]
    for first, second in _candidates(digests.bands[long], digests.bands[long], within=True):
        pair = int(long[first]), int(long[second])
        if not joined.connected(*pair) and jaccard(texts[pair[0]], texts[pair[1]]) >= NEAR:
            joined.merge(*pair)
    return _groups(joined)


def matches_in(left: Digests, left_texts: Sequence[str], right: Digests, right_texts: Sequence[str]) -> list[Match]:
    """Each text of `left` that stands, exactly or nearly, in `right`: sorted by both positions, at most 20 of each."""
    matches = dict.fromkeys(_matches(left.same, right.same), True)
    for a, b in _matches(left.folded, right.folded):
        matches.setdefault((a, b), False)
    left_long, right_long = np.flatnonzero(left.words >= SHINGLE), np.flatnonzero(right.words >= SHINGLE)
    for left_row, right_row in _candidates(left.bands[left_long], right.bands[right_long]):
        a, b = int(left_long[left_row]), int(right_long[right_row])
        if (a, b) not in matches and jaccard(left_texts[a], right_texts[b]) >= NEAR:
            matches[a, b] = False
    return [Match(a, b, same) for (a, b), same in sorted(matches.items())]


def _candidates(left: Hashes, right: Hashes, *, within: bool = False) -> Iterator[tuple[int, int]]:
    """Positions that agree in three bands and more, those that agree in most first."""
    if not len(left) or not len(right):
        return
    pairs = np.concatenate([_equal(left[:, band], right[:, band]) for band in range(left.shape[1])])
    if within:
        pairs = pairs[pairs[:, 0] > pairs[:, 1]]
    codes, agreed = np.unique(pairs[:, 0] * len(right) + pairs[:, 1], return_counts=True)
    for code in codes[agreed >= AGREED][np.argsort(-agreed[agreed >= AGREED], kind="stable")].tolist():
        yield divmod(code, len(right))


def _matches(left: Hashes, right: Hashes) -> list[tuple[int, int]]:
    return [(a, b) for a, b in _equal(left, right).tolist() if left[a]]


def _within(hashes: Hashes) -> list[tuple[int, int]]:
    return [(b, a) for a, b in _matches(hashes, hashes) if b < a]


def _equal(left: Hashes, right: Hashes) -> Positions:
    """The positions of equal hashes, at most the first 20 in `right` of each in `left`; shape (pairs, 2)."""
    order = np.argsort(right, kind="stable")
    ordered = right[order]
    starts = np.searchsorted(ordered, left, "left")
    count = np.minimum(np.searchsorted(ordered, left, "right") - starts, MOST)
    rows = np.repeat(np.arange(len(left)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([rows, order[starts[rows] + within]], axis=1)


def _grouped(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    joined = DisjointSet(dict.fromkeys(position for pair in pairs for position in pair))
    for pair in pairs:
        joined.merge(*pair)
    return _groups(joined)


def _groups(joined: DisjointSet[int]) -> list[list[int]]:
    """The groups of two and more, each and all in the order of their positions."""
    return sorted(sorted(group) for group in joined.subsets() if len(group) > 1)
