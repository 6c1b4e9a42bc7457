"""How vectors are kept for a search: all of their numbers or the first ones, at which precision, rescored or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.errors import ConfigError

Precision = Literal["float32", "float16", "int8", "binary"]
BITS = {"float32": 32, "float16": 16, "int8": 8, "binary": 1}


@dataclass(frozen=True)
class Variant:
    """What a document costs in the index, and what is searched.

    Attributes:
        dims: The first so many numbers of each vector (Kusupati et al. 2022, Matryoshka); None keeps all.
        precision: What the index holds of each number: float32, float16, int8 (between the least and the greatest value of
            its dimension over the corpus), or binary (its sign). Queries stay float32, but for binary, whose score is Hamming's.
        rescore: How many times the depth is fetched from the index and scored again from the float32 vectors, which then
            have to be kept on disk; 0 does not.
    """

    dims: int | None = None
    precision: Precision = "float32"
    rescore: int = 0

    @property
    def full_precision(self) -> bool:
        """True if the float32 vectors themselves are searched."""
        return self.precision == "float32"

    def bytes_per_document(self, dimension: int) -> int:
        """Bytes of one vector in the index, its id and the index's own tables apart."""
        return -(-(self.dims or dimension) * BITS[self.precision] // 8)

    def check(self, dimension: int | None = None) -> None:
        """Refuse what no vector of that dimension can be; `ConfigError`."""
        if self.precision not in BITS:
            raise ConfigError(f"model.precision={self.precision} is not known. Use one of {', '.join(BITS)}.")
        if self.dims is not None and (self.dims < 1 or (dimension is not None and self.dims > dimension)):
            raise ConfigError(
                f"model.dims={self.dims} is not within the vectors' {dimension or 'own'} numbers. "
                f"Ask for 1 to {dimension or 'as many as the model has'}."
            )
        if self.rescore < 0 or (self.rescore and self.full_precision):
            raise ConfigError(
                f"model.rescore={self.rescore} with precision={self.precision}: rescoring fetches so many times the depth "
                "from a float16, int8 or binary index. Use rescore=4 with one of these, or rescore=0."
            )


FULL = Variant()
