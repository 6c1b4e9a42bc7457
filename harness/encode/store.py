"""The embedding store: the key of a vector is what produced it and its text, whatever task, split or run needs it.

    FOLDER/<digest of the configuration>/<digest of the content>.shard

No database, no lock: shards are written aside, flushed, linked under the name of their content, and never changed, so
that any number of processes may write. Two that encode the same text leave it twice, which costs space until
`harness store compact`. A damaged shard is set aside under another name, said, and encoded again.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.encode.key_index import KeyIndex, Locations
from harness.encode.keys import text_keys
from harness.encode.shard import ENDING, FACTS, Damaged, Keys, Shard, pack
from harness.jagged import Jagged, expanded, joined, starts_of
from harness.records.atomic import flush_folder, refusals, written_aside
from harness.records.digest import digest
from harness.types import Vectors

Embeddings = Vectors | Jagged
"""What a model makes of texts: shape (texts, dimension), or several rows for each text."""
log = logging.getLogger(__name__)
SET_ASIDE = ".damaged"


class Segment(Protocol):
    """Vectors with the sorted keys of their texts; see `Shard`."""

    @property
    def keys(self) -> Keys: ...
    @property
    def order(self) -> NDArray[Any]: ...
    @property
    def facts(self) -> NDArray[Any]: ...
    @property
    def vectors(self) -> NDArray[Any]: ...
    @property
    def starts(self) -> NDArray[np.int64] | None: ...
    def check(self, rows: NDArray[np.int64]) -> None:
        """Refuse rows whose bytes are damaged."""


class VectorCache:
    """The vectors of one configuration, in memory; `StoredVectors` keeps them on disk."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._published: list[tuple[Keys, Embeddings, NDArray[Any]]] = []
        self._dropped: set[int] = set()
        self._index = KeyIndex([])

    def __len__(self) -> int:
        return sum(len(segment.keys) for segment in self._segments)

    @property
    def dimension(self) -> int | None:
        """Numbers per vector; None while there is none."""
        if not self._segments:
            return None
        vectors = self._segments[0].vectors
        return int(vectors.shape[1]) if vectors.ndim == 2 else 1

    @property
    def jagged(self) -> bool:
        """Whether a text has several rows."""
        return bool(self._segments) and self._segments[0].starts is not None

    def keys(self) -> Keys:
        """The keys of every text, those of several shards one after the other."""
        keys = [segment.keys for number, segment in enumerate(self._segments) if number not in self._dropped]
        return np.concatenate(keys) if keys else text_keys(())

    def find(self, keys: Keys) -> Locations:
        """Where the vectors of those texts lie; every block that holds one of them has been checked."""
        shard, position = self._index.find(keys)
        row = np.zeros(len(keys), dtype=np.int64)
        for number, segment in enumerate(self._segments):
            in_segment = shard == number
            if in_segment.any():
                row[in_segment] = segment.order[position[in_segment]]
                try:
                    segment.check(row[in_segment])
                except Damaged as error:
                    self._drop(number, error)
                    return self.find(keys)
        return Locations(shard, row)

    def read(self, locations: Locations, out: Vectors) -> None:
        """Copy the vectors that were found into the rows of `out`, shape (texts, dimension); the missing are left."""
        for segment, positions, rows in self._parts(locations):
            if len(positions) == positions[-1] - positions[0] + 1 and bool((np.diff(rows) == 1).all()):
                out[positions[0] : positions[-1] + 1] = segment.vectors[rows[0] : rows[-1] + 1]
            else:
                out[positions] = segment.vectors[rows]

    def read_jagged(self, locations: Locations) -> Jagged:
        """The rows of texts that were found, in their order; a missing one has none."""
        counts = self.counts(locations)
        starts = starts_of(counts)
        first = self._segments[0].vectors if self._segments else np.zeros((0, 0), dtype=np.float32)
        values = np.empty((int(starts[-1]), *first.shape[1:]), dtype=first.dtype)
        for segment, positions, rows in self._parts(locations):
            there = expanded(starts[positions], counts[positions])
            values[there] = segment.vectors[expanded(_starts(segment)[rows], counts[positions])]
        return Jagged(values, starts)

    def counts(self, locations: Locations) -> NDArray[np.int64]:
        """How many rows each text has, shape (texts,); 0 for a missing one."""
        counts = np.zeros(len(locations.row), dtype=np.int64)
        for segment, positions, rows in self._parts(locations):
            counts[positions] = _starts(segment)[rows + 1] - _starts(segment)[rows]
        return counts

    def facts(self, locations: Locations) -> NDArray[Any]:
        """What was seen of those texts, shape (texts,), dtype `FACTS`; zeros for the missing."""
        facts = np.zeros(len(locations.row), dtype=FACTS)
        for segment, positions, rows in self._parts(locations):
            facts[positions] = segment.facts[rows]
        return facts

    def add(self, keys: Keys, vectors: Embeddings, facts: NDArray[Any]) -> None:
        """Keep the vectors of texts that were missing.

        Args:
            keys: Shape (texts,), no two alike.
            vectors: Shape (texts, dimension), float32; or several rows for each text.
            facts: Shape (texts,), dtype `FACTS`.
        """
        if len(keys):
            self.publish(keys, vectors, facts)
            self.refresh()

    def publish(self, keys: Keys, vectors: Embeddings, facts: NDArray[Any]) -> Path | None:
        """Keep vectors that are looked up after the next `refresh` only: one per batch would be quadratic.

        Returns:
            The file, where there is one.
        """
        self._published.append((keys, vectors, facts))
        return None

    def refresh(self) -> None:
        """Take in what was published since, as one segment."""
        if self._published:
            keys, facts = (np.concatenate([part[at] for part in self._published]) for at in (0, 2))
            vectors = joined([part[1] for part in self._published])
            self._published = []
            order = np.argsort(keys, kind="stable")
            values, starts = (vectors.values, vectors.starts) if isinstance(vectors, Jagged) else (vectors, None)
            self._take([InMemorySegment(keys[order], order, facts, values, starts)])

    def _take(self, segments: Sequence[Segment]) -> None:
        self._segments.extend(segments)
        keys = [segment.keys[: 0 if number in self._dropped else None] for number, segment in enumerate(self._segments)]
        self._index = KeyIndex(keys)

    def _parts(self, locations: Locations) -> Iterator[tuple[Segment, NDArray[np.int64], NDArray[np.int64]]]:
        """Each segment that holds some of the texts, their positions, and their rows in it."""
        for number in np.unique(locations.shard[locations.shard >= 0]):
            positions = np.flatnonzero(locations.shard == number)
            yield self._segments[int(number)], positions, locations.row[positions]

    def _drop(self, number: int, error: Damaged) -> None:
        raise error


@dataclass(frozen=True)
class InMemorySegment:
    """A segment that was never on disk."""

    keys: Keys
    order: NDArray[Any]
    facts: NDArray[Any]
    vectors: NDArray[Any]
    starts: NDArray[np.int64] | None = None

    def check(self, rows: NDArray[np.int64]) -> None:
        """Nothing can have happened to it."""


class StoredVectors(VectorCache):
    """The shards of one configuration on disk.

    Args:
        folder: The store's folder.
        configuration: What produces the vectors: weights, prompt, pooling, length, dtype, runtime … JSON; all of it is the key.
        dtype: How they are kept. float16 halves the space and rounds what is read, which is why it is part of the key.
    """

    def __init__(self, folder: Path, configuration: Mapping[str, Any], dtype: str = "float32") -> None:
        super().__init__()
        self.configuration = {**configuration, "kept": dtype}
        self.folder = folder / digest(self.configuration)
        self._names: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Take in the shards that were published since."""
        names = sorted(path.name for path in self.folder.glob(f"*{ENDING}")) if self.folder.is_dir() else []
        fresh: list[Segment] = []
        gone = False
        for name in names:
            if name in self._names:
                continue
            self._names.add(name)
            try:
                shard = Shard(self.folder / name)
                if shard.configuration != self.configuration:
                    raise Damaged(f"{shard.path} was made by something else than its folder says")
                fresh.append(shard)
            except FileNotFoundError:  # joined with others since it was listed
                gone = True
            except Damaged as error:
                _set_aside(self.folder / name, error)
        if fresh:
            self._take(fresh)
        if gone:
            self.refresh()  # what it was joined into was not listed then

    def publish(self, keys: Keys, vectors: Embeddings, facts: NDArray[Any]) -> Path:
        """Publish a shard: aside, flush, link under the name of the content, flush the folder.

        Raises:
            ResultsError: A full disk, or a folder that cannot be written.
        """
        name, content = pack(self.configuration, keys, _rounded(vectors, self.configuration["kept"]), facts)
        path = self.folder / f"{name}{ENDING}"
        with refusals(path, "data.cache=DIR"):
            self.folder.mkdir(parents=True, exist_ok=True)
            with written_aside(path, content) as aside, contextlib.suppress(FileExistsError):
                os.link(aside, path)  # never over an existing one: its name is the digest of its content
            flush_folder(self.folder)
        return path

    def _drop(self, number: int, error: Damaged) -> None:
        self._dropped.add(number)  # it keeps its number: vectors already located in its good blocks are still read
        self._take([])
        segment = self._segments[number]
        assert isinstance(segment, Shard)
        _set_aside(segment.path, error)


def _starts(segment: Segment) -> NDArray[np.int64]:
    assert segment.starts is not None, "these vectors were stored one for each text"
    return segment.starts


def _rounded(vectors: Embeddings, kind: str) -> Embeddings:
    """As they are kept; the weights of terms are not rounded, which halves nothing: their numbers are as long."""
    if not isinstance(vectors, Jagged):
        return vectors.astype(kind, copy=False)
    if vectors.values.dtype.names:
        return vectors
    return Jagged(vectors.values.astype(kind, copy=False), vectors.starts)


def _set_aside(path: Path, error: Damaged) -> None:
    log.warning("%s; it is set aside as %s%s, and what it held is encoded again", error, path.name, SET_ASIDE)
    with contextlib.suppress(OSError):
        path.rename(path.with_name(path.name + SET_ASIDE))
