"""The queries that differ most, and the documents that made it so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.report.comparison.values import Floats, Query, RankedDocument
from harness.types import Dataset, Run

WRONG = 1
"""Documents without merit shown of the loser's top."""
RELEVANT = 3
"""Relevant documents shown, those that moved furthest first."""


class Evidence:
    """Looks into two runs over one data set.

    Args:
        values: Scores of A and of B per query, in the order of the data set's queries.
        depth: How deep the measure looks; the whole run where it has no cutoff.
    """

    def __init__(self, dataset: Dataset, runs: tuple[Run, Run], values: tuple[Floats, Floats], depth: int) -> None:
        self._data, self._values, self._depth = dataset, values, depth
        self._ranked = tuple(dict(zip(run.query_ids, run.doc_ids, strict=True)) for run in runs)
        self._positions: Mapping[str, int] | None = None

    def queries(self, order: Sequence[int]) -> tuple[Query, ...]:
        """Those queries, in that order."""
        return tuple(self._query(position) for position in order)

    def _query(self, position: int) -> Query:
        queries = self._data.queries
        query_id = queries.ids[position]
        a, b = (float(value[position]) for value in self._values)
        documents = self._documents(query_id, ahead=0 if a > b else 1)
        return Query(query_id, queries.texts[position], a, b, documents)

    def _documents(self, query_id: str, ahead: int) -> tuple[RankedDocument, ...]:
        """The relevant documents that moved furthest, and what the one behind has at its top instead."""
        grades = self._data.qrels[query_id]
        rankings = [list(row.get(query_id, ())) for row in self._ranked]
        ranks = [{document: rank for rank, document in enumerate(ranking, start=1)} for ranking in rankings]
        beyond = max(map(len, rankings)) + 1

        def moved(document: str) -> float:
            first, second = (1 / ranks[side].get(document, beyond * 2) for side in (0, 1))
            return abs(first - second)

        relevant = sorted(
            (document_id for document_id in grades if grades[document_id] > 0),
            key=lambda document_id: (-moved(document_id), -grades[document_id], document_id),
        )
        loser = rankings[1 - ahead][: self._depth]
        wrong = [document_id for document_id in loser if grades.get(document_id, 0) <= 0][:WRONG]
        return tuple(
            RankedDocument(
                document_id,
                self._text(document_id),
                grades.get(document_id),
                ranks[0].get(document_id),
                ranks[1].get(document_id),
            )
            for document_id in [*relevant[:RELEVANT], *wrong]
        )

    def _text(self, document_id: str) -> str:
        if self._positions is None:
            self._positions = {document_id: position for position, document_id in enumerate(self._data.documents.ids)}
        position = self._positions.get(document_id)
        return self._data.documents.texts[position] if position is not None else "(not in the corpus)"
