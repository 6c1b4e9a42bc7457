"""What an exploration says; every renderer reads these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.exploration.pipelines import Pipeline
from harness.types import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Gap:
    """What the chosen pipeline is ahead of something, paired over the queries: 95 % bootstrap interval, sign-flip test."""

    to: str
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class Curve:
    """A rule at one leg depth, over the weight of the first system from 0 to 1.

    Attributes:
        means, low, high: nDCG at each weight and its 95 % interval, shape (weights,).
        plateau: Weights that the queries cannot tell from the curve's best: the paired interval of the difference holds 0.
    """

    name: str
    weights: Floats
    means: Floats
    low: Floats
    high: Floats
    plateau: NDArray[np.bool_]


@dataclass(frozen=True)
class Exploration:
    """Everything that is said of the fusions of two systems on a task.

    Attributes:
        names: The two systems.
        tried, means: Every pipeline, and its mean on the task's queries.
        chosen: What is recommended.
        on: Where it was chosen: `cross-fitting` (each query scored by what the others chose), or the split's name.
        estimate: What choosing is worth on queries that it did not see.
        best: The best pipeline on the task's own queries, and what it has there: no estimate of anything.
        stability: Share of the cross-fits that chose each pipeline, shape (pipelines,); empty where another split chose.
        gaps: The choice against each system alone.
        curve: Of the chosen pipeline, or of the best fusion where one system alone is chosen.
        others: The other rules at the curve's depth: name → means at its weights.
        seconds: What measuring every pipeline took, once the two runs were there.
    """

    names: tuple[str, str]
    task: str
    measure: str
    queries: int
    tried: tuple[Pipeline, ...]
    means: Floats
    chosen: Pipeline
    on: str
    chosen_from: int
    estimate: Estimate
    best: Pipeline
    stability: Floats
    gaps: tuple[Gap, ...]
    curve: Curve
    others: dict[str, Floats]
    command: str
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def resubstitution(self) -> float:
        """The best mean on the queries that it was chosen on."""
        return float(self.means.max())

    @property
    def optimism(self) -> float:
        """What choosing on the test queries would have promised and not kept."""
        return self.resubstitution - self.estimate.mean
