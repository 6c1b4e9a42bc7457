"""Texts to vectors: each text once, every vector checked and kept.

What makes them is an `Embedder` of the texts that are not in the store: a local model (`forward.py`), or an endpoint. It is
opened only when a vector is missing: an evaluation whose vectors are all there loads nothing and asks nobody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.encode.gathering import Gathering
from harness.encode.key_index import Locations
from harness.encode.keys import text_keys
from harness.encode.shard import FACTS, Keys
from harness.encode.store import Embeddings, VectorCache
from harness.errors import ModelError, VectorError
from harness.jagged import Jagged
from harness.types import Progress, Vectors, no_progress

PIECE = 65_536
"""Texts looked up at once: what bounds the texts held in memory."""


class Report(Protocol):
    """Who is told of texts as they are computed, and of their tokens."""

    def __call__(self, texts: int, tokens: int) -> None: ...


@dataclass(frozen=True)
class Arrival:
    """The vectors of some of the texts that an embedder was given.

    Attributes:
        rows: Their positions among these texts, shape (rows,).
        vectors: Shape (rows, dimension), float32; or several rows for each text.
        tokens: Tokens of each text before any cut, shape (rows,).
        read: How many of them the model read, shape (rows,).
    """

    rows: NDArray[np.int64]
    vectors: Embeddings
    tokens: NDArray[np.int64]
    read: NDArray[np.int64]

    @property
    def dimension(self) -> int:
        """Numbers per row."""
        return self.vectors.width if isinstance(self.vectors, Jagged) else int(self.vectors.shape[1])


class Embedder(Protocol):
    """What makes the vectors of texts that are not in the store."""

    @property
    def dimension(self) -> int:
        """Numbers per vector."""

    def arrivals(self, texts: Sequence[Any], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """The vectors of every text under the prompt, in any order and in parts; each part is kept before the next is
        asked for."""


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

    def read_jagged(self, start: int = 0, stop: int | None = None) -> Jagged:
        """The rows of texts start to stop, where each has several."""
        return self.cache.read_jagged(self.locations[start : len(self) if stop is None else stop])

    def take_jagged(self, positions: NDArray[np.int64]) -> Jagged:
        """The rows of the texts at those positions, in that order."""
        return self.cache.read_jagged(self.locations[positions])

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many rows each text has, shape (texts,)."""
        return self.cache.counts(self.locations)

    def norms(self) -> dict[str, float]:
        """Distribution of the vectors' lengths: cosine and dot agree only where these are all 1."""
        norms = self.facts["norm"]
        low, middle, high = np.quantile(norms, [0, 0.5, 1]) if len(norms) else (0.0, 0.0, 0.0)
        return {"least": round(float(low), 6), "median": round(float(middle), 6), "most": round(float(high), 6)}


def stored(
    embedder: Callable[[], Embedder],
    texts: Sequence[Any],
    cache: VectorCache,
    *,
    prompt: str = "",
    names: Sequence[str] | None = None,
    keys_of: Callable[[Sequence[Any]], Keys] = text_keys,
    progress: Progress = no_progress,
) -> Encoded:
    """Vectors of `texts`, from the cache where they are there, else from the embedder, and then kept.

    Args:
        embedder: Opens what makes vectors; called only if one is missing.
        prompt: Literal text in front of each.
        names: Ids of the texts, for messages; their positions where not given.
        keys_of: What they are known by in the cache; for pairs of texts, `pair_keys`.

    Raises:
        VectorError: A vector is not finite, or of another dimension; names the text.
        ModelError: The embedder left texts out.
    """
    parts: list[Locations] = []
    facts: list[NDArray[Any]] = []
    fresh = 0
    for start in range(0, len(texts), PIECE):
        piece = texts[start : start + PIECE]
        labels = names[start : start + PIECE] if names is not None else range(start, start + len(piece))
        keys = keys_of(piece)
        locations = cache.find(keys)
        while len(locations.missing):  # again where a shard was found to be damaged after it was written
            _, first = np.unique(keys[locations.missing], return_index=True)
            absent = locations.missing[np.sort(first)]
            report = _PartProgress(progress, start + len(piece) - len(absent), len(texts))
            missing = [piece[row] for row in absent], [labels[row] for row in absent]
            _keep(embedder(), *missing, keys[absent], cache, prompt, report)
            fresh += len(absent)
            locations = cache.find(keys)
        parts.append(locations)
        facts.append(cache.facts(locations))
        progress(start + len(piece), len(texts))
    dimension = cache.dimension or embedder().dimension
    return Encoded(
        cache, Locations.joined(parts), np.concatenate(facts) if facts else np.zeros(0, FACTS), dimension, fresh
    )


def _keep(
    embedder: Embedder, texts: Sequence[Any], labels: Sequence[Any], keys: Keys, cache: VectorCache, prompt: str,
    report: Report,
) -> None:  # fmt: skip
    """Keep what the embedder makes of texts, each part as it arrives."""
    left, clock = len(texts), time.perf_counter()
    with Gathering(cache) as gathering:
        for arrival in embedder.arrivals(texts, labels, prompt, report):
            _expect_dimension(arrival, labels, cache.dimension)
            facts = np.zeros(len(arrival.rows), dtype=FACTS)
            facts["tokens"], facts["cut"] = arrival.tokens, arrival.tokens - arrival.read
            vectors = arrival.vectors
            facts["norm"] = vectors.norms() if isinstance(vectors, Jagged) else np.linalg.norm(vectors, axis=1)
            took = time.perf_counter() - clock
            facts["seconds"] = took * arrival.read / max(1, int(arrival.read.sum()))
            gathering.add(keys[arrival.rows], vectors, facts)
            left -= len(arrival.rows)
            clock = time.perf_counter()
    cache.refresh()
    if left:
        raise ModelError(f"The encoder returned no vector for {left:,} of {len(texts):,} texts. Mend the encoder.")


def _expect_dimension(arrival: Arrival, labels: Sequence[Any], dimension: int | None) -> None:
    """`VectorError` for vectors of another dimension than those that are stored."""
    if dimension is not None and len(arrival.rows) and arrival.dimension != dimension:
        raise VectorError(
            f"The vector of '{labels[int(arrival.rows[0])]}' has {arrival.dimension} numbers, and those that were "
            f"stored before under the same model and settings have {dimension}. What makes them has changed."
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


class _PartProgress:
    """Reports the progress of one part as progress of the whole."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress, self._done, self._total = progress, before, total

    def __call__(self, texts: int, tokens: int) -> None:
        self._done += texts
        self._progress(self._done, self._total, tokens)
