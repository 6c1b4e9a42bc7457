"""A run and a data set → one value per query and measure. The common evaluator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import MeasureError
from harness.measures import trec
from harness.measures.judged import Judged, lookups
from harness.measures.names import Measure, parse
from harness.measures.standard import TREC_MEASURES
from harness.types import Dataset, Run, Scores


def evaluate(run: Run, dataset: Dataset, measures: Sequence[str]) -> list[Scores]:
    """Scores of every judged query, in the order of the data set; an unanswered one is scored as an empty ranking.

    Raises:
        MeasureError: A cutoff beyond the run's depth, an answer to a query that is not in the data set, a document
            ranked twice, or a plug-in measure that returned no finite number.
    """
    parsed = [parse(name) for name in measures]
    for measure in parsed:
        refuse_beyond_depth(measure, run.depth)
    _expect_queries(run, dataset)
    rankings = dict(zip(run.query_ids, run.doc_ids, strict=True))
    query_ids = list(dataset.queries.ids)
    qrels = {query_id: dataset.qrels[query_id] for query_id in query_ids}
    judged: list[Judged] | None = None
    results = []
    for measure in parsed:
        if measure.plugin.name in TREC_MEASURES:
            values = trec.score(measure, qrels, rankings)
        else:
            judged = judged if judged is not None else _judged(run, dataset)
            values = np.array([_call(measure, query) for query in judged])
        if len(values) != len(query_ids):
            raise MeasureError(f"{measure.name} answered for {len(values)} of {len(query_ids)} judged queries.")
        results.append(Scores(measure.name, query_ids, values))
    return results


def refuse_beyond_depth(measure: Measure, depth: int) -> None:
    """A measure at a cutoff that was never retrieved would look like a bad score."""
    if measure.k is not None and measure.k > depth:
        raise MeasureError(
            f"{measure.name} looks at {measure.k} documents and the run holds {depth} per query. "
            f"Evaluate with depth={measure.k}, or ask for a cutoff of at most {depth}."
        )


def _judged(run: Run, dataset: Dataset) -> list[Judged]:
    queries, documents = lookups(dataset)
    row_of = {query_id: index for index, query_id in enumerate(run.query_ids)}
    nothing = np.zeros(0, dtype=np.float32)
    return [
        Judged(
            query_id=query_id,
            ranking=run.doc_ids[row_of[query_id]] if query_id in row_of else [],
            scores=run.scores[row_of[query_id]] if query_id in row_of else nothing,
            grades=dataset.qrels[query_id],
            query=queries[query_id],
            documents=documents,
        )
        for query_id in dataset.queries.ids
    ]


def _call(measure: Measure, query: Judged) -> float:
    try:
        value = float(measure.plugin.function(query, **measure.options))
    except Exception as error:
        raise MeasureError(
            f"{measure.name} ({measure.plugin.place}) failed on query '{query.query_id}': {type(error).__name__}: {error}"
        ) from error
    if not np.isfinite(value):
        raise MeasureError(f"{measure.name} ({measure.plugin.place}) returned {value} for query '{query.query_id}'.")
    return value


def _expect_queries(run: Run, dataset: Dataset) -> None:
    strangers = set(run.query_ids) - set(dataset.queries.ids)
    if strangers:
        raise MeasureError(
            f"The run answers {len(strangers)} queries that {dataset.name} does not hold, such as "
            f"'{sorted(strangers)[0]}': it belongs to another data set or split."
        )
    for query_id, documents in zip(run.query_ids, run.doc_ids, strict=True):
        if len(set(documents)) < len(documents):
            raise MeasureError(f"The run ranks a document twice for query '{query_id}'.")
