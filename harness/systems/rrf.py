"""Reciprocal rank fusion of two or more systems: `model=rrf model.systems=[bm25,minilm]`, or `model=rrf/bm25+minilm`.

Cormack, Clarke and Büttcher 2009, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods: a
document's score is the sum over the systems of 1 / (k + rank), each times the system's weight where weights are given. A
document that a system does not return among its first `legs` gets nothing from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.errors import ConfigError
from harness.registry import system
from harness.search.fusion import Floats, Leg, reciprocal
from harness.systems.joined import Fusion, expect_weights, opened_parts
from harness.systems.opened import Opened


class ReciprocalRankFusion(Fusion):
    """The parts' ranks, not their scores, decide."""

    def __init__(self, parts: Sequence[Opened], k: int, depth: int, weights: Sequence[float] = ()) -> None:
        super().__init__(parts, weights or [1.0] * len(parts), depth)
        self._k, self._weighted = k, bool(weights)

    @property
    def identity(self) -> str:
        """The parts', and weights where they are given: without, a record's key is what it was before there were any."""
        return super().identity + (f" weights={self.weights}" if self._weighted else "")

    def legs_of(self, scores: Sequence[Floats], counts: Sequence[NDArray[np.int64]]) -> tuple[list[Leg], None]:
        """Reciprocal ranks; what one part alone answers keeps its order by them."""
        return [reciprocal(count, part.shape[1], self._k) for part, count in zip(scores, counts, strict=True)], None


@system(not_identity=("weights",), unlabelled=("chosen_on",))  # ReciprocalRankFusion.identity holds the weights
def rrf(
    systems: list[str], k: int = 60, legs: int = 1000, weights: list[float] = [],  # noqa: B006 - never changed
    chosen_on: str = "", *, context: Context,
) -> ReciprocalRankFusion:  # fmt: skip
    """Reciprocal rank fusion of two or more systems: model=rrf/bm25+minilm"""
    parts = opened_parts(context, "rrf", systems)
    if k < 0 or legs < 1:
        raise ConfigError(
            f"model.k={k} model.legs={legs}: k is at least 0, and legs (documents of each system) at least 1."
        )
    if weights:
        expect_weights(weights, systems)
    return ReciprocalRankFusion(parts, k, legs, weights)
