"""Vectors that arrive in small batches: each is on disk at once, and many of them become one shard."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.encode.shard import Keys
from harness.encode.store import Embeddings, VectorCache
from harness.jagged import joined

ENOUGH = 512
"""Rows of a batch that is a shard of its own."""
PARTS = 64
"""Small shards that are joined: an endpoint that takes 96 texts a request would leave ten thousand files per million."""


class Gathering:
    """Keeps batches in a cache as they arrive.

    Killed at any moment, it leaves every batch: the joined shard is there before its parts go.
    """

    def __init__(self, cache: VectorCache) -> None:
        self._cache = cache
        self._parts: list[tuple[Path | None, Keys, Embeddings, NDArray[Any]]] = []

    def __enter__(self) -> Gathering:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._join()

    def add(self, keys: Keys, vectors: Embeddings, facts: NDArray[Any]) -> None:
        """Keep a batch; what was added is looked up after the cache's `refresh`."""
        if not len(keys):
            return
        path = self._cache.publish(keys, vectors, facts)
        if path is not None and len(keys) < ENOUGH:
            self._parts.append((path, keys, vectors, facts))
        if len(self._parts) >= PARTS:
            self._join()

    def _join(self) -> None:
        parts, self._parts = self._parts, []
        if len(parts) < 2:
            return
        paths, keys, vectors, facts = zip(*parts, strict=True)
        self._cache.publish(np.concatenate(keys), joined(vectors), np.concatenate(facts))
        for path in paths:
            path.unlink(missing_ok=True)
