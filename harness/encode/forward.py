"""A local model as an embedder: batches of like length through its forward pass, the next shard tokenized meanwhile.

The model behind is anything with `prepare` and `forward`; nothing here knows a library.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.encode.engine import PIECE, Arrival, Encoded, Report, stored
from harness.encode.guard import check_vectors
from harness.encode.store import Embeddings, VectorCache
from harness.errors import ModelError
from harness.jagged import Jagged, joined
from harness.types import Progress, no_progress

FIRST, LEAST, SECONDS = 2_048, 512, 60.0
"""Texts in the first shard, the fewest in a later one, and how long it may take: what a run that is killed loses."""


class Prepared(Protocol):
    """Texts in the model's tokens."""

    @property
    def tokens(self) -> NDArray[np.int64]: ...
    @property
    def read(self) -> NDArray[np.int64]: ...


class Model(Protocol):
    """What is asked of a loaded model."""

    @property
    def dimension(self) -> int: ...
    @property
    def budget(self) -> tuple[int, int]:
        """Padded tokens, and texts, that a batch may have."""

    def prepare(self, texts: Sequence[Any], prompt: str = "") -> Prepared:
        """The texts under a prompt, in the model's tokens."""

    def forward(self, prepared: Any, rows: NDArray[np.int64]) -> Embeddings:
        """Vectors of some of them, or several rows for each; `MemoryError` where the batch does not fit."""


def encode(
    model: Callable[[], Model],
    texts: Sequence[str],
    cache: VectorCache,
    *,
    prompt: str = "",
    names: Sequence[str] | None = None,
    progress: Progress = no_progress,
) -> Encoded:
    """`stored` vectors of a local model, which is loaded only if one is missing."""
    return stored(lambda: Forward(model()), texts, cache, prompt=prompt, names=names, progress=progress)


class Forward:
    """The embedder of a loaded model."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def dimension(self) -> int:
        """The model's."""
        return self._model.dimension

    def arrivals(self, texts: Sequence[Any], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """A shard at a time, which holds as many texts as the one before did in a minute."""

        def prepared(rows: NDArray[np.int64]) -> Prepared:
            return self._model.prepare([texts[row] for row in rows], prompt)

        every = np.arange(len(texts))
        size, start = FIRST, 0
        clock = time.perf_counter()
        with ThreadPoolExecutor(1) as ahead:
            rows = every[:size]
            coming = ahead.submit(prepared, rows)
            while len(rows):
                now, ready = rows, coming.result()
                start += len(now)
                rows = every[start : start + size]
                coming = ahead.submit(prepared, rows)
                vectors = _forward(self._model, ready, [labels[row] for row in now], report)
                took = time.perf_counter() - clock
                yield Arrival(now, vectors, ready.tokens, ready.read)
                size = int(np.clip(len(now) * SECONDS / max(1e-3, took), LEAST, PIECE))
                clock = time.perf_counter()


def batches(lengths: NDArray[np.int64], tokens: int, texts: int) -> Iterator[NDArray[np.int64]]:
    """Indices in batches, longest first, each within the budget of (padded) tokens and of texts."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, min(texts, tokens // max(1, int(lengths[order[start]]))))
        yield order[start : start + size]
        start += size


def _forward(model: Model, ready: Prepared, labels: Sequence[Any], report: Report) -> Embeddings:
    """Vectors of prepared texts. A batch that does not fit halves the budget, and the rest goes on under it."""
    made: list[tuple[NDArray[np.int64], Embeddings]] = []
    read = ready.read
    tokens, most = model.budget
    todo = list(batches(read, tokens, most))[::-1]
    while todo:
        batch = todo.pop()
        padded = int(read[batch].max(initial=1)) * len(batch)
        if padded > tokens and len(batch) > 1:
            todo += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            continue
        try:
            embeddings = model.forward(ready, batch)
        except MemoryError as error:
            if len(batch) == 1:
                raise ModelError(
                    f"The text '{labels[batch[0]]}' alone ({padded:,} tokens) does not fit into the device's memory. "
                    "Lower model.max_length, or use device=cpu."
                ) from error
            tokens = padded // 2
            todo.append(batch)
            continue
        check_vectors(embeddings, [str(labels[row]) for row in batch], model.dimension)
        made.append((batch, embeddings))
        report(len(batch), int(read[batch].sum()))
    return _in_order(made, len(labels), model.dimension)


def _in_order(made: Sequence[tuple[NDArray[np.int64], Embeddings]], texts: int, dimension: int) -> Embeddings:
    """What batches gave, in the order of the texts."""
    rows = np.concatenate([batch for batch, _ in made]) if made else np.zeros(0, dtype=np.int64)
    if any(isinstance(part, Jagged) for _, part in made):
        whole = joined([part for _, part in made])
        assert isinstance(whole, Jagged)
        return whole.take(np.argsort(rows))
    vectors = np.empty((texts, dimension), dtype=np.float32)
    for batch, part in made:
        vectors[batch] = np.asarray(part)
    return vectors
