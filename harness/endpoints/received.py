"""Numbers that an endpoint answered → vectors, or the fault of the first that is none, by the name of its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.endpoints.budget import tokens_of
from harness.endpoints.protocol import Numbers
from harness.errors import HarnessError, VectorError
from harness.types import Vectors


@dataclass(frozen=True)
class Received:
    """Vectors of some of the texts; their positions, and tokens as far as the endpoint says."""

    rows: NDArray[np.int64]
    vectors: Vectors
    tokens: NDArray[np.int64]


@dataclass
class Expected:
    """What a vector of one endpoint has to be.

    Attributes:
        who: What to call the endpoint in messages.
        dimension: Numbers that a vector is to have; None takes the first one's.
        asked: The dimension that is asked for in each request; None where none is.
    """

    who: str
    dimension: int | None
    asked: int | None

    def of(
        self, rows: Sequence[int], vectors: Sequence[Numbers], tokens: NDArray[np.int64], labels: Sequence[Any]
    ) -> tuple[Received | None, HarnessError | None]:
        """The vectors that are vectors, and the fault of the first that is none."""
        good: list[int] = []
        arrays: list[Vectors] = []
        error: HarnessError | None = None
        for position, vector in enumerate(vectors):
            array = _array(vector)
            self.dimension = self.dimension or len(vector)
            if array is None:
                error = error or VectorError(
                    f"{self.who} returned NaN, infinity or no number in the vector of '{labels[rows[position]]}'. Look at "
                    f"that text{'; the others are kept' if len(vectors) > 1 else ''}."
                )
            elif len(array) != self.dimension:
                error = error or VectorError(
                    f"{self.who} returned {len(array)} numbers for '{labels[rows[position]]}', not {self.dimension}: "
                    f"{self._of_dimension()}"
                )
            else:
                good.append(position)
                arrays.append(array)
        if not good:
            return None, error
        return Received(np.array([rows[one] for one in good]), np.stack(arrays), tokens[good]), error

    def _of_dimension(self) -> str:
        if self.asked is not None:
            return "it does not heed model.dimensions. Use model.dims=N instead, which cuts them here."
        return "mend model.dimension, or look whether this is the model that was meant."


def shares(texts: Sequence[str], billed: int | None) -> NDArray[np.int64]:
    """Each text's part of the tokens of all, by the rule; None takes the rule's own, where the endpoint counts none."""
    parts = np.cumsum([tokens_of(text) for text in texts], dtype=np.float64)
    whole = parts[-1] if billed is None else billed
    found: NDArray[np.int64] = np.diff(np.round(parts / parts[-1] * whole), prepend=0.0).astype(np.int64)
    return found


def _array(vector: Numbers) -> Vectors | None:
    """A vector as float32; None where it holds anything but finite numbers."""
    try:
        array = np.array(vector, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and len(array) and bool(np.isfinite(array).all()) else None
