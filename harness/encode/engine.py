"""Texts to vectors: each text once, in batches of like length, every vector checked and kept.

The model behind is anything with `prepare` and `forward`; the engine knows no library. It is opened only when a vector is
not in the store: an evaluation whose vectors are all there loads nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.encode.guard import check_vectors
from harness.encode.shard import FACTS, Keys
from harness.encode.store import Locations, VectorCache, text_keys
from harness.errors import ModelError
from harness.types import Progress, Vectors, no_progress

PIECE = 65_536
"""Texts that are looked up at once, and so the most that are held in memory."""
FIRST, LEAST, SECONDS = 2_048, 512, 60.0
"""Texts in the first shard, the fewest in a later one, and the seconds a shard may take: a run that is killed loses that much."""


class Prepared(Protocol):
    """Texts in the model's tokens."""

    @property
    def tokens(self) -> NDArray[np.int64]: ...
    @property
    def read(self) -> NDArray[np.int64]: ...


class Model(Protocol):
    """What the engine asks of a loaded model."""

    @property
    def dimension(self) -> int: ...
    @property
    def budget(self) -> tuple[int, int]:
        """Padded tokens, and texts, that a batch may have."""

    def prepare(self, texts: Sequence[str], prompt: str = "") -> Prepared:
        """The texts under a prompt, in the model's tokens."""

    def forward(self, prepared: Any, rows: NDArray[np.int64]) -> Vectors:
        """Vectors of some of them; `MemoryError` where the batch does not fit."""


@dataclass(frozen=True)
class Encoded:
    """The vectors of texts, in their order, wherever they are kept.

    Attributes:
        facts: Tokens, cut, norm and seconds of each text; shape (texts,), dtype `FACTS`.
        fresh: How many distinct texts were encoded now; the others were in the store.
    """

    cache: VectorCache
    locations: Locations
    facts: NDArray[Any]
    dimension: int
    fresh: int = 0

    def __len__(self) -> int:
        return len(self.facts)

    def read(self, start: int = 0, stop: int | None = None) -> Vectors:
        """Vectors start to stop; float32, shape (stop − start, dimension)."""
        part = self.locations[start : len(self) if stop is None else stop]
        out = np.empty((len(part.row), self.dimension), dtype=np.float32)
        self.cache.read(part, out)
        return out

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Vectors at those positions; float32, shape (len(positions), dimension)."""
        out = np.empty((len(positions), self.dimension), dtype=np.float32)
        self.cache.read(self.locations[positions], out)
        return out

    def norms(self) -> dict[str, float]:
        """Distribution of the vectors' lengths: cosine and dot agree only where these are all 1."""
        norms = self.facts["norm"]
        low, middle, high = np.quantile(norms, [0, 0.5, 1]) if len(norms) else (0.0, 0.0, 0.0)
        return {"least": round(float(low), 6), "median": round(float(middle), 6), "most": round(float(high), 6)}


def encode(
    model: Callable[[], Model],
    texts: Sequence[str],
    cache: VectorCache,
    *,
    prompt: str = "",
    names: Sequence[str] | None = None,
    progress: Progress = no_progress,
) -> Encoded:
    """Vectors of `texts`, from the cache where they are there, else from the model, and then kept.

    Args:
        model: Opens the model; called only if a vector is missing.
        prompt: Literal text in front of each.
        names: Ids of the texts, for messages; their positions where not given.

    Raises:
        VectorError: A vector is not finite, or of another dimension; names the text.
    """
    parts: list[Locations] = []
    facts: list[NDArray[Any]] = []
    fresh = 0
    for start in range(0, len(texts), PIECE):
        piece = texts[start : start + PIECE]
        labels = names[start : start + PIECE] if names is not None else range(start, start + len(piece))
        keys = text_keys(piece)
        locations = cache.find(keys)
        while len(locations.missing):  # again where a shard was found to be damaged after it was written
            _, first = np.unique(keys[locations.missing], return_index=True)
            absent = locations.missing[np.sort(first)]
            report = _PartProgress(progress, start + len(piece) - len(absent), len(texts))
            _fill(model(), piece, labels, keys, absent, cache, prompt, report)
            fresh += len(absent)
            locations = cache.find(keys)
        parts.append(locations)
        facts.append(cache.facts(locations))
        progress(start + len(piece), len(texts))
    dimension = cache.dimension or model().dimension
    return Encoded(
        cache, Locations.joined(parts), np.concatenate(facts) if facts else np.zeros(0, FACTS), dimension, fresh
    )


def truncation(facts: Sequence[NDArray[Any]]) -> dict[str, Any]:
    """Share of texts and of tokens that the model's limit cut off."""
    joined = np.concatenate(facts) if facts else np.zeros(0, FACTS)
    tokens, cut = int(joined["tokens"].sum(dtype=np.int64)), joined["cut"]
    return {
        "texts": len(joined),
        "tokens": tokens,
        "texts_cut": float((cut > 0).mean()) if len(cut) else 0.0,
        "tokens_cut": float(cut.sum(dtype=np.int64) / max(1, tokens)),
    }


def batches(lengths: NDArray[np.int64], tokens: int, texts: int) -> Iterator[NDArray[np.int64]]:
    """Indices in batches, longest first, each within the budget of (padded) tokens and of texts."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, min(texts, tokens // max(1, int(lengths[order[start]]))))
        yield order[start : start + size]
        start += size


class _PartProgress:
    """Reports the progress of one part as progress of the whole."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress, self._done, self._total = progress, before, total

    def __call__(self, texts: int, tokens: int) -> None:
        self._done += texts
        self._progress(self._done, self._total, tokens)


def _fill(
    model: Model,
    texts: Sequence[str],
    labels: Sequence[Any],
    keys: Keys,
    absent: NDArray[np.int64],
    cache: VectorCache,
    prompt: str,
    report: _PartProgress,
) -> None:
    """Encode the texts at the positions `absent`, a shard at a time; the next is tokenized while this one is computed."""

    def prepared(rows: NDArray[np.int64]) -> Prepared:
        return model.prepare([texts[row] for row in rows], prompt)

    size, start = FIRST, 0
    clock = time.perf_counter()
    with ThreadPoolExecutor(1) as ahead:
        rows = absent[:size]
        coming = ahead.submit(prepared, rows)
        while len(rows):
            now, ready = rows, coming.result()
            start += len(now)
            rows = absent[start : start + size]
            coming = ahead.submit(prepared, rows)
            vectors = _forward(model, ready, [labels[row] for row in now], report)
            facts = np.zeros(len(now), dtype=FACTS)
            facts["tokens"], facts["cut"] = ready.tokens, ready.tokens - ready.read
            facts["norm"] = np.linalg.norm(vectors, axis=1)
            took = time.perf_counter() - clock
            facts["seconds"] = took * ready.read / max(1, int(ready.read.sum()))
            cache.add(keys[now], vectors, facts)
            size = int(np.clip(len(now) * SECONDS / max(1e-3, took), LEAST, PIECE))
            clock = time.perf_counter()


def _forward(model: Model, ready: Prepared, labels: Sequence[Any], report: _PartProgress) -> Vectors:
    """Vectors of prepared texts. A batch that does not fit halves the budget, and the rest goes on under it."""
    vectors = np.empty((len(labels), model.dimension), dtype=np.float32)
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
        vectors[batch] = embeddings
        report(len(batch), int(read[batch].sum()))
    return vectors
