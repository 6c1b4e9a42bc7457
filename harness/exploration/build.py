"""Two systems' runs and the judgments → an exploration."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from harness.errors import ConfigError, NotApplicable
from harness.exploration import choosing
from harness.exploration.grid import grid
from harness.exploration.pipelines import RULES, STEP, Pipeline, Rule, pipelines
from harness.exploration.values import Curve, Exploration, Floats
from harness.measures.names import Measure
from harness.stats.bootstrap import estimate
from harness.systems.fusion import least_score
from harness.systems.opened import Opened
from harness.types import Dataset, Run

Runs = tuple[Run, Run]
Elsewhere = tuple[str, Runs, Dataset]
"""The name of another split, and the two systems' runs on its data."""


def explored(
    systems: tuple[Opened, Opened], runs: Runs, dataset: Dataset, measure: Measure, depths: Sequence[int], *, task: str,
    folds: int, dev: Elsewhere | None = None, mark: str = "", notes: Sequence[str] = (), words: Sequence[str] = (),
) -> Exploration:  # fmt: skip
    """Every rule × leg depth × weight measured, one of them chosen.

    Args:
        runs: On the test queries, as deep as the deepest of `depths`.
        dev: Chosen there instead of by cross-fitting.
        mark: What the command of a choice on its own queries says of it, as `model.chosen_on=…`.
        words: Those of the command line that choose the task.
    """
    k = cutoff(measure)
    names = (systems[0].name, systems[1].name)
    bounds, rules, notes = _bounds(systems, list(notes))
    held = max(len(names) for run in runs for names in run.doc_ids) if len(runs[0].doc_ids) else 0
    within = [depth for depth in sorted({*depths}) if depth >= k]
    within = [depth for depth in within if depth < held] + [depth for depth in within if depth >= held][:1]
    tried = pipelines(within, rules)
    exp = measure.options.get("gain") == "exp"
    start = time.perf_counter()
    values = grid(runs, dataset, tried, bounds, k=k, exp=exp)
    seconds = time.perf_counter() - start
    stability: Floats = np.zeros(0)
    if dev is None:
        scores, stability = choosing.cross_fitted(values, list(dataset.queries.ids), folds)
        chosen, on, chosen_from = choosing.best(values), "cross-fitting", len(dataset.queries)
    else:
        on, dev_runs, dev_data = dev
        chosen = choosing.best(grid(dev_runs, dev_data, tried, bounds, k=k, exp=exp))
        scores, chosen_from = values[chosen], len(dev_data.queries)
    line, others = _curves(tried, values, tried[chosen])
    own = [f"model.chosen_on={mark}"] if dev is None and mark and not tried[chosen].single else []
    return Exploration(
        names=names, task=task, measure=measure.name, queries=len(dataset.queries), tried=tuple(tried),
        means=values.mean(axis=1), chosen=tried[chosen], on=on, chosen_from=chosen_from, estimate=estimate(scores),
        best=tried[choosing.best(values)], stability=stability,
        gaps=tuple(choosing.gap(name, scores, values[number]) for number, name in enumerate(names)),
        curve=line, others=others, seconds=seconds, notes=tuple(notes),
        command=_command([f"model={tried[chosen].typed(names)}", *words, *own]),
    )  # fmt: skip


def cutoff(measure: Measure) -> int:
    """At how many documents the measure looks; `NotApplicable` where it is no nDCG with a cutoff."""
    if measure.plugin.name != "nDCG" or measure.k is None:
        raise NotApplicable(f"explore measures nDCG at a cutoff, not {measure.name}. Say measure=nDCG@10.")
    return measure.k


def expect_possible(measure: Measure, depths: Sequence[int], folds: int, queries: int) -> None:
    """Refuse what cannot be explored before a corpus is searched for it.

    Raises:
        ConfigError: No depth that the measure's cutoff fits into; less than two folds, or more than queries.
    """
    k = cutoff(measure)
    if not any(depth >= k for depth in depths):
        raise ConfigError(f"legs={list(depths)}: {measure.name} looks at {k} documents; name a depth of at least that.")
    choosing.expect_folds(folds, queries)


def _bounds(systems: Sequence[Opened], notes: list[str]) -> tuple[tuple[float, float], list[Rule], list[str]]:
    """Each system's least score, and the rules that can be tried with what is known of it."""
    try:
        one, two = (least_score(system) for system in systems)
    except ConfigError as error:
        notes.append(f"Without theoretical-min: {str(error).partition(', and ')[0]}.")
        return (0.0, 0.0), [rule for rule in RULES if rule.how != "theoretical-min"], notes
    return (one, two), list(RULES), notes


def _curves(tried: Sequence[Pipeline], values: Floats, chosen: Pipeline) -> tuple[Curve, dict[str, Floats]]:
    """The curve that the choice lies on, and the other rules' at its depth; both ends are the systems alone."""
    means = values.mean(axis=1)
    inner = [number for number, pipeline in enumerate(tried) if not pipeline.single]
    shown = chosen if not chosen.single else tried[max(inner, key=lambda number: (means[number], -number))]
    alone = {pipeline.step: number for number, pipeline in enumerate(tried) if pipeline.single}
    weights = np.arange(STEP + 1) / STEP
    rows: dict[str, list[int]] = {}
    for number in inner:
        if tried[number].legs == shown.legs:
            rows.setdefault(tried[number].rule.name, [alone[0]]).append(number)
    rows = {name: [*numbers, alone[STEP]] for name, numbers in rows.items()}
    name = shown.rule.name
    others = {other: means[numbers] for other, numbers in rows.items() if other != name}
    return choosing.curve(f"{name}, {shown.legs} documents of each", weights, values[rows[name]]), others


def _command(words: Sequence[str]) -> str:
    import shlex

    return shlex.join(["harness", *words])
