"""One shard of the embedding store: a file that is written once, whole, by one writer, and never changed.

    header | keys | order | facts | starts | vectors | sums        each section starts at a multiple of 4,096 bytes

`header` is a magic, its length and JSON: format, everything that made the vectors, sizes. `keys` are the texts' 128-bit
digests, sorted; `order[i]` is the row of `keys[i]`; `facts` are what the engine saw of each text. `vectors` are rows in
the order of writing, so that a corpus is read in the order in which it was encoded; where a text has several, format 2,
`starts` says where each text's begin, and in format 1 that section is empty. `sums` holds an XXH3 checksum for
each block of all that stands before it, and one of themselves. Little-endian throughout. The file's name is the digest of
header and sums: the name of its content.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xxhash
from numpy.typing import NDArray

from harness.jagged import Jagged

MAGIC = b"EMBSHARD"
DENSE, JAGGED = 1, 2
"""Formats: one row for each text, or several."""
ALIGNED = 4_096
BLOCK = 1 << 18
"""Bytes per checksum: a block that is checked is then read from the processor's cache."""
ENDING = ".shard"
KEY = 16
Keys = NDArray[np.bytes_]
"""Digests of 16 bytes, dtype `S16`."""
FACTS = np.dtype([("tokens", "<u4"), ("cut", "<u4"), ("norm", "<f4"), ("seconds", "<f4")])
"""Tokens of a text before any cut, how many of them the model did not read, the length of its vector, and its share of the
time that encoding took: what is read from the store can still say what it cost."""


class Damaged(Exception):
    """A shard's bytes are not those that were written."""


def pack(
    configuration: Mapping[str, Any], keys: Keys, vectors: NDArray[Any] | Jagged, facts: NDArray[Any]
) -> tuple[str, bytearray]:
    """Name and bytes of a shard.

    Args:
        configuration: What produced the vectors, as it is compared; JSON.
        keys: Shape (texts,), no two alike.
        vectors: Shape (texts, dimension), float32 or float16; or several rows for each text.
        facts: Shape (texts,), dtype `FACTS`.
    """
    values = vectors.values if isinstance(vectors, Jagged) else vectors
    starts = vectors.starts if isinstance(vectors, Jagged) else None
    rows, kind = len(keys), np.dtype(values.dtype).newbyteorder("<")
    order = np.argsort(keys, kind="stable").astype("<u4")
    about = {
        "format": DENSE,
        "maker": dict(configuration),
        "rows": rows,
        "dimension": _width(values),
        "dtype": kind.str,
    }
    if starts is not None:
        about |= {"format": JAGGED, "values": len(values), "dtype": kind.str if kind.names is None else kind.descr}
    text = json.dumps(about, sort_keys=True, ensure_ascii=False).encode()
    offsets = _SectionOffsets(len(text), rows, values.nbytes, jagged=starts is not None)
    whole = bytearray(offsets.end)
    whole[: len(MAGIC)] = MAGIC
    struct.pack_into("<Q", whole, len(MAGIC), len(text))
    whole[16 : 16 + len(text)] = text
    whole[offsets.keys : offsets.keys + rows * KEY] = keys[order].tobytes()
    whole[offsets.order : offsets.order + rows * 4] = order.tobytes()
    whole[offsets.facts : offsets.facts + rows * FACTS.itemsize] = facts.tobytes()
    if starts is not None:
        whole[offsets.starts : offsets.starts + 8 * (rows + 1)] = starts.astype("<i8").tobytes()
    np.frombuffer(whole, kind, values.size, offsets.vectors).reshape(values.shape)[:] = values
    sums = _sums(memoryview(whole)[: offsets.sums])
    packed = sums.astype("<u8").tobytes()
    whole[offsets.sums : offsets.end - 8] = packed
    struct.pack_into("<Q", whole, offsets.end - 8, xxhash.xxh3_64_intdigest(packed))
    return hashlib.blake2b(text + packed, digest_size=16).hexdigest(), whole


def _width(values: NDArray[Any]) -> int:
    return int(values.shape[1]) if values.ndim == 2 else 1


@dataclass(frozen=True)
class _SectionOffsets:
    """Bytes at which the sections of a shard start."""

    header: int
    rows: int
    content: int
    jagged: bool = False

    @property
    def keys(self) -> int:
        return _aligned(16 + self.header)

    @property
    def order(self) -> int:
        return _aligned(self.keys + self.rows * KEY)

    @property
    def facts(self) -> int:
        return _aligned(self.order + self.rows * 4)

    @property
    def starts(self) -> int:
        return _aligned(self.facts + self.rows * FACTS.itemsize)

    @property
    def vectors(self) -> int:
        return _aligned(self.starts + (8 * (self.rows + 1) if self.jagged else 0))

    @property
    def sums(self) -> int:
        return _aligned(self.vectors + self.content)

    @property
    def end(self) -> int:
        return self.sums + 8 * (-(-self.sums // BLOCK)) + 8


class Shard:
    """A shard on disk, mapped into memory; a block is checked when it is first asked for.

    Attributes:
        keys: Sorted digests of the texts, shape (rows,).
        order: Row of each key, shape (rows,).
        facts: What was seen of the text of each row, shape (rows,), dtype `FACTS`.
        starts: Where each text's rows start, shape (rows + 1,); None where each has one.
        vectors: Shape (rows, dimension), as they lie in the file, or the rows of a `Jagged`; `check` before they are read.

    Raises:
        Damaged: The file is not what its name says.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._bytes = np.memmap(path, np.uint8, "r")
        except ValueError as error:  # an empty file cannot be mapped
            raise Damaged(f"{path} is empty") from error
        self.about, self._offsets = self._header()
        self._sums = self._checksums()
        self._good = np.zeros(len(self._sums), dtype=bool)
        self._check(0, self._offsets.vectors)
        self.keys: Keys = np.frombuffer(self._bytes.data, f"S{KEY}", self.rows, self._offsets.keys)
        self.order = np.frombuffer(self._bytes.data, "<u4", self.rows, self._offsets.order)
        self.facts = np.frombuffer(self._bytes.data, FACTS, self.rows, self._offsets.facts)
        kind = _kind(self.about)
        self._row_bytes = kind.itemsize * self.dimension
        content = np.frombuffer(self._bytes.data, kind, self._offsets.content // kind.itemsize, self._offsets.vectors)
        self.vectors = content if kind.names else content.reshape(-1, self.dimension)
        self.starts: NDArray[np.int64] | None = None
        if self._offsets.jagged:
            self.starts = np.frombuffer(self._bytes.data, "<i8", self.rows + 1, self._offsets.starts)

    @property
    def configuration(self) -> dict[str, Any]:
        """What produced the vectors."""
        return dict(self.about["maker"])

    @property
    def rows(self) -> int:
        """How many vectors."""
        return int(self.about["rows"])

    @property
    def dimension(self) -> int:
        """Numbers per vector."""
        return int(self.about["dimension"])

    def check(self, rows: NDArray[np.int64]) -> None:
        """Check the blocks that hold the vectors of those rows."""
        first, last = (rows, rows + 1) if self.starts is None else (self.starts[rows], self.starts[rows + 1])
        some = last > first
        edges = np.zeros(len(self._sums) + 1, dtype=np.int64)
        np.add.at(edges, (self._offsets.vectors + first[some] * self._row_bytes) // BLOCK, 1)
        np.add.at(edges, (self._offsets.vectors + last[some] * self._row_bytes - 1) // BLOCK + 1, -1)
        touched = np.cumsum(edges[:-1]) > 0
        for block in np.flatnonzero(touched & ~self._good):
            self._check(int(block) * BLOCK, int(block) * BLOCK + 1)

    def verify(self) -> None:
        """Check every block."""
        self._check(0, self._offsets.sums)
        text = bytes(self._bytes[16 : 16 + self._offsets.header])
        packed = self._sums.astype("<u8").tobytes()
        if hashlib.blake2b(text + packed, digest_size=16).hexdigest() != self.path.name.removesuffix(ENDING):
            raise Damaged(f"{self.path} is not the content that its name says")

    def _header(self) -> tuple[dict[str, Any], _SectionOffsets]:
        head = bytes(self._bytes[:16])
        if len(head) < 16 or head[:8] != MAGIC:
            raise Damaged(f"{self.path} does not begin as a shard does")
        (length,) = struct.unpack_from("<Q", head, 8)
        if length > len(self._bytes):
            raise Damaged(f"{self.path} is cut off within its header")
        try:
            about = json.loads(bytes(self._bytes[16 : 16 + length]))
            jagged = about["format"] == JAGGED
            count = int(about["values"] if jagged else about["rows"]) * int(about["dimension"])
            content = count * _kind(about).itemsize
            offsets = _SectionOffsets(int(length), int(about["rows"]), content, jagged=jagged)
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{self.path} has an unreadable header") from error
        if about["format"] not in (DENSE, JAGGED):
            raise Damaged(f"{self.path} has format {about['format']}, this harness reads {DENSE} and {JAGGED}")
        if offsets.end != len(self._bytes):
            raise Damaged(f"{self.path} has {len(self._bytes):,} bytes and should have {offsets.end:,}")
        return about, offsets

    def _checksums(self) -> NDArray[np.uint64]:
        packed = bytes(self._bytes[self._offsets.sums : self._offsets.end - 8])
        (own,) = struct.unpack("<Q", bytes(self._bytes[self._offsets.end - 8 :]))
        if xxhash.xxh3_64_intdigest(packed) != own:
            raise Damaged(f"{self.path}: its checksums are damaged")
        return np.frombuffer(packed, "<u8")

    def _check(self, start: int, stop: int) -> None:
        for block in range(start // BLOCK, -(-stop // BLOCK)):
            if not self._good[block]:
                piece = self._bytes[block * BLOCK : min((block + 1) * BLOCK, self._offsets.sums)]
                if xxhash.xxh3_64_intdigest(piece.data) != int(self._sums[block]):
                    raise Damaged(f"{self.path}: block {block} of {len(self._sums)} is damaged")
                self._good[block] = True


def _kind(about: Mapping[str, Any]) -> np.dtype[Any]:
    """The type of a number, or of a row of several fields, which JSON holds as lists."""
    kind = about["dtype"]
    return np.dtype(kind if isinstance(kind, str) else [tuple(field) for field in kind])


def _sums(content: memoryview) -> NDArray[np.uint64]:
    starts = range(0, len(content), BLOCK)
    return np.array([xxhash.xxh3_64_intdigest(content[start : start + BLOCK]) for start in starts], dtype=np.uint64)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNED) * ALIGNED
