"""Two scored runs over one data set → their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.measures.evaluate import evaluate
from harness.measures.names import Measure
from harness.report.comparison.differences import gap, groups, slices
from harness.report.comparison.evidence import Evidence
from harness.report.comparison.unjudged import unsettled
from harness.report.comparison.values import SAME, Comparison, Floats, MeanDifference, SystemScore
from harness.stats.power import detectable
from harness.types import Dataset, Run

NOTABLE = 0.02
"""Difference in the share of unjudged documents from which on two systems are not judged alike."""
UNANSWERED = 0.1
"""Share of unanswered queries from which on a difference over all of them says who answered, and not who is better."""
EXPECTED = {"nDCG", "MRR", "recall"}
"""Measures whose expected value over the orders of ties is known."""


@dataclass(frozen=True)
class Contestant:
    """A name and its run."""

    name: str
    run: Run


def compare(
    a: Contestant,
    b: Contestant,
    task: str,
    dataset: Dataset,
    measure: Measure,
    *,
    shown: int,
    notes: Sequence[str] = (),
) -> Comparison:
    """A against B on one measure.

    Args:
        shown: How many queries won and lost are looked into.
        notes: What is known of the two beforehand.
    """
    depth = measure.k or max(a.run.depth, b.run.depth)
    looked = min(depth, a.run.depth, b.run.depth)
    values, sides = [], []
    for contestant in (a, b):
        scores, unjudged, ties = evaluate(
            contestant.run, dataset, [measure.name, f"unjudged@{looked}", f"ties@{looked}"]
        )
        values.append(scores.values)
        sides.append(
            SystemScore(
                contestant.name, float(scores.values.mean()), float(unjudged.values.mean()), float(ties.values.mean())
            )
        )
    differences = values[0] - values[1]
    sign = 1.0 if measure.plugin.direction == "higher" else -1.0
    order = np.argsort(-sign * differences, kind="stable")
    ahead, behind = sign * differences > SAME, sign * differences < -SAME
    unanswered, answered = _answers((a, b), dataset, differences)
    evidence = Evidence(dataset, (a.run, b.run), (values[0], values[1]), depth)
    return Comparison(
        task=task,
        measure=measure.name,
        direction=measure.plugin.direction,
        unit=measure.plugin.unit,
        a=sides[0],
        b=sides[1],
        overall=gap("all", differences),
        differences=differences,
        wins=int(ahead.sum()),
        ties=int((~ahead & ~behind).sum()),
        losses=int(behind.sum()),
        slices=slices(differences, groups(dataset.queries.properties, dataset.queries.texts)),
        won=evidence.queries([int(position) for position in order[:shown] if ahead[position]]),
        lost=evidence.queries([int(position) for position in order[::-1][:shown] if behind[position]]),
        detectable=detectable(differences),
        notes=(*notes, *_doubts(sides, looked), *_tied((a, b), sides, dataset, measure)),
        unsettled=unsettled({a.name: a.run, b.name: b.run}, dataset, measure.name),
        unanswered=unanswered,
        answered=answered,
    )


def _answers(
    contestants: Sequence[Contestant], dataset: Dataset, differences: Floats
) -> tuple[dict[str, int], MeanDifference | None]:
    """Who leaves more than a tenth of the queries unanswered, and the difference over those that both answer."""
    total, both = len(dataset.queries), set(dataset.queries.ids)
    lacking: dict[str, int] = {}
    for contestant in contestants:
        run = contestant.run
        answered = {query_id for query_id, ids in zip(run.query_ids, run.doc_ids, strict=True) if len(ids)}
        both &= answered
        missing = total - len(answered & set(dataset.queries.ids))
        if missing > UNANSWERED * total:
            lacking[contestant.name] = missing
    if not lacking or len(both) < 2:
        return lacking, None
    inside = np.array([query_id in both for query_id in dataset.queries.ids])
    return lacking, gap("answered by both", differences[inside])


def _doubts(sides: Sequence[SystemScore], k: int) -> list[str]:
    first, second = sides
    lines = []
    if abs(first.unjudged - second.unjudged) >= NOTABLE:
        worse = first if first.unjudged > second.unjudged else second
        lines.append(
            f"unjudged@{k} differs: {first.name} {first.unjudged:.1%}, {second.name} {second.unjudged:.1%}. Unjudged documents "
            f"count as wrong, so {worse.name} may be better than its number."
        )
    return lines


def _tied(
    contestants: Sequence[Contestant], sides: Sequence[SystemScore], dataset: Dataset, measure: Measure
) -> list[str]:
    """Where the order of ties decides more than a little: the measure's mean over all their orders, where there is one."""
    if max(side.ties for side in sides) <= NOTABLE:
        return []
    shares = ", ".join(f"{side.name} {side.ties:.1%}" for side in sides)
    line = f"Share of top documents whose score another one has too: {shares}. There the document ids decide"
    if measure.plugin.name not in EXPECTED:
        return [f"{line}."]
    name = f"expected-{measure.name}"
    means = ", ".join(
        f"{contestant.name} {float(evaluate(contestant.run, dataset, [name])[0].values.mean()):.3f}"
        for contestant in contestants
    )
    return [f"{line}; over every order of the ties {name} is: {means}."]
