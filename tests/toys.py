"""Small objects with numbers that can be checked by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.data.build import dataset
from harness.types import Dataset, Run, Task, Texts, no_progress


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
    from harness.search.order import id_ranks, top

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

    def __init__(self, answer: Run, name: str = "fixed", identity: str = "1") -> None:
        self.name, self.identity, self._answer = name, identity, answer
        self.facts: Mapping[str, Any] = {"kind": "fixed", "dimension": None}
        self.searched = 0

    def search(self, _: Task, progress=no_progress) -> Run:
        self.searched += 1
        return self._answer
