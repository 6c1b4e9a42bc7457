"""Which unjudged documents to judge next: those whose judgment would move the difference of two systems most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.measures import trec
from harness.measures.evaluate import evaluate
from harness.measures.holes import ROUNDING, highest, measure_among, tops, two
from harness.measures.names import Measure
from harness.measures.standard import TREC_MEASURES
from harness.types import Dataset, Run

AT_ONCE = 1000  # pairs scored in one call; each needs a copy of its query's judgments


@dataclass(frozen=True, slots=True)
class Pair:
    """An unjudged document of one query, and what its judgment is worth.

    Attributes:
        effect: By how much the difference of the means, first system minus second, changes if the document has the
            highest grade in the data set rather than none, all else unchanged. Above 0 it speaks for the first.
    """

    query_id: str
    document_id: str
    effect: float


def judging_priority(runs: Mapping[str, Run], dataset: Dataset, measure: str, most: int = 20) -> list[Pair]:
    """The unjudged pairs in either top k whose judgment moves the difference most; those that move nothing are left out.

    Each effect is that of one judgment alone, by trec_eval. A document that both systems rank alike still moves nDCG,
    recall and MAP a little where the two differ: it enlarges what both are divided by.

    Args:
        runs: Two systems by name.
        most: How many pairs at most; ordered by falling size of the effect, then by query id and document id.

    Raises:
        MeasureError: Not two systems, a plug-in measure, or what `evaluate` refuses.
    """
    parsed = measure_among(measure, sorted(TREC_MEASURES))
    (_, first), (_, second) = two(runs)
    before = _differences(first, second, dataset, parsed.name)
    ours, theirs, top = tops(first, parsed), tops(second, parsed), highest(dataset)
    unjudged = [
        (query_id, document)
        for query_id in before
        for document in {*ours.get(query_id, ()), *theirs.get(query_id, ())} - dataset.qrels[query_id].keys()
    ]
    pairs: list[Pair] = []
    for start in range(0, len(unjudged), AT_ONCE):
        part = unjudged[start : start + AT_ONCE]
        after = _judged(parsed, dataset, part, top, ours) - _judged(parsed, dataset, part, top, theirs)
        for (query_id, document), value in zip(part, after.tolist(), strict=True):
            moved = value - before[query_id]
            if abs(moved) > ROUNDING:
                pairs.append(Pair(query_id, document, moved / len(before)))
    # equal effects come out of rounding apart, and the ids decide
    return sorted(pairs, key=lambda pair: (-round(abs(pair.effect), 12), pair.query_id, pair.document_id))[:most]


def _differences(first: Run, second: Run, dataset: Dataset, measure: str) -> dict[str, float]:
    """query id → value of the first minus that of the second, as judged."""
    ours, theirs = (evaluate(run, dataset, [measure])[0].values for run in (first, second))
    return dict(zip(dataset.queries.ids, (ours - theirs).tolist(), strict=True))


def _judged(
    measure: Measure,
    dataset: Dataset,
    pairs: Sequence[tuple[str, str]],
    top: int,
    rankings: Mapping[str, Sequence[str]],
) -> NDArray[np.float64]:
    """The measure of each pair's query, had that one document the grade `top`; shape (pairs,).

    Each pair is given to trec_eval as a query of its own.
    """
    names = [str(number) for number in range(len(pairs))]
    qrels = {
        name: {**dataset.qrels[query_id], document: top}
        for name, (query_id, document) in zip(names, pairs, strict=True)
    }
    answers = {name: rankings.get(query_id, ()) for name, (query_id, _) in zip(names, pairs, strict=True)}
    return trec.score(measure, qrels, answers)
