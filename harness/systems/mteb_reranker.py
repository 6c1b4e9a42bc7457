"""A reranker of mteb's registry: its own wrapper scores the pairs, template, cut and activation included."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.context import Context
from harness.encode.engine import Arrival, Report
from harness.encode.guard import check_vectors
from harness.models.mteb_loader import pair_scores
from harness.types import Purpose

AT_ONCE = 1_024
"""Pairs that are handed to mteb's wrapper at once: what a run that is killed loses."""


class MtebReranker:
    """What `CandidateIndex` asks, of a model that mteb loads when the first score is missing."""

    def __init__(self, name: str, context: Context, made_by: Mapping[str, Any], model: Callable[[], Any]) -> None:
        self.name, self.context, self._made_by, self._model = name, context, made_by, model

    def configuration(self, purpose: Purpose) -> Mapping[str, Any]:
        """Model, revision, mteb's version, and the task, on which its instructions may depend."""
        return {**self._made_by, "task": purpose.task, "kind": purpose.kind}

    def embedder(self, purpose: Purpose) -> WrappedPairs:
        """mteb's wrapper."""
        return WrappedPairs(self._model(), purpose)

    def prompts_for(self, purpose: Purpose) -> Mapping[str, str]:
        """mteb's business."""
        return {}

    def other_notes(self) -> Mapping[str, Any]:
        """Nothing: mteb says nothing of what its wrappers cut."""
        return {}


class WrappedPairs:
    """mteb's wrapper of a cross-encoder as an embedder of pairs."""

    dimension = 2

    def __init__(self, model: Any, purpose: Purpose) -> None:
        self._model, self._purpose = model, purpose

    def arrivals(self, texts: Sequence[Any], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """A thousand pairs after the other; of their tokens, and of what was cut, mteb says nothing."""
        for start in range(0, len(texts), AT_ONCE):
            part = texts[start : start + AT_ONCE]
            rows = np.zeros((len(part), 2), dtype=np.float32)
            rows[:, 0] = pair_scores(self._model, part, self._purpose)
            check_vectors(rows, [str(label) for label in labels[start : start + AT_ONCE]], 2)
            report(len(part), 0)
            unseen = np.zeros(len(part), dtype=np.int64)
            yield Arrival(np.arange(start, start + len(part)), rows, unseen, unseen)
