"""The one order of a ranked list: score in float32 descending, then document id descending, as trec_eval breaks ties.

Every search ends here, and every measure trusts it: two measures of one report never see two orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def id_ranks(ids: Sequence[str]) -> NDArray[np.int64]:
    """Rank of each id among all, in ascending order of the strings; shape (len(ids),)."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[order] = np.arange(len(ids))
    return ranks


def restricted(
    row: NDArray[np.float32],
    query_id: str,
    positions: Mapping[str, int],
    candidates: Mapping[str, Sequence[str]] | None,
    exclude_self: bool,
) -> NDArray[np.float32]:
    """One query's scores with minus infinity for what it may not rank: all but its candidates, and itself.

    Args:
        row: Shape (documents,); may be changed.
        positions: document id → position in the row.
    """
    if candidates is not None:
        allowed = np.full(len(row), -np.inf, dtype=np.float32)
        pool = [positions[candidate] for candidate in candidates[query_id]]
        allowed[pool] = row[pool]
        row = allowed
    if exclude_self and query_id in positions:
        row[positions[query_id]] = -np.inf
    return row


def ordered(
    positions: NDArray[np.int64], scores: NDArray[np.float32], ranks: NDArray[np.int64], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The best `depth` of some documents in the one order.

    Args:
        positions, scores: Shape (documents,); which documents, and their scores.
        ranks: Rank of every document's id, from `id_ranks`.
    """
    if len(scores) > depth:
        edge = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        inside = scores >= edge  # all that tie with the last rank stay in, and the ids decide
        positions, scores = positions[inside], scores[inside]
    order = np.lexsort((-ranks[positions], -scores))[:depth]
    return positions[order], scores[order]


def top(scores: NDArray[np.float32], ranks: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """Positions of the best `depth` scores, best first; equal scores by `ranks` descending.

    Args:
        scores: Shape (documents,), float32. Minus infinity marks a document that is not to be ranked.
        ranks: Shape (documents,), from `id_ranks`.
    """
    positions, best = ordered(np.arange(len(scores)), scores, ranks, depth)
    return positions[best > -np.inf]


def best_rows(
    positions: NDArray[np.int64], scores: NDArray[np.float32], ranks: NDArray[np.int64], depth: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """`ordered` for many queries at once: the best `depth` of each row, best first, minus infinity behind them.

    Args:
        positions, scores: Shape (queries, documents); a score of minus infinity stands for none.
        ranks: Rank of every document's id, from `id_ranks`.
    """
    by_rank = np.argsort(ranks, kind="stable")
    keys = _rising(scores) << np.uint64(32) | ranks[positions].astype(np.uint64)
    keys.sort(axis=1)
    keys = keys[:, : -depth - 1 : -1]
    return by_rank[(keys & np.uint64(0xFFFFFFFF)).astype(np.int64)], _falling_back(keys >> np.uint64(32))


def columns_by_score(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """The columns of each row by rising score."""
    keys = _rising(scores) << np.uint64(32) | np.arange(scores.shape[1], dtype=np.uint64)
    keys.sort(axis=1)  # whole keys: numpy sorts 64-bit numbers several times faster than it finds their order
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _rising(scores: NDArray[np.float32]) -> NDArray[np.uint64]:
    """float32 as whole numbers of 32 bits in the same order; 0.0 and −0.0 are one."""
    bits = (scores + np.float32(0)).view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.uint64)


def _falling_back(numbers: NDArray[np.uint64]) -> NDArray[np.float32]:
    """The float32 that `_rising` was made from."""
    bits = numbers.astype(np.uint32)
    return np.where(bits >> 31, bits ^ np.uint32(1 << 31), ~bits).view(np.float32)
