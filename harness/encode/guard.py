"""Vectors that cannot be compared are refused with the id of their text: one NaN gives a plausible number elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import VectorError
from harness.types import Vectors


def check_vectors(vectors: Vectors, names: Sequence[str], dimension: int) -> None:
    """Refuse a batch that is not (len(names), dimension) or holds NaN or infinity."""
    if vectors.ndim != 2 or vectors.shape != (len(names), dimension):
        raise VectorError(
            f"The encoder returned vectors of shape {vectors.shape} for {len(names)} texts; its dimension is stated as "
            f"{dimension}. Mend the encoder, or state model.dimension."
        )
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        bad = [names[index] for index in np.flatnonzero(~finite)[:3]]
        raise VectorError(
            f"The encoder returned NaN or infinity for the text '{bad[0]}' ({int((~finite).sum())} of this batch). "
            "Look at that text, or load the model in float32."
        )
