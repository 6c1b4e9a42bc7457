"""Vectors that are read when they are needed: a corpus is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from harness.types import Vectors

UNIT = 1e-6
"""A vector whose length is this near to 1 is taken as it is for cosine."""


class Rows(Protocol):
    """Vectors on disk, in memory, or made from others as they are read."""

    def __len__(self) -> int: ...

    @property
    def dimension(self) -> int:
        """Numbers per vector."""

    def read(self, start: int, stop: int) -> Vectors:
        """Vectors start to stop."""

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Vectors at those positions."""


def pieces(documents: Rows, memory: int) -> Iterator[tuple[int, Vectors]]:
    """The documents' vectors in pieces, each with the position of its first; a piece and a copy of it fit into `memory` bytes."""
    size = max(1, memory // (8 * max(1, documents.dimension)))  # a copy, because vectors are brought to length one
    for start in range(0, len(documents), size):
        yield start, documents.read(start, min(start + size, len(documents)))


def unit(vectors: Vectors) -> Vectors:
    """Vectors of length one; a zero vector stays zero, and what is of length one already stays as it is.

    Each row is decided by itself: what is read with it does not move it.
    """
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    off = np.abs(norms - 1) >= UNIT
    if not off.any():
        return vectors
    scaled = np.array(vectors, dtype=np.float32)
    scaled[off] /= np.maximum(norms[off], 1e-12)[:, None]
    return scaled


class InMemory:
    """An array as `Rows`."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.dimension = int(vectors.shape[1])

    def __len__(self) -> int:
        return len(self._vectors)

    def read(self, start: int, stop: int) -> Vectors:
        """Vectors start to stop."""
        return self._vectors[start:stop]

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Vectors at those positions."""
        return self._vectors[positions]


class Shaped:
    """`Rows` cut to their first `dims` numbers and, for cosine, brought to length one."""

    def __init__(self, rows: Rows, dims: int | None, *, normalize: bool) -> None:
        self._rows, self._normalize = rows, normalize
        self.dimension = dims or rows.dimension

    def __len__(self) -> int:
        return len(self._rows)

    def read(self, start: int, stop: int) -> Vectors:
        """Vectors start to stop."""
        return self.shaped(self._rows.read(start, stop))

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Vectors at those positions."""
        return self.shaped(self._rows.take(positions))

    def shaped(self, vectors: Vectors) -> Vectors:
        """Those vectors as these rows have them."""
        cut = vectors if vectors.shape[1] == self.dimension else np.ascontiguousarray(vectors[:, : self.dimension])
        return unit(cut) if self._normalize else cut
