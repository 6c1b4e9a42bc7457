"""What a cell gave → its record, with everything needed to judge and repeat it."""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from harness.cells.doubts import doubts, quality_of_cut, training
from harness.cells.opening import Cell
from harness.errors import HarnessError, NotApplicable
from harness.measures.names import parse
from harness.records.digest import digest
from harness.records.provenance import provenance
from harness.records.record import Measured, Record, number
from harness.stats.bootstrap import estimate
from harness.types import Dataset, Delegated, Run, Scores, System, Task


def ranked(key: str, system: System, task: Task, run: Run, scores: Sequence[Scores], cell: Cell) -> Record:
    """The record of a run and its scores."""
    notes = {name: value for name, value in run.notes.items() if name not in ("seconds", "cut")}
    if found := quality_of_cut(scores[0], run.notes.get("cut", ())):
        notes["truncation"] = {**notes.get("truncation", {}), "quality": found}
    whole = task.whole_run(run) if task.whole_run is not None else {}
    return Record(
        key=key,
        status="ok",
        system=system.name,
        task=task.name,
        facts=(facts := dict(system.facts)),
        dataset={**described(task), "asked": cell.asked},
        measures=(*(_whole(name, value, task.dataset) for name, value in whole.items()), *map(measured, scores)),
        checks={
            **doubts(run, task.dataset, [parse(one.measure) for one in scores]),
            **notes,
            **training(facts, cell.asked),
        },
        seconds={name: round(value, 4) for name, value in run.notes.get("seconds", {}).items()},
        provenance=provenance(cell.command),
    )


def delegated(
    key: str,
    system: System,
    task: Delegated,
    values: Mapping[str, float],
    seen: Mapping[str, Any],
    seconds: float,
    cell: Cell,
) -> Record:
    """The record of a task that mteb scored; there are no per-query values, and so no intervals."""
    names = [task.measure, *(name for name in values if name != task.measure)]
    finite = [
        Measured(name, values[name], None, None, 0, unit="mteb") for name in names if values[name] == values[name]
    ]
    return Record(
        key=key,
        status="ok",
        system=system.name,
        task=task.name,
        facts=(facts := dict(system.facts)),
        dataset={
            "name": task.dataset_name,
            "revision": task.revision,
            "split": task.split,
            "fingerprint": task.fingerprint,
            "kind": task.kind,
            "options": dict(task.options),
            "asked": cell.asked,
        },
        measures=tuple(finite),
        checks={**seen, **training(facts, cell.asked)},
        seconds={"evaluate": round(seconds, 4)},
        provenance=provenance(cell.command),
    )


def failed(cell: Cell, error: Exception) -> Record:
    """The record of a cell that gave no number: failed, or not applicable; the reason in one line."""
    known = isinstance(error, HarnessError)
    reason = str(error) if known else f"{type(error).__name__}: {error}".strip()
    return Record(
        key=digest(["failed", cell.system, cell.label]),
        status="not applicable" if isinstance(error, NotApplicable) else "failed",
        system=cell.system,
        task=cell.label,
        reason=" ".join(reason.split()),
        details="" if known else "".join(traceback.format_exception(error)),
        provenance=provenance(cell.command),
    )


def rescored(record: Record, run: Run, dataset: Dataset, scores: Sequence[Scores], first: str) -> Record:
    """The same result with the measures of `scores`; `first` becomes the one that the leaderboard shows."""
    fresh = {one.measure: measured(one) for one in scores}
    kept = [one for one in record.measures if one.measure not in fresh]
    every = [*fresh.values(), *kept]
    every.sort(key=lambda one: one.measure != first)
    checks = {**record.checks, **doubts(run, dataset, [parse(one) for one in fresh])}
    now = provenance(str(record.provenance.get("command", "")))
    made = {**record.provenance, "rescored": {key: now[key] for key in ("date", "harness", "commit")}}
    return dataclasses.replace(record, measures=tuple(every), checks=checks, provenance=made)


def measured(scores: Scores) -> Measured:
    """Mean and interval of one measure, with what its author says of it."""
    plugin = parse(scores.measure).plugin
    one = estimate(scores.values)
    return Measured(
        scores.measure, one.mean, number(one.low), number(one.high), one.n, one.method,
        plugin.unit, plugin.direction, plugin.source,
    )  # fmt: skip


def described(task: Task) -> dict[str, Any]:
    """What was asked: data set, fingerprint, counts, depth, policy."""
    data = task.dataset
    return {
        "name": data.name,
        "revision": data.revision,
        "split": data.split,
        "fingerprint": data.fingerprint,
        "counts": dict(data.counts),
        "kind": task.kind,
        "options": dict(task.options),
        "depth": task.depth,
        "exclude_self": task.exclude_self,
        "candidates": data.candidates is not None,
        "slices": sorted(data.queries.properties),
    }


def _whole(name: str, value: float, dataset: Dataset) -> Measured:
    return Measured(name, value, None, None, len(dataset.queries), "none: computed from the run as a whole", "mteb")
