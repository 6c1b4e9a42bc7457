"""Look-up of 128-bit keys over many sorted shards at once. It is made anew from the shards whenever they are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.encode.shard import KEY, Keys


@dataclass(frozen=True)
class Locations:
    """Where vectors lie: `shard[i]` is the place of a shard in the cache, or −1 where text i is not stored; `row[i]` its row."""

    shard: NDArray[np.int32]
    row: NDArray[np.int64]

    @property
    def missing(self) -> NDArray[np.int64]:
        """Positions of the texts that are not stored."""
        return np.flatnonzero(self.shard < 0)

    def __getitem__(self, part: slice | NDArray[np.int64]) -> Locations:
        return Locations(self.shard[part], self.row[part])

    @staticmethod
    def joined(parts: Sequence[Locations]) -> Locations:
        """Several one after the other."""
        if not parts:
            return Locations(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64))
        return Locations(np.concatenate([part.shard for part in parts]), np.concatenate([part.row for part in parts]))


class KeyIndex:
    """Sorted keys of several shards, each in front of where it lies."""

    def __init__(self, keys: Sequence[Keys]) -> None:
        sizes = [len(key) for key in keys]
        all_keys = np.concatenate(keys) if keys else np.zeros(0, dtype=f"S{KEY}")
        halves = all_keys.view(">u8").reshape(-1, 2)
        order = np.lexsort((halves[:, 1], halves[:, 0])) if len(keys) > 1 else np.arange(len(all_keys))
        self._high = halves[order, 0].astype(np.uint64)
        self._low = halves[order, 1].astype(np.uint64)
        self._shard = np.repeat(np.arange(len(keys), dtype=np.int32), sizes)[order]
        self._position = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes] or [order])[order]

    def find(self, keys: Keys) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Shard (−1: none) and position among its sorted keys, of each key."""
        shard = np.full(len(keys), -1, dtype=np.int32)
        position = np.zeros(len(keys), dtype=np.int64)
        if not len(self._high) or not len(keys):
            return shard, position
        halves = np.ascontiguousarray(keys).view(">u8").reshape(-1, 2).astype(np.uint64)
        index = np.searchsorted(self._high, halves[:, 0])
        remaining = np.arange(len(keys))
        while len(remaining):  # more than one round only where two keys share their first 64 bits
            candidate = index[remaining]
            inside = candidate < len(self._high)
            remaining, candidate = remaining[inside], candidate[inside]
            alike = self._high[candidate] == halves[remaining, 0]
            remaining, candidate = remaining[alike], candidate[alike]
            hit = self._low[candidate] == halves[remaining, 1]
            shard[remaining[hit]] = self._shard[candidate[hit]]
            position[remaining[hit]] = self._position[candidate[hit]]
            remaining = remaining[~hit]
            index[remaining] += 1
        return shard, position
