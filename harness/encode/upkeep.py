"""Upkeep of the embedding store: list what it holds, verify it, join shards, remove what is no longer needed."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from harness.encode.shard import ENDING, Damaged, Shard
from harness.encode.store import SET_ASIDE, StoredVectors

DAY = 86_400.0


@dataclass(frozen=True)
class Holding:
    """One configuration's part of the store.

    Attributes:
        configuration: What produced the vectors; empty where no shard is readable.
        rows, dimension: Vectors (a text that two processes wrote counts twice), and numbers in each.
        size: Bytes on disk, with what is damaged or was left by a writer that was killed.
        age: Days since the last shard was written.
        damaged: Names of files that are not what was written.
    """

    folder: Path
    configuration: Mapping[str, Any]
    shards: int
    rows: int
    dimension: int
    size: int
    age: float
    damaged: tuple[str, ...]


def holdings(store: Path, *, verify: bool = False) -> Iterator[Holding]:
    """Every configuration's part, in the order of the folders' names; with `verify` every byte is checked."""
    for folder in sorted(path for path in store.glob("*") if path.is_dir()):
        good: list[Shard] = []
        damaged = [path.name for path in folder.glob(f"*{SET_ASIDE}")]
        for path in sorted(folder.glob(f"*{ENDING}")):
            try:
                shard = Shard(path)
                if verify:
                    shard.verify()
                good.append(shard)
            except Damaged:
                damaged.append(path.name)
        stats = [path.stat() for path in folder.iterdir()]
        yield Holding(
            folder,
            good[0].configuration if good else {},
            len(good),
            sum(shard.rows for shard in good),
            good[0].dimension if good else 0,
            sum(stat.st_size for stat in stats),
            (time.time() - max((stat.st_mtime for stat in stats), default=time.time())) / DAY,
            tuple(sorted(damaged)),
        )


def compact(holding: Holding) -> int:
    """Join the shards of one configuration into one, each text once; the bytes that this saved.

    The new shard is published before the old ones go: a reader always finds every vector.
    """
    old = sorted(holding.folder.glob(f"*{ENDING}"))
    if len(old) < 2 or not holding.configuration:
        return 0
    cache = StoredVectors(
        holding.folder.parent,
        {key: value for key, value in holding.configuration.items() if key != "kept"},
        holding.configuration["kept"],
    )
    keys = np.unique(cache.keys())
    locations = cache.find(keys)
    here = np.flatnonzero(locations.shard >= 0)
    order = here[
        np.lexsort((locations.row[here], locations.shard[here]))
    ]  # as they were written: a corpus stays in one stretch
    if cache.jagged:
        cache.add(keys[order], cache.read_jagged(locations[order]), cache.facts(locations[order]))
    else:
        vectors = np.empty((len(order), holding.dimension), dtype=holding.configuration["kept"])
        cache.read(locations[order], vectors)
        cache.add(keys[order], vectors, cache.facts(locations[order]))
    fresh = set(holding.folder.glob(f"*{ENDING}")) - set(old)
    for path in old if fresh else []:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    return holding.size - sum(path.stat().st_size for path in holding.folder.iterdir())


def prune(holding: Holding, *, whole: bool) -> int:
    """Remove what is damaged or was left by a killed writer, or all of one configuration's part; the bytes that this saved."""
    if whole:
        shutil.rmtree(holding.folder)
        return holding.size
    saved = 0
    for path in [*holding.folder.glob(f"*{SET_ASIDE}"), *holding.folder.glob(".*.part")]:
        if time.time() - path.stat().st_mtime > DAY or path.name.endswith(SET_ASIDE):  # a fresh one may have its writer
            saved += path.stat().st_size
            path.unlink()
    return saved
