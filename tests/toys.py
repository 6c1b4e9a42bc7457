"""Small objects with numbers that can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.config.jobs import Job
from harness.context import Context
from harness.data.build import dataset
from harness.evaluation.runs import fresh_run
from harness.facts import Facts
from harness.refs import SystemRef, TaskRef
from harness.search.vector_index import VectorIndex
from harness.systems.opened import Opened
from harness.types import Dataset, Purpose, Run, Task, Texts, no_progress


def data(
    qrels: Mapping[str, Mapping[str, int]], documents: Sequence[str] = ("a", "b", "c", "d"), **options: Any
) -> Dataset:
    """A data set of these judgments, whose texts say their ids."""
    return dataset(
        name="toy",
        split="test",
        documents=Texts(list(documents), [f"document {one}" for one in documents]),
        queries=Texts(list(qrels), [f"query {one}" for one in qrels]),
        qrels=qrels,
        **options,
    )


def run(rankings: Mapping[str, Mapping[str, float]], depth: int = 10) -> Run:
    """A run in the harness's one order."""
    from harness.search.ranking_order import id_ranks, top

    ids, scores = [], []
    for documents in rankings.values():
        names = list(documents)
        values = np.array([documents[name] for name in names], dtype=np.float32)
        best = top(values, id_ranks(names), depth) if names else np.zeros(0, dtype=np.int64)
        ids.append([names[place] for place in best])
        scores.append(values[best])
    return Run(list(rankings), ids, scores, depth)


def task(whole: Dataset, measures: Sequence[str] = ("nDCG@10",), **options: Any) -> Task:
    return Task(dataset=whole, measures=tuple(measures), name=options.pop("name", "toy"), **options)


class Fixed:
    """A system that answers with a given run; for what lies behind the ranking."""

    facts = Facts(kind="fixed")

    def __init__(self, answer: Run, name: str = "fixed", identity: str = "1") -> None:
        self.name, self.identity, self._answer = name, identity, answer
        self.searched = 0

    def identity_for(self, _: Purpose) -> str:
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress=no_progress) -> Fixed:
        return self

    def search(self, queries: Texts, depth: int, **_: Any) -> Run:
        self.searched += 1
        answer = dict(
            zip(self._answer.query_ids, zip(self._answer.doc_ids, self._answer.scores, strict=True), strict=True)
        )
        ids = [query_id for query_id in queries.ids if query_id in answer]
        return Run(ids, [answer[one][0][:depth] for one in ids], [answer[one][1][:depth] for one in ids], depth)


def whole(system: Any, name: str = "") -> Opened:
    """A system as the harness uses it."""
    return Opened(system, name or getattr(system, "name", "toy"), "toys.py:1", str(getattr(system, "identity", "1")))


def ranked(system: Any, task: Task, context: Context | None = None) -> Run:
    """What a system answers to a task: indexed, searched, checked."""
    return fresh_run(context or Context(), system if isinstance(system, Opened) else whole(system), task)


def job(system: str = "fixed", task: str = "toy") -> Job:
    """A cell by its labels alone."""
    return Job(SystemRef("toy", {}, system), TaskRef("toy", {}, task))


def search(
    queries: Any, documents: Any, query_ids: Any, document_ids: Any, *, similarity: str, depth: int, **options: Any
):
    """Ids and scores of vectors, indexed and searched at once."""
    asked = {key: options.pop(key) for key in ("exclude_self", "candidates") if key in options}
    return VectorIndex(documents, document_ids, similarity=similarity, **options).search(
        queries, query_ids, depth, **asked
    )
