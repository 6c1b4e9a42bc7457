"""A system's run, and those of the other recorded systems of its task → its failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.measures.evaluate import evaluate
from harness.measures.names import Measure
from harness.report.comparison.differences import FEWEST, groups
from harness.report.failures.values import Document, FailedQuery, Failures, Row, SharedFailure, Slice
from harness.report.formatting import SHARES, percent
from harness.stats.bootstrap import estimate
from harness.types import Dataset, Run

TOP = 10
"""How deep the top is where the measure has no cutoff."""
ANSWERS, RELEVANT = 3, 3
"""Documents of a query that are shown of either kind."""
UNANSWERED = 0.1
"""Share of unanswered queries from which on the mean says more of who answered than of how well."""

Floats = NDArray[np.float64]
Ranking = Mapping[str, Sequence[str]]


def failures(
    system: str, task: str, dataset: Dataset, runs: Mapping[str, Run], measure: Measure, *, shown: int, notes: Sequence[str] = ()
) -> Failures:  # fmt: skip
    """Where a system fails.

    Args:
        runs: Every recorded system's run over this data set by its name, this system's among them.
        shown: How many queries of either kind are looked into.
        notes: What is known beforehand.
    """
    evidence = Evidence(dataset, {name: _ranked(run) for name, run in runs.items()}, system, measure.k or TOP)
    values = evaluate(runs[system], dataset, [measure.name])[0].values
    missed = {name: evidence.without_relevant(name) for name in runs}
    without = np.sum(list(missed.values()), axis=0)
    order = evidence.worst_first(values, higher=measure.plugin.direction == "higher")
    failing = [place for place in order if not _best(float(values[place]), values, measure)]
    shared = [place for place in order if len(runs) > 1 and without[place] == len(runs)]
    shared.sort(key=evidence.agreement, reverse=True)
    queries = dataset.queries
    slices = [
        _slice(what, values[places], missed[system][places])
        for what, places in groups(queries.properties, queries.texts).items()
        if len(places) >= FEWEST
    ]
    sign = 1 if measure.plugin.direction == "higher" else -1
    return Failures(
        system=system,
        task=task,
        measure=measure.name,
        direction=measure.plugin.direction,
        unit=measure.plugin.unit,
        k=evidence.k,
        overall=_slice("all", values, missed[system]),
        slices=tuple(sorted(slices, key=lambda one: (sign * one.estimate.mean, one.what))),
        worst=tuple(evidence.query(place, float(values[place])) for place in failing[:shown]),
        failing=len(failing),
        systems=tuple(sorted(runs)),
        shared=tuple(evidence.shared(place, float(values[place])) for place in shared[:shown]),
        shared_count=len(shared),
        rows=tuple(evidence.row(place, float(values[place]), int(without[place])) for place in order),
        notes=(*notes, *evidence.notes()),
    )


class Evidence:
    """Looks into the rankings of one data set.

    Args:
        rankings: System → query id → its documents.
        system: Whose failures these are.
        k: How deep the top is.
    """

    def __init__(self, dataset: Dataset, rankings: Mapping[str, Ranking], system: str, k: int) -> None:
        self._data, self._rankings, self.k = dataset, rankings, k
        self._ranked = rankings[system]
        self._places: dict[str, int] | None = None

    def without_relevant(self, system: str) -> NDArray[np.bool_]:
        """Per query whether a system has no relevant document in its top; shape (queries,)."""
        ranked, qrels = self._rankings[system], self._data.qrels
        return np.array(
            [
                not any(qrels[query_id].get(document, 0) > 0 for document in ranked.get(query_id, ())[: self.k])
                for query_id in self._data.queries.ids
            ],
            dtype=bool,
        )

    def worst_first(self, values: Floats, *, higher: bool) -> list[int]:
        """Places of the queries: by the measure, then by how far down the first relevant document is, then by id."""
        ids = self._data.queries.ids
        first = [self._first(query_id) or np.inf for query_id in ids]
        signed = values if higher else -values
        return sorted(range(len(ids)), key=lambda place: (signed[place], -first[place], ids[place]))

    def query(self, place: int, value: float) -> FailedQuery:
        """One query with its documents."""
        queries, query_id = self._data.queries, self._data.queries.ids[place]
        ranking = self._ranked.get(query_id, ())
        rank = {document: number for number, document in enumerate(ranking, start=1)}
        relevant = self._relevant(query_id, rank)
        return FailedQuery(
            query_id, queries.texts[place], value,
            tuple(self._document(query_id, document, rank) for document in ranking[:ANSWERS]),
            tuple(self._document(query_id, document, rank) for document in relevant[:RELEVANT]),
            len(relevant[RELEVANT:]),
        )  # fmt: skip

    def shared(self, place: int, value: float) -> SharedFailure:
        """A query on which every system fails, with the document that most of them put first."""
        query_id = self._data.queries.ids[place]
        favourite, votes = self._favourite(query_id)
        query = self.query(place, value)
        if not votes:
            return SharedFailure(query, None, 0)
        rank = {document: number for number, document in enumerate(self._ranked.get(query_id, ()), start=1)}
        return SharedFailure(query, self._document(query_id, favourite, rank), votes)

    def agreement(self, place: int) -> int:
        """How many systems put the same document first for a query."""
        return self._favourite(self._data.queries.ids[place])[1]

    def _favourite(self, query_id: str) -> tuple[str, int]:
        """The document that most systems put first, and how many do."""
        first = Counter(ranked[query_id][0] for ranked in self._rankings.values() if ranked.get(query_id))
        return min(first.items(), key=lambda item: (-item[1], item[0]), default=("", 0))

    def row(self, place: int, value: float, without: int) -> Row:
        """One query for the table."""
        queries, query_id = self._data.queries, self._data.queries.ids[place]
        ranking = self._ranked.get(query_id, ())
        rank = {document: number for number, document in enumerate(ranking, start=1)}
        relevant = tuple(self._relevant(query_id, rank))
        first = self._first(query_id)
        return Row(query_id, queries.texts[place], value, first, tuple(ranking[:ANSWERS]), relevant, without)

    def notes(self) -> list[str]:
        """A run that leaves many queries unanswered: its mean says who was answered."""
        total = len(self._data.queries)
        empty = sum(not self._ranked.get(query_id) for query_id in self._data.queries.ids)
        if empty <= UNANSWERED * total:
            return [f"{empty} of {total} queries are left unanswered and score as empty."] if empty else []
        return [f"{percent(empty / total)} of the queries ({empty} of {total}) are left unanswered and score as empty."]

    def _relevant(self, query_id: str, rank: Mapping[str, int]) -> list[str]:
        grades = self._data.qrels[query_id]
        return sorted(
            (document for document, grade in grades.items() if grade > 0),
            key=lambda document: (-grades[document], rank.get(document, np.inf), document),
        )

    def _first(self, query_id: str) -> int | None:
        grades = self._data.qrels[query_id]
        ranking = self._ranked.get(query_id, ())
        return next((number for number, one in enumerate(ranking, start=1) if grades.get(one, 0) > 0), None)

    def _document(self, query_id: str, document_id: str, rank: Mapping[str, int]) -> Document:
        if self._places is None:
            self._places = {one: place for place, one in enumerate(self._data.documents.ids)}
        place = self._places.get(document_id)
        text = self._data.documents.texts[place] if place is not None else "(not in the corpus)"
        return Document(document_id, text, self._data.qrels[query_id].get(document_id), rank.get(document_id))


def _ranked(run: Run) -> Ranking:
    return dict(zip(run.query_ids, run.doc_ids, strict=True))


def _slice(what: str, values: Floats, without: NDArray[np.bool_]) -> Slice:
    return Slice(what, estimate(values), int(without.sum()))


def _best(value: float, values: Floats, measure: Measure) -> bool:
    """True for the best value that there is: 1 of a share (0 where less is better), else the best of the column."""
    higher = measure.plugin.direction == "higher"
    if measure.plugin.unit in SHARES:
        return value >= 1.0 if higher else value <= 0.0
    return value >= float(values.max()) if higher else value <= float(values.min())
