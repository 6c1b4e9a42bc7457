"""What unjudged documents could do to a score, and to the order of two systems.

An unjudged document counts as irrelevant. Here the unjudged documents of the top k may turn out to have any grade from
0 to the highest in the data set. Judgments that exist stay. What stands outside the top k stays unjudged: relevant
documents that nobody retrieved would enlarge nDCG's ideal and what recall divides by, and no bound here covers them.
Without a cutoff, the top k is the whole run.

The values are trec_eval's for the changed judgments; `best_case.py` finds which change is the extreme one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import MeasureError
from harness.measures.best_case import EXACT, best_case
from harness.measures.evaluate import evaluate
from harness.measures.names import Measure, parse
from harness.types import Dataset, Run, Scores

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class JudgedDifference:
    """Mean of the first system minus that of the second, and how far the unjudged documents of both can move it.

    Attributes:
        mean: As judged.
        low, high: Where every unjudged document in either top k is judged in favour of the second, of the first. Both
            are reached: within a query one set of judgments holds for both systems.
    """

    measure: str
    first: str
    second: str
    mean: float
    low: float
    high: float

    @property
    def settled(self) -> bool:
        """True if no judgments of these documents can reverse the order, or make or break a tie of the two."""
        return self.low > ROUNDING or self.high < -ROUNDING or self.high - self.low <= ROUNDING


def bounds(run: Run, dataset: Dataset, measure: str) -> tuple[Scores, Scores]:
    """The least and the greatest value per query that judging the unjudged documents in its top k could give.

    Both are reached, each query by itself. For nDCG and MAP they need not be those with all irrelevant and all relevant:
    one more relevant document low in the ranking enlarges the ideal by more than it adds, so even the least value may
    lie below the score as it stands, and the greatest above the one with all of the highest grade.

    Raises:
        MeasureError: A measure whose bounds are not known (Rprec, plug-ins), or what `evaluate` refuses.
    """
    parsed = measure_among(measure, (*EXACT, "MAP"))
    nothing = Run([], [], [], run.depth)
    worst, best = _best_case(parsed, dataset, nothing, run), _best_case(parsed, dataset, run, nothing)
    return _scores(run, worst, measure), _scores(run, best, measure)


def settled(runs: Mapping[str, Run], dataset: Dataset, measure: str) -> JudgedDifference:
    """The difference of two systems, and how far judging the unjudged documents in their top k could still move it.

    Args:
        runs: Two systems by name.

    Raises:
        MeasureError: Not two systems, a measure for which this is not computed exactly (MAP, Rprec, plug-ins), or what
            `evaluate` refuses.
    """
    parsed = measure_among(measure, EXACT)
    (name, first), (other, second) = two(runs)

    def mean(data: Dataset) -> float:
        return float((_scores(first, data, measure).values - _scores(second, data, measure).values).mean())

    low, high = _best_case(parsed, dataset, second, first), _best_case(parsed, dataset, first, second)
    return JudgedDifference(parsed.name, name, other, mean(dataset), mean(low), mean(high))


def _best_case(measure: Measure, dataset: Dataset, first: Run, second: Run) -> Dataset:
    """The data set with the judgments that favour the first run over the second, in every query."""
    ours, theirs, top = tops(first, measure), tops(second, measure), highest(dataset)
    qrels = {
        query_id: {**best_case(measure, grades, ours.get(query_id, ()), theirs.get(query_id, ()), top), **grades}
        for query_id, grades in dataset.qrels.items()
    }
    return dataclasses.replace(dataset, qrels=qrels)


def tops(run: Run, measure: Measure) -> dict[str, Sequence[str]]:
    """query id → the documents that the measure looks at, best first."""
    return {query_id: documents[: measure.k] for query_id, documents in zip(run.query_ids, run.doc_ids, strict=True)}


def highest(dataset: Dataset) -> int:
    """The highest grade in the data set: what an unjudged document may turn out to have."""
    return max(grade for grades in dataset.qrels.values() for grade in grades.values())


def _scores(run: Run, dataset: Dataset, measure: str) -> Scores:
    return evaluate(run, dataset, [measure])[0]


def measure_among(measure: str, names: Sequence[str]) -> Measure:
    """The measure; `MeasureError` where it is none of `names`."""
    parsed = parse(measure)
    if parsed.plugin.name not in names:
        raise MeasureError(
            f"What unjudged documents could do to {parsed.name} is not computed. It is for {', '.join(names)}."
        )
    return parsed


def two(runs: Mapping[str, Run]) -> tuple[tuple[str, Run], tuple[str, Run]]:
    """Name and run of each of the two systems; `MeasureError` where there are not two."""
    if len(runs) != 2:
        raise MeasureError(f"Two systems are compared here, not {len(runs)}.")
    first, second = runs.items()
    return first, second
