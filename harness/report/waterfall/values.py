"""The values of a waterfall: a system taken apart into steps, each with what it changes and what it costs."""

from __future__ import annotations

from dataclasses import dataclass

from harness.report.comparison.values import MeanDifference
from harness.types import Estimate


@dataclass(frozen=True)
class Step:
    """One system of the chain, each differing from the one before in one thing.

    Attributes:
        what: What it does otherwise than the step before.
        system: Its canonical name.
        quality: Mean over the queries with its 95 % interval.
        change: Its difference to the step before, over the same queries; p adjusted for the number of steps; None for the first.
        milliseconds: Per query, encoding and search, as they were clocked; None where they were not.
        bytes: Of one document in the index; None where it is not known.
    """

    what: str
    system: str
    quality: Estimate
    change: MeanDifference | None
    milliseconds: float | None
    bytes: float | None

    @property
    def told(self) -> bool:
        """Whether the queries can tell its change from none."""
        return self.change is not None and self.change.p <= 0.05


@dataclass(frozen=True)
class Waterfall:
    """From what the data admit to what ships.

    Attributes:
        ceiling: What a perfect system would get; None where it is not known.
        notes: What is to be known of the figures, a line each.
    """

    system: str
    task: str
    measure: str
    direction: str
    unit: str
    queries: int
    ceiling: float | None
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
