"""One system's top k put in the order of another: `model=rerank model.systems=[bm25,minilm]`, or `model=rerank/bm25:minilm`.

The second system scores the first one's best k of each query as it would score candidates of a reranking task; the first
one's other documents follow in their own order. What the first does not return cannot be found.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from harness.context import Context
from harness.errors import ConfigError
from harness.facts import Facts
from harness.registry import system
from harness.systems.composed import Composed
from harness.systems.joined import notes_of_parts
from harness.systems.opened import Opened
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class Reranked(Composed):
    """Two stages; the index of the `second` is made when it is first needed, of what the first one returned."""

    def __init__(self, first: Opened, second: Opened, k: int) -> None:
        super().__init__("rerank", [first], k)
        self.second, self._k = second, k

    @property
    def facts(self) -> Facts:
        """The parts' licences and libraries; what is cut is cut at the second stage's length."""
        return dataclasses.replace(super().facts, max_length=self.second.facts.max_length)

    def join(
        self, runs: Sequence[Run], documents: Texts, queries: Texts, purpose: Purpose, depth: int, *,
        candidates: Candidates | None = None, exclude_self: bool = False, progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """The first run's top k by the second system, the tail below in its order."""
        (first,) = runs
        pools = {query_id: list(ids[: self._k]) for query_id, ids in zip(first.query_ids, first.doc_ids, strict=True)}
        answered = _subset(queries, [bool(pools.get(query_id)) for query_id in queries.ids])
        pooled = {document_id for pool in pools.values() for document_id in pool}
        corpus = _subset(documents, [document_id in pooled for document_id in documents.ids])
        if not len(answered):
            return dataclasses.replace(first, depth=depth)
        index = self.second.index(corpus, purpose, progress)
        try:
            second = index.search(answered, self._k, candidates=pools, progress=progress)
        finally:
            index.close()
        ordered = dict(zip(second.query_ids, zip(second.doc_ids, second.scores, strict=True), strict=True))
        ids, scores = [], []
        for query_id, ranking in zip(first.query_ids, first.doc_ids, strict=True):
            head, values = ordered.get(query_id, ([], np.zeros(0, dtype=np.float32)))
            head = list(head)
            tail = [
                *(document_id for document_id in ranking[: self._k] if document_id not in set(head)),
                *ranking[self._k :],
            ][: max(0, depth - len(head))]
            floor = float(values.min()) if len(values) else 0.0
            below = floor - (1.0 + abs(floor) * 1e-3) * np.arange(1, len(tail) + 1)  # of no meaning but their order
            ids.append([*head, *tail][:depth])
            scores.append(np.concatenate([values, below]).astype(np.float32)[:depth])
        notes = notes_of_parts([self.parts[0].name, self.second.name], [first, second])
        read = {
            name: getattr(second.notes, name) for name in ("first", "prompts", "truncation", "cut_documents", "fresh")
        }
        return Run(list(first.query_ids), ids, scores, depth, dataclasses.replace(notes, **read))

    def depth_of_parts(self, depth: int) -> int:
        """The top k, and whatever of the tail is returned."""
        return max(self.depth, depth)

    def _everything(self) -> Sequence[Opened]:
        return (*self.parts, self.second)


def _subset(texts: Texts, mask: Sequence[bool]) -> Texts:
    """The texts that are marked, without their properties."""
    positions = [position for position, marked in enumerate(mask) if marked]
    return Texts([texts.ids[position] for position in positions], [texts.texts[position] for position in positions])


@system
def rerank(systems: list[str], k: int = 100, *, context: Context) -> Reranked:
    """One system's top k ordered by another: model=rerank/bm25:minilm"""
    if len(systems) != 2:
        raise ConfigError(
            f"model=rerank takes two systems, the first stage and what orders its top k: model.systems=[bm25,minilm], not "
            f"{systems}."
        )
    if k < 1:
        raise ConfigError(f"model.k={k}: at least one document is to be ordered anew.")
    first, second = (context.open(name) for name in systems)
    assert isinstance(first, Opened) and isinstance(second, Opened)
    return Reranked(first, second, k)
