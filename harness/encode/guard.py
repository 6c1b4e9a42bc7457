"""Vectors that cannot be compared are refused with the id of their text: one NaN gives a plausible number elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import VectorError
from harness.jagged import Jagged
from harness.types import Vectors


def check_vectors(vectors: Vectors | Jagged, names: Sequence[str], dimension: int) -> None:
    """Refuse a batch that is not (len(names), dimension) or holds NaN or infinity."""
    if isinstance(vectors, Jagged):
        _check_jagged(vectors, names, dimension)
        return
    if vectors.ndim != 2 or vectors.shape != (len(names), dimension):
        raise VectorError(
            f"The encoder returned vectors of shape {vectors.shape} for {len(names)} texts; its dimension is stated as "
            f"{dimension}. Mend the encoder, or state model.dimension."
        )
    _refuse_infinite(np.asarray(np.isfinite(vectors).all(axis=1)), names)


def _check_jagged(vectors: Jagged, names: Sequence[str], dimension: int) -> None:
    if len(vectors) != len(names) or vectors.width != dimension:
        raise VectorError(
            f"The encoder returned rows of {vectors.width} numbers for {len(vectors)} texts; {len(names)} texts were asked "
            f"for, and rows of {dimension}. Mend the encoder."
        )
    values = vectors.values["weight"][:, None] if vectors.values.dtype.names else vectors.values
    bad = np.repeat(np.arange(len(names)), vectors.counts)[~np.isfinite(values).all(axis=1)]
    finite = np.ones(len(names), dtype=bool)
    finite[bad] = False
    _refuse_infinite(finite, names)


def _refuse_infinite(finite: NDArray[np.bool_], names: Sequence[str]) -> None:
    if not finite.all():
        bad = [names[index] for index in np.flatnonzero(~finite)[:3]]
        raise VectorError(
            f"The encoder returned NaN or infinity for the text '{bad[0]}' ({int((~finite).sum())} of this batch). "
            "Look at that text, or load the model in float32."
        )
