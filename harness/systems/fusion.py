"""Convex combination of two or more systems' scores: `model=fusion/bm25+minilm`, `model=fusion(weights=[0.3,0.7])/bm25+minilm`.

A document's score is the sum over the systems of the weight times its score there, which is brought to one scale first
(`normalize`; `harness/search/fusion.py` says what each does). Bruch, Gai and Ingber 2023, An Analysis of Fusion Functions
for Hybrid Retrieval: with a weight that was tuned on a few queries it is better than reciprocal ranks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.errors import ConfigError
from harness.registry import system
from harness.search.fusion import Floats, Leg, Missing, Normalisation, as_scored, normalised
from harness.systems.joined import Fusion, expect_weights, opened_parts
from harness.systems.opened import Opened

LEAST = {"lexical": 0.0, "sparse": 0.0, "latent": -1.0}
"""Kind of system → the least score that it gives; of those that compare vectors by cosine it is −1."""


class ConvexFusion(Fusion):
    """The parts' normalised scores decide.

    Args:
        bounds: The least score of each part, for `theoretical-min`; empty to take them from the parts' facts.
    """

    def __init__(
        self, parts: Sequence[Opened], weights: Sequence[float], depth: int, normalize: Normalisation = "min-max",
        missing: Missing = "lowest", bounds: Sequence[float] = (),
    ) -> None:  # fmt: skip
        whole = math.fsum(weights)  # the same in any order
        super().__init__(parts, [weight / whole for weight in weights], depth)
        self._how, self._missing, self._bounds = normalize, missing, tuple(bounds)

    def legs_of(self, scores: Sequence[Floats], counts: Sequence[NDArray[np.int64]]) -> tuple[list[Leg], list[Leg]]:
        """Normalised scores; where one part alone answers, its own."""
        bounds = self.bounds if self._how == "theoretical-min" else [0.0] * len(self.parts)
        legs = []
        for part, matrix, count, bound in zip(self.parts, scores, counts, bounds, strict=True):
            if self._how == "theoretical-min":
                expect_above(part.name, matrix, count, bound)
            legs.append(normalised(matrix, count, self._how, self._missing, bound))
        return legs, [as_scored(matrix, count) for matrix, count in zip(scores, counts, strict=True)]

    @property
    def bounds(self) -> list[float]:
        """The least score of each part, as stated or by its facts."""
        return list(self._bounds) or [least_score(part) for part in self.parts]


def least_score(part: Opened) -> float:
    """The least score that a system can give: 0 of BM25, −1 of a cosine; `ConfigError` where none is known.

    The similarity of a model whose YAML does not say it is known once it has been loaded.
    """
    facts = part.facts
    similarity = facts.similarity or getattr(part.system, "similarity", "")
    if facts.kind not in LEAST and similarity != "cosine":
        what = f"compares vectors by {similarity}" if similarity else f"is of the kind '{facts.kind}'"
        raise ConfigError(
            f"{part.name} {what}: the least score that it can give is not known, and model.normalize=theoretical-min needs it. "
            "State it for every system, as model.bounds=[0,-1], or use model.normalize=min-max."
        )
    return LEAST.get(facts.kind, -1.0)


def expect_above(name: str, scores: Floats, counts: NDArray[np.int64], bound: float) -> None:
    """Refuse a bound that a score lies below, as a binary index's do: `ConfigError`. A rounding error is none."""
    worst = scores[np.arange(len(counts)), np.maximum(counts, 1) - 1][counts > 0] if scores.shape[1] else np.zeros(0)
    if len(worst) and worst.min() < bound - 1e-5:
        raise ConfigError(
            f"{name} scored {worst.min():.6g}, below {bound:g}, which is taken for the least score that it can give. State the "
            "true ones as model.bounds=[…], one for each system, or use model.normalize=min-max."
        )


@system(unlabelled=("chosen_on",))
def fusion(
    systems: list[str],
    weights: list[float] = [],  # noqa: B006 - read as a default, never changed
    normalize: Literal["min-max", "z-score", "theoretical-min", "distribution"] = "min-max",
    missing: Literal["lowest", "zero"] = "lowest",
    legs: int = 1000,
    bounds: list[float] = [],  # noqa: B006 - likewise
    chosen_on: str = "",
    *,
    context: Context,
) -> ConvexFusion:
    """Weighted sum of two or more systems' normalised scores: model=fusion/bm25+minilm"""
    parts = opened_parts(context, "fusion", systems)
    weights = weights or [1.0] * len(systems)
    expect_weights(weights, systems)
    if legs < 1:
        raise ConfigError(f"model.legs={legs}: of each system at least 1 document is taken.")
    if bounds and len(bounds) != len(systems):
        raise ConfigError(f"model.bounds={bounds} are {len(bounds)} for {len(systems)} systems: one for each, or none.")
    if normalize == "theoretical-min" and not bounds:
        for part in parts:
            if part.facts.similarity or part.facts.kind not in ("dense", "static"):
                least_score(part)  # refuse it now, and not after the corpus was searched
    return ConvexFusion(parts, weights, legs, normalize, missing, bounds)
