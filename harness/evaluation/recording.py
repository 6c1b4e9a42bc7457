"""What a cell gave → its record, with everything needed to judge and repeat it."""

from __future__ import annotations

import dataclasses
import shlex
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from harness.config.jobs import Job
from harness.errors import HarnessError, NotApplicable, WriteError
from harness.evaluation.diagnostics import diagnostics, quality_of_cut, queries_cut, training
from harness.evaluation.opening import label_of
from harness.facts import Checks, Notes
from harness.hub import Hub
from harness.measures.names import parse
from harness.records.digest import digest
from harness.records.provenance import provenance
from harness.records.record import Measured, Record, number
from harness.stats.bootstrap import estimates
from harness.stats.contributions import around
from harness.systems.opened import Opened
from harness.types import Dataset, Delegated, Evaluated, Run, Scores, Task

MAIN_ONLY = "none: values per item are kept of the main score"
WHOLE = "evaluated whole by mteb: measures, depth and limit are its own"


def ranked(key: str, system: Opened, task: Task, run: Run, scores: Sequence[Scores], cell: Job, hub: Hub) -> Record:
    """The record of a run and its scores."""
    truncation = dict(run.notes.truncation)
    if quality := quality_of_cut(scores[0], queries_cut(run, task.dataset)):
        truncation["quality"] = quality
    whole = task.whole_run(run) if task.whole_run is not None else {}
    facts = system.facts
    doubts = diagnostics(run, task.dataset, [parse(one.measure) for one in scores])
    notes = {
        name: value for name, value in run.notes.flat().items() if name not in ("seconds", "index", "cut_documents")
    }
    return Record(
        key=key,
        status="ok",
        system=system.name,
        task=task.name,
        form="ranked",
        facts=facts,
        dataset={**described(task), **_about(cell), "asked": _asked(cell)},
        measures=(*(_whole(name, value, task.dataset) for name, value in whole.items()), *measured(scores)),
        checks=Checks.of({**doubts, **notes, "truncation": truncation, "training": training(facts, cell.task, hub)}),
        seconds=_rounded(run.notes.seconds),
        index=_rounded(run.notes.index),
        asked={"plugin": cell.system.plugin, "options": dict(cell.system.options)},
        provenance=provenance(shlex.join(cell.overrides), facts.libraries),
    )


def delegated(
    key: str, system: Opened, task: Delegated, result: Evaluated, stats: Notes, seconds: float, cell: Job, hub: Hub
) -> Record:  # fmt: skip
    """The record of a task that mteb scored; the main score has an interval where there are values per item."""
    values = result.values
    others = [name for name in values if name != task.measure and values[name] == values[name]]
    main = [_main(task.measure, values[task.measure], result)] if values[task.measure] == values[task.measure] else []
    facts = system.facts
    return Record(
        key=key,
        status="ok",
        system=system.name,
        task=task.name,
        form="delegated",
        facts=facts,
        dataset={
            "name": task.dataset_name,
            "revision": task.revision,
            "split": task.split,
            "fingerprint": task.fingerprint,
            "kind": task.kind,
            "options": dict(task.options),
            **_about(cell),
            **({"items": result.items} if result.scores is not None else {}),
            "asked": _asked(cell),
        },
        measures=(*main, *(Measured(name, values[name], None, None, 0, MAIN_ONLY, unit="mteb") for name in others)),
        checks=Checks.of({**stats.flat(), "training": training(facts, cell.task, hub)}),
        seconds={"evaluate": round(seconds, 4)},
        asked={"plugin": cell.system.plugin, "options": dict(cell.system.options)},
        provenance=provenance(shlex.join(cell.overrides), facts.libraries),
    )


def _main(name: str, value: float, result: Evaluated) -> Measured:
    """mteb's main score, with the interval of what is drawn again for it, or why it has none."""
    if result.scores is None:
        return Measured(name, value, None, None, 0, f"none: {result.reason}", unit="mteb")
    found = around(result.scores.values, result.scale)
    method = found.method.replace("queries", result.items)
    return Measured(name, value, number(found.low), number(found.high), found.n, method, unit="mteb")


def failed(cell: Job, error: Exception) -> Record:
    """The record of a cell that gave no number: failed, or not applicable; the reason in one line.

    Raises:
        WriteError: What stopped the cell was the disk, which would stop every further one after it was computed.
    """
    if isinstance(error, WriteError):
        raise WriteError(f"{error} The sweep stops at {cell.system.label} × {label_of(cell.task)}.") from error
    known = isinstance(error, HarnessError)
    reason = str(error) if known else f"{type(error).__name__}: {error}".strip()
    label = label_of(cell.task)
    return Record(
        key=digest(["failed", cell.system.label, label]),
        status="not applicable" if isinstance(error, NotApplicable) else "failed",
        system=cell.system.label,
        task=label,
        form="failed",
        reason=" ".join(reason.split()),
        details="" if known else "".join(traceback.format_exception(error)),
        provenance=provenance(shlex.join(cell.overrides)),
    )


def rescored(record: Record, run: Run, dataset: Dataset, scores: Sequence[Scores], first: str) -> Record:
    """The same result with the measures of `scores`; `first` becomes the one that the leaderboard shows."""
    fresh = {one.measure: one for one in measured(scores)}
    unchanged = [measure for measure in record.measures if measure.measure not in fresh]
    every = [*fresh.values(), *unchanged]
    every.sort(key=lambda entry: entry.measure != first)
    checks = dataclasses.replace(record.checks, **diagnostics(run, dataset, [parse(name) for name in fresh]))
    now = provenance("")
    origin = {**record.provenance, "rescored": {key: now[key] for key in ("date", "harness", "commit")}}
    return dataclasses.replace(record, measures=tuple(every), checks=checks, provenance=origin)


def measured(scores: Sequence[Scores]) -> list[Measured]:
    """Mean and interval of each measure, with what its author says of it; the same resamples for all of them."""
    plugins = [parse(scored.measure).plugin for scored in scores]
    return [
        Measured(
            scored.measure,
            estimate.mean,
            number(estimate.low),
            number(estimate.high),
            estimate.n,
            estimate.method,
            plugin.unit,
            plugin.direction,
            plugin.source,
        )
        for scored, estimate, plugin in zip(
            scores, estimates([scored.values for scored in scores]), plugins, strict=True
        )
    ]


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


def _asked(cell: Job) -> dict[str, Any]:
    return {"plugin": cell.task.plugin, "options": dict(cell.task.options), "limit": cell.task.limit}


def _about(cell: Job) -> dict[str, str]:
    return {"about": cell.task.about} if cell.task.about else {}


def _rounded(seconds: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in seconds.items()}


def _whole(name: str, value: float, dataset: Dataset) -> Measured:
    return Measured(name, value, None, None, len(dataset.queries), "none: computed from the run as a whole", "mteb")
