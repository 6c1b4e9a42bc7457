"""A record: one (system, task) result with everything needed to judge and repeat it. JSON, format 2; 1 is still read.

Format 2 says its form, the system's plug-in and options, and the cost of the index; format 1 was told apart by its keys.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import ResultsError
from harness.facts import Checks, Facts
from harness.refs import SystemRef, TaskRef

FORMAT = 2
Status = Literal["ok", "failed", "not applicable"]
Form = Literal["ranked", "delegated", "failed"]
"""`ranked`: by the common evaluator, from a stored run. `delegated`: by mteb's own. `failed`: no number, and why."""


@dataclass(frozen=True)
class Measured:
    """One measure of a record. `low` and `high` are None where there are no per-query values.

    Attributes:
        interval: How `low` and `high` came about.
        n: Number of queries (or of texts, for a delegated task) behind the mean.
        direction: `higher` or `lower`: which values are better.
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
        key: Digest of system, data set, self-match policy and depth (see `digest.record_key`).
        system, task: Canonical names.
        facts: Of what made the vectors or the ranking.
        dataset: Name, revision, split, fingerprint, counts; depth and policy of a ranked one; `asked`: the task's reference.
        measures: The primary first.
        checks: What would make the numbers doubtful: ties, unjudged, truncation, norms, first texts, prompts.
        seconds: Clock per phase of a search.
        index: What the index cost: `seconds` to build, `bytes` held.
        asked: The system's plug-in and options, from which it can be opened again.
        provenance: When, where, by which versions, and the command that makes it again.
        reason: Why it failed or does not apply; one line.
    """

    key: str
    status: Status
    system: str
    task: str
    form: Form = "ranked"
    facts: Facts = field(default_factory=Facts)
    dataset: Mapping[str, Any] = field(default_factory=dict)
    measures: tuple[Measured, ...] = ()
    checks: Checks = field(default_factory=Checks)
    seconds: Mapping[str, float] = field(default_factory=dict)
    index: Mapping[str, float] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
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
        return next((measured for measured in self.measures if measured.measure == measure), None)

    @property
    def system_ref(self) -> SystemRef:
        """The reference that its system is opened from; empty in a record of format 1."""
        return SystemRef(self.asked.get("plugin", ""), self.asked.get("options", {}), self.system)

    @property
    def task_ref(self) -> TaskRef:
        """The reference that its task is opened from, to read the data set again."""
        reference = self.dataset["asked"]
        return TaskRef(
            reference["plugin"],
            reference["options"],
            self.task,
            depth=self.dataset.get("depth"),
            limit=reference["limit"],
        )


def to_json(record: Record) -> str:
    """The record as JSON; NaN and infinity are refused rather than written."""
    plain = {entry.name: getattr(record, entry.name) for entry in dataclasses.fields(record)}
    plain |= {"facts": record.facts.flat(), "checks": record.checks.flat()}
    plain["measures"] = [dataclasses.asdict(measure) for measure in record.measures]
    return json.dumps(plain, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def from_json(text: str, where: str) -> Record:
    """A record from JSON; a newer format, or a file that is no record, is a `ResultsError` that names it."""
    try:
        raw = json.loads(text)
        if raw["format"] > FORMAT:
            raise ResultsError(
                f"{where}: format {raw['format']} is newer than this harness knows ({FORMAT}). Upgrade the harness."
            )
        raw.setdefault("form", _form(raw))
        raw["measures"] = tuple(Measured(**measured) for measured in raw["measures"])
        raw |= {"facts": Facts.of(raw["facts"]), "checks": Checks.of(raw["checks"]), "format": FORMAT}
        return Record(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsError(f"{where}: not a record ({error}). Move it away and evaluate again.") from error


def _form(raw: Mapping[str, Any]) -> Form:
    """The form of a record of format 1, which did not say it."""
    if raw["status"] != "ok":
        return "failed"
    return "ranked" if "depth" in raw["dataset"] else "delegated"


def number(value: float) -> float | None:
    """A number for JSON: None instead of NaN."""
    return None if math.isnan(value) else float(value)
