"""Token pooling: a document's vectors that are alike become one (Clavié et al. 2024, Reducing the Footprint of Multi-Vector
Retrieval with Token Pooling): Ward's clusters of cosine, all but the first token's, as sentence-transformers has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from harness.encode.engine import Arrival, Encoded, Report
from harness.jagged import Jagged, starts_of
from harness.types import Progress, no_progress

Whole = Callable[[Sequence[Any], Sequence[Any], Progress], Encoded]
"""(texts, their names, progress) → their vectors before they are pooled."""
TEXTS = 1_024
"""Texts that are pooled, and kept, at once."""


class Pooled:
    """What makes pooled vectors of those that are not pooled, wherever these are kept: a second factor encodes nothing."""

    def __init__(self, whole: Whole, factor: int) -> None:
        self._whole, self._factor = whole, factor

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        return self._whole([], [], no_progress).dimension

    def arrivals(self, texts: Sequence[Any], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """A thousand texts at a time."""
        import torch
        from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling

        pooling = HierarchicalTokenPooling(self._factor)
        for start in range(0, len(texts), TEXTS):
            part = texts[start : start + TEXTS]
            encoded = self._whole(part, labels[start : start + TEXTS], no_progress)
            whole = encoded.read_jagged()
            values = torch.from_numpy(np.array(whole.values, dtype=np.float32))
            rows = pooling.pool(list(torch.split(values, whole.counts.tolist())), task="document")
            counts = np.array([len(row) for row in rows], dtype=np.int64)
            facts = encoded.facts
            read = facts["tokens"] - facts["cut"]
            report(len(part), int(read.sum()))
            yield Arrival(
                np.arange(start, start + len(part)), Jagged(torch.cat(rows).numpy(), starts_of(counts)),
                facts["tokens"].astype(np.int64), read.astype(np.int64),
            )  # fmt: skip
