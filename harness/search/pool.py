"""The documents that any of several rankings holds for a query, and at which rank each of them has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

LACKING = 0
"""The rank of a document that a ranking does not hold; ranks count from 1."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The pooled documents of some queries.

    Attributes:
        names: The ids that occur, in ascending order of the strings; shape (ids,).
        documents: Positions in `names`, shape (queries, width): the document with the best rank in any ranking first, equal
            ones by id. Behind the first `counts` of a row stands nothing: position 0.
        counts: Documents of each query, shape (queries,).
        ranks: Shape (rankings, queries, width); `LACKING` where a ranking does not hold the document.
    """

    names: NDArray[Any]
    documents: NDArray[np.int64]
    counts: NDArray[np.int64]
    ranks: NDArray[np.int32]


def pooled(rankings: Sequence[Sequence[Sequence[str]]]) -> Pool:
    """The pool of one or more rankings.

    Args:
        rankings: For each of them, for each query, document ids, best first; the queries in one order.
    """
    flat = [list(chain.from_iterable(rows)) for rows in rankings]
    names = sorted(set(chain.from_iterable(flat)))
    positions = {name: position for position, name in enumerate(names)}
    queries, held = len(rankings[0]), max(1, len(names))
    keys, ranks = [], []
    for rows, ids in zip(rankings, flat, strict=True):
        counts = np.fromiter(map(len, rows), dtype=np.int64, count=queries)
        position = np.fromiter(map(positions.__getitem__, ids), dtype=np.int64, count=len(ids))
        keys.append(np.repeat(np.arange(queries), counts) * held + position)
        ranks.append(_counted(counts) + 1)
    distinct, column = np.unique(np.concatenate(keys), return_inverse=True)
    table = np.full((len(rankings), len(distinct)), LACKING, dtype=np.int32)
    for number, part in enumerate(np.split(column, np.cumsum([len(one) for one in keys])[:-1])):
        table[number, part] = ranks[number]
    query, position = distinct // held, distinct % held
    best = np.where(table == LACKING, np.iinfo(np.int32).max, table).min(axis=0, initial=np.iinfo(np.int32).max)
    order = np.argsort(query << 32 | best, kind="stable")
    counts = np.bincount(query, minlength=queries)
    at = (query[order], _counted(counts))
    documents = np.zeros((queries, int(counts.max(initial=0))), dtype=np.int64)
    documents[at] = position[order]
    spread = np.full((len(rankings), *documents.shape), LACKING, dtype=np.int32)
    spread[(slice(None), *at)] = table[:, order]
    return Pool(np.array(names, dtype=object), documents, counts, spread)


def padded(rows: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Rows of unlike lengths as one matrix, zeros behind them, and their lengths; shapes (rows, longest) and (rows,)."""
    counts = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    matrix = np.zeros((len(rows), int(counts.max(initial=0))))
    if counts.any():
        matrix[np.arange(matrix.shape[1]) < counts[:, None]] = np.concatenate(rows)
    return matrix, counts


def _counted(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 … within each row, one row's after the other's."""
    return np.asarray(np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts))
