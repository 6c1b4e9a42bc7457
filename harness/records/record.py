"""A record: one (system, task) result with everything needed to judge and repeat it. JSON, format 1."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import ResultsError

FORMAT = 1
Status = Literal["ok", "failed", "not applicable"]


@dataclass(frozen=True)
class Measured:
    """One measure of a record. `low` and `high` are None where there are no per-query values.

    Attributes:
        interval: How `low` and `high` came about.
        n: Number of queries (or of texts, for a delegated task) behind the mean.
        direction: Whether a higher or a lower value is better.
        source: Who defined it.
    """

    measure: str
    mean: float
    low: float | None
    high: float | None
    n: int
    interval: str = ""
    unit: str = "share"
    direction: str = "higher"
    source: str = ""


@dataclass(frozen=True)
class Record:
    """What a leaderboard, a comparison or a notebook reads.

    Attributes:
        key: Digest of system, data set, depth and self-match policy (see `digest.record_key`).
        system: Canonical name, and `facts` of what made the vectors.
        task: Canonical name, kind, options, data set with its fingerprint and counts, depth, policy, primary measure.
        measures: The primary first.
        checks: What would make the numbers doubtful: ties, unjudged, truncation, norms, first texts, prompts.
        seconds: Clock per phase.
        provenance: When, where, by which versions, and the command that makes it again.
        reason: Why it failed or does not apply; one line.
    """

    key: str
    status: Status
    system: str
    task: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    measures: tuple[Measured, ...] = ()
    checks: Mapping[str, Any] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    details: str = ""
    format: int = FORMAT

    @property
    def primary(self) -> Measured | None:
        """The measure that the leaderboard shows."""
        return self.measures[0] if self.measures else None

    def get(self, measure: str) -> Measured | None:
        """The measure of that canonical name, where the record holds it."""
        return next((one for one in self.measures if one.measure == measure), None)


def to_json(record: Record) -> str:
    """The record as JSON; NaN and infinity are refused rather than written."""
    return json.dumps(dataclasses.asdict(record), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, where: str) -> Record:
    """A record from JSON; a newer format, or a file that is no record, is a `ResultsError` that names it."""
    try:
        raw = json.loads(text)
        if raw["format"] > FORMAT:
            raise ResultsError(
                f"{where}: format {raw['format']} is newer than this harness knows ({FORMAT}). Upgrade the harness."
            )
        raw["measures"] = tuple(Measured(**one) for one in raw["measures"])
        return Record(**raw)
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{where}: not a record ({error}). Move it away and evaluate again.") from error


def number(value: float) -> float | None:
    """A number for JSON: None instead of NaN."""
    return None if math.isnan(value) else float(value)
