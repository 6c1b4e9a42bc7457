"""Two systems on a task that mteb scored, item by item: from the values that their records keep; no data set is read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.records.record import Measured
from harness.report.comparison.differences import gap
from harness.report.comparison.values import SAME, Comparison, Query, SystemScore
from harness.stats.power import detectable
from harness.types import Scores


def compare_items(
    names: tuple[str, str],
    scores: tuple[Scores, Scores],
    task: str,
    measured: Measured,
    items: str,
    *,
    shown: int,
    notes: Sequence[str] = (),
) -> Comparison:
    """A against B on mteb's main score.

    Args:
        scores: Of the same items in the same order, each with the main score as its mean.
        measured: What is said of the measure.
        items: What the items are: `pairs`, `texts`, `documents` …
        shown: How many items won and lost are named.
    """
    a, b = (one.values for one in scores)
    differences = a - b
    sign = 1.0 if measured.direction == "higher" else -1.0
    order = [int(place) for place in np.argsort(-sign * differences, kind="stable")]
    ahead, behind = sign * differences > SAME, sign * differences < -SAME
    ids = scores[0].query_ids

    def queries(places: Sequence[int]) -> tuple[Query, ...]:
        return tuple(Query(ids[place], "", float(a[place]), float(b[place])) for place in places)

    return Comparison(
        task=task,
        measure=measured.measure,
        direction=measured.direction,
        unit=measured.unit,
        a=SystemScore(names[0], float(a.mean()), 0.0, 0.0),
        b=SystemScore(names[1], float(b.mean()), 0.0, 0.0),
        overall=gap("all", differences),
        differences=differences,
        wins=int(ahead.sum()),
        ties=int((~ahead & ~behind).sum()),
        losses=int(behind.sum()),
        slices=(),
        won=queries([place for place in order if ahead[place]][:shown]),
        lost=queries([place for place in order[::-1] if behind[place]][:shown]),
        detectable=detectable(differences),
        notes=tuple(notes),
        items=items,
    )
