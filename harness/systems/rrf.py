"""Reciprocal rank fusion of two or more systems: `model=rrf model.systems=[bm25,minilm]`, or `model=rrf/bm25+minilm`.

Cormack, Clarke and Büttcher 2009, Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods: a
document's score is the sum over the systems of 1 / (k + rank). A document that a system does not return among its first
`legs` gets nothing from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from harness.context import Context
from harness.errors import ConfigError
from harness.facts import Notes
from harness.registry import system
from harness.systems.composed import Composed
from harness.systems.opened import Opened
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class ReciprocalRankFusion(Composed):
    """The parts' ranks, not their scores, decide."""

    def __init__(self, parts: Sequence[Opened], k: int, depth: int) -> None:
        super().__init__("fusion", parts, depth)
        self._k = k

    def join(
        self, runs: Sequence[Run], documents: Texts, queries: Texts, purpose: Purpose, depth: int, *,
        candidates: Candidates | None = None, exclude_self: bool = False, progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Sum the reciprocal ranks in float64, the parts in their order; ties by document id as everywhere."""
        by_query = [dict(zip(run.query_ids, run.doc_ids, strict=True)) for run in runs]
        ids, scores = [], []
        for query_id in queries.ids:
            total: dict[str, float] = defaultdict(float)
            for rankings in by_query:
                for rank, document_id in enumerate(rankings.get(query_id, ()), start=1):
                    total[document_id] += 1.0 / (self._k + rank)
            single = {document_id: np.float32(score) for document_id, score in total.items()}
            best = sorted(single, key=lambda document_id: (single[document_id], document_id), reverse=True)[:depth]
            ids.append(best)
            scores.append(np.array([single[document_id] for document_id in best], dtype=np.float32))
        return Run(list(queries.ids), ids, scores, depth, notes_of_parts([part.name for part in self.parts], runs))


def notes_of_parts(names: Sequence[str], runs: Sequence[Run]) -> Notes:
    """What each part's search and index cost, by its name, and what a lexical part could not read."""
    parts = {}
    for name, run in zip(names, runs, strict=True):
        read = {"language": dict(run.notes.language), "without_terms": dict(run.notes.without_terms)}
        parts[name] = {"seconds": dict(run.notes.seconds), **{key: value for key, value in read.items() if value}}
    return Notes(
        index={key: sum(run.notes.index.get(key, 0.0) for run in runs) for key in ("seconds", "bytes")},
        other={"parts": parts},
    )


@system
def rrf(systems: list[str], k: int = 60, legs: int = 1000, *, context: Context) -> ReciprocalRankFusion:
    """Reciprocal rank fusion of two or more systems: model=rrf/bm25+minilm"""
    if len(systems) < 2 or len(set(systems)) < len(systems):
        raise ConfigError(
            f"model=rrf joins two systems or more, each once: model.systems=[bm25,minilm], not {systems}."
        )
    if k < 0 or legs < 1:
        raise ConfigError(
            f"model.k={k} model.legs={legs}: k is at least 0, and legs (documents of each system) at least 1."
        )
    return ReciprocalRankFusion([_open(context, name) for name in systems], k, legs)


def _open(context: Context, name: str) -> Opened:
    part = context.open(name)
    assert isinstance(part, Opened)
    return part
