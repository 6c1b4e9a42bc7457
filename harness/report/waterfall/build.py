"""Runs of the systems of a chain → a waterfall: paired differences from step to step, and what each costs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.facts import Facts, Notes
from harness.measures.evaluate import evaluate
from harness.measures.names import Measure
from harness.report.comparison.differences import gap
from harness.report.waterfall.values import Step, Waterfall
from harness.stats.bootstrap import estimates
from harness.stats.paired import max_t
from harness.types import Dataset, Run


def waterfall(
    system: str, task: str, dataset: Dataset, measure: Measure, chain: Sequence[tuple[str, str, Facts, Run]],
    ceiling: float | None,
) -> Waterfall:  # fmt: skip
    """The waterfall of a chain of systems.

    Args:
        chain: What each step does, its system's name and facts, and its run; at least one.
        ceiling: What a perfect system would get by this measure.
    """
    values = [evaluate(run, dataset, [measure.name])[0].values for *_, run in chain]
    quality = estimates(values)
    differences = [after - before for before, after in itertools.pairwise(values)]
    changes = [gap(what, column) for (what, *_), column in zip(chain[1:], differences, strict=True)]
    if len(differences):
        adjusted = max_t(np.column_stack(differences))
        changes = [dataclasses.replace(one, p=float(p)) for one, p in zip(changes, adjusted, strict=True)]
    steps = tuple(
        Step(what, name, mean, change, milliseconds(run.notes, len(dataset.queries)), size(facts, run, dataset))
        for (what, name, facts, run), mean, change in zip(chain, quality, [None, *changes], strict=True)
    )
    plugin = measure.plugin
    return Waterfall(
        system, task, measure.name, plugin.direction, plugin.unit, len(dataset.queries), ceiling, steps, _notes(steps)
    )


PHASES = ("encode_query", "search", "score_pairs")
"""What a query waits for; documents are encoded before there is one."""


def milliseconds(notes: Notes, queries: int) -> float | None:
    """Per query, as it was clocked when it was computed; those of a system's parts, which are asked one after the other."""
    total = _seconds({"seconds": notes.seconds, "parts": notes.other.get("parts", {})})
    return 1000 * total / queries if queries and total else None


def _seconds(clocked: Mapping[str, Any]) -> float:
    if parts := clocked.get("parts"):
        return sum(_seconds(part) for part in parts.values())
    return float(sum(clocked.get("seconds", {}).get(phase, 0.0) for phase in PHASES))


def size(facts: Facts, run: Run, dataset: Dataset) -> float | None:
    """Bytes of one document in the index: as the index said, else as its system states."""
    held = run.notes.index.get("bytes")
    return held / len(dataset.documents) if held and len(dataset.documents) else facts.bytes


def _notes(steps: Sequence[Step]) -> tuple[str, ...]:
    untold = [step.what for step in steps if step.change is not None and not step.told]
    lines = []
    if untold:
        lines.append(f"Grey: what the queries cannot tell from no change ({len(untold)} of {len(steps) - 1} steps).")
    if any(step.milliseconds is None for step in steps):
        lines.append("–: not clocked; a run that another tool made, or one of before times were kept.")
    return tuple(lines)
