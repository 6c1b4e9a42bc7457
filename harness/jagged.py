"""Several rows for each text, one text's after the other's: a vector per token (late interaction), a weight per term (sparse)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

TERMS = np.dtype([("term", "<u4"), ("weight", "<f4")])
"""A row of a sparse embedding: the term's number in the model's vocabulary, and what it weighs."""


@dataclass(frozen=True, slots=True)
class Jagged:
    """The rows of text i are `values[starts[i] : starts[i + 1]]`.

    Attributes:
        values: Shape (rows, width), float32 or float16; or shape (rows,) of dtype `TERMS`.
        starts: Shape (texts + 1,), from 0 to the number of rows.
    """

    values: NDArray[Any]
    starts: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each text, shape (texts,)."""
        return np.diff(self.starts)

    @property
    def width(self) -> int:
        """Numbers per row; 1 of a sparse one."""
        return int(self.values.shape[1]) if self.values.ndim == 2 else 1

    def take(self, texts: NDArray[np.int64]) -> Jagged:
        """These texts, in this order."""
        counts = self.counts[texts]
        return Jagged(self.values[expanded(self.starts[texts], counts)], starts_of(counts))

    def norms(self) -> NDArray[np.float32]:
        """Of each text: the mean length of its vectors, or the length of its sparse one; 0 where it has no row."""
        if self.values.ndim == 2:
            lengths = np.linalg.norm(self.values.astype(np.float32, copy=False), axis=1).astype(np.float64)
            return np.asarray(self._sums(lengths) / np.maximum(self.counts, 1), dtype=np.float32)
        return np.sqrt(self._sums(self.values["weight"].astype(np.float64) ** 2)).astype(np.float32)

    def _sums(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        before = np.concatenate([[0.0], np.cumsum(of_rows)])
        return np.asarray(before[self.starts[1:]] - before[self.starts[:-1]])


def starts_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each text's rows start, from how many it has."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def expanded(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Every row's place, where text i has `counts[i]` rows from `starts[i]` on."""
    offsets = np.repeat(starts - starts_of(counts)[:-1], counts)
    return np.asarray(np.arange(len(offsets)) + offsets)


def joined(parts: Sequence[NDArray[Any] | Jagged]) -> NDArray[Any] | Jagged:
    """The texts of several parts of one layout, one after the other; at least one part."""
    jagged = [part for part in parts if isinstance(part, Jagged)]
    if not jagged:
        return np.concatenate([part for part in parts if not isinstance(part, Jagged)])
    return Jagged(
        np.concatenate([part.values for part in jagged]), starts_of(np.concatenate([part.counts for part in jagged]))
    )
