"""What fusions share: the legs' runs pooled query by query, each leg's part of a document's score summed, ranked.

A fusion says in `legs_of` what a leg gives to its documents (`harness/search/fusion.py`); the rest is alike.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.errors import ConfigError
from harness.facts import Notes
from harness.search.fusion import Floats, Leg, fused
from harness.search.pool import padded, pooled
from harness.search.ranking_order import best_rows
from harness.systems.composed import Composed
from harness.systems.opened import Opened
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress

BLOCK = 500
"""Queries that are joined at once: what a thousand documents of several legs hold of memory stays small."""


class Fusion(Composed):
    """Two or more systems, each with a weight.

    Args:
        weights: One per part; a part of weight 0 is left out, and a part that alone has one is the result, as it stands.
        depth: Documents of each part, whatever depth is returned.
    """

    def __init__(self, parts: Sequence[Opened], weights: Sequence[float], depth: int) -> None:
        super().__init__("fusion", parts, depth)
        self.weights = tuple(weights)

    @abstractmethod
    def legs_of(
        self, scores: Sequence[Floats], counts: Sequence[NDArray[np.int64]]
    ) -> tuple[Sequence[Leg], Sequence[Leg] | None]:
        """What each part gives, and the parts' own scores where a part that answers alone stands as it is.

        Args:
            scores: Per part, shape (queries, its depth), best first.
            counts: Per part, the documents of each query.
        """

    def join(
        self, runs: Sequence[Run], documents: Texts, queries: Texts, purpose: Purpose, depth: int, *,
        candidates: Candidates | None = None, exclude_self: bool = False, progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Sum in float64, rank in float32; ties by document id as everywhere."""
        notes = notes_of_parts([part.name for part in self.parts], runs)
        counted = [number for number, weight in enumerate(self.weights) if weight > 0]
        answers = [_by_query(run, self.depth) for run in runs]
        query_ids = list(queries.ids)
        ids: list[Sequence[str]] = []
        scores: list[NDArray[np.float32]] = []
        for start in range(0, len(query_ids), BLOCK):
            block = query_ids[start : start + BLOCK]
            rows = [[answer.get(query_id, NOTHING) for query_id in block] for answer in answers]
            if len(counted) == 1:
                ids += [names[:depth] for names, _ in rows[counted[0]]]
                scores += [values[:depth] for _, values in rows[counted[0]]]
                continue
            best, values = self._joined(rows, depth)
            ids += best
            scores += values
        return Run(query_ids, ids, scores, depth, notes)

    def _joined(
        self, rows: Sequence[Sequence[tuple[Sequence[str], NDArray[np.float32]]]], depth: int
    ) -> tuple[list[list[str]], list[NDArray[np.float32]]]:
        """Ids and scores of some queries' best `depth`, from each part's of the same queries."""
        pool = pooled([[names for names, _ in part] for part in rows])
        if not len(pool.names):
            return [[] for _ in rows[0]], [NOTHING[1] for _ in rows[0]]
        matrices = [padded([values for _, values in part]) for part in rows]
        legs, own = self.legs_of([scores for scores, _ in matrices], [counts for _, counts in matrices])
        total = fused(pool, legs, self.weights, own).astype(np.float32)
        place, score = best_rows(pool.documents, total, np.arange(len(pool.names)), depth)
        found = (score > -np.inf).sum(axis=1).tolist()
        best = [row[:count] for row, count in zip(pool.names[place].tolist(), found, strict=True)]
        return best, [row[:count] for row, count in zip(score, found, strict=True)]


NOTHING: tuple[Sequence[str], NDArray[np.float32]] = ((), np.zeros(0, dtype=np.float32))
"""The answer of a part that has none."""


def _by_query(run: Run, legs: int) -> dict[str, tuple[Sequence[str], NDArray[np.float32]]]:
    """query id → its first `legs` documents and their scores."""
    return {
        query_id: (names[:legs], values[:legs])
        for query_id, names, values in zip(run.query_ids, run.doc_ids, run.scores, strict=True)
    }


def notes_of_parts(names: Sequence[str], runs: Sequence[Run]) -> Notes:
    """What each part's search and index cost, by its name, with its own parts', and what a lexical part could not read."""
    parts = {}
    for name, run in zip(names, runs, strict=True):
        read = {
            "language": dict(run.notes.language),
            "without_terms": dict(run.notes.without_terms),
            "parts": run.notes.other.get("parts", {}),
        }
        parts[name] = {"seconds": dict(run.notes.seconds), **{key: value for key, value in read.items() if value}}
    return Notes(
        index={key: sum(run.notes.index.get(key, 0.0) for run in runs) for key in ("seconds", "bytes")},
        other={"parts": parts},
    )


def opened_parts(context: Context, plugin: str, systems: Sequence[str]) -> list[Opened]:
    """The parts by their names; `ConfigError` where they are not two or more, each once."""
    if len(systems) < 2 or len(set(systems)) < len(systems):
        raise ConfigError(
            f"model={plugin} joins two systems or more, each once: model.systems=[bm25,minilm], not {list(systems)}."
        )
    parts = [context.open(name) for name in systems]
    assert all(isinstance(part, Opened) for part in parts)
    return parts  # type: ignore[return-value]


def expect_weights(weights: Sequence[float], systems: Sequence[str]) -> None:
    """Refuse weights that are not one per system, or negative, or all 0; `ConfigError`."""
    if len(weights) != len(systems):
        raise ConfigError(
            f"model.weights={list(weights)} are {len(weights)} for {len(systems)} systems: one for each of "
            f"{', '.join(systems)}, in this order."
        )
    if min(weights) < 0 or not max(weights) > 0:
        raise ConfigError(
            f"model.weights={list(weights)}: a weight is not negative, and at least one is above 0. A system of weight 0 is "
            "left out."
        )
