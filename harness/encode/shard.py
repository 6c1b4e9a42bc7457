"""One shard of the embedding store: a file that is written once, whole, by one writer, and never changed.

    header | keys | order | facts | vectors | sums        each section starts at a multiple of 4,096 bytes

`header` is a magic, its length and JSON: format, everything that made the vectors, sizes. `keys` are the texts' 128-bit
digests, sorted; `order[i]` is the row of `keys[i]`; `facts` are what the engine saw of each text. `vectors` are rows in
the order of writing, so that a corpus is read in the order in which it was encoded. `sums` holds an XXH3 checksum for
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

MAGIC = b"EMBSHARD"
FORMAT = 1
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
    configuration: Mapping[str, Any], keys: Keys, vectors: NDArray[Any], facts: NDArray[Any]
) -> tuple[str, bytearray]:
    """Name and bytes of a shard.

    Args:
        configuration: What produced the vectors, as it is compared; JSON.
        keys: Shape (rows,), no two alike.
        vectors: Shape (rows, dimension), float32 or float16.
        facts: Shape (rows,), dtype `FACTS`.
    """
    rows, dimension = vectors.shape
    order = np.argsort(keys, kind="stable").astype("<u4")
    kind = np.dtype(vectors.dtype).newbyteorder("<")
    about = {"format": FORMAT, "maker": dict(configuration), "rows": rows, "dimension": dimension, "dtype": kind.str}
    text = json.dumps(about, sort_keys=True, ensure_ascii=False).encode()
    offsets = _SectionOffsets(len(text), rows, dimension * kind.itemsize)
    whole = bytearray(offsets.end)
    whole[: len(MAGIC)] = MAGIC
    struct.pack_into("<Q", whole, len(MAGIC), len(text))
    whole[16 : 16 + len(text)] = text
    whole[offsets.keys : offsets.keys + rows * KEY] = keys[order].tobytes()
    whole[offsets.order : offsets.order + rows * 4] = order.tobytes()
    whole[offsets.facts : offsets.facts + rows * FACTS.itemsize] = facts.tobytes()
    np.frombuffer(whole, kind, rows * dimension, offsets.vectors).reshape(rows, dimension)[:] = vectors
    sums = _sums(memoryview(whole)[: offsets.sums])
    packed = sums.astype("<u8").tobytes()
    whole[offsets.sums : offsets.end - 8] = packed
    struct.pack_into("<Q", whole, offsets.end - 8, xxhash.xxh3_64_intdigest(packed))
    return hashlib.blake2b(text + packed, digest_size=16).hexdigest(), whole


@dataclass(frozen=True)
class _SectionOffsets:
    """Bytes at which the sections of a shard start."""

    header: int
    rows: int
    row_bytes: int

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
    def vectors(self) -> int:
        return _aligned(self.facts + self.rows * FACTS.itemsize)

    @property
    def sums(self) -> int:
        return _aligned(self.vectors + self.rows * self.row_bytes)

    @property
    def end(self) -> int:
        return self.sums + 8 * (-(-self.sums // BLOCK)) + 8


class Shard:
    """A shard on disk, mapped into memory; a block is checked when it is first asked for.

    Attributes:
        keys: Sorted digests of the texts, shape (rows,).
        order: Row of each key, shape (rows,).
        facts: What was seen of the text of each row, shape (rows,), dtype `FACTS`.
        vectors: Shape (rows, dimension), as they lie in the file; `check` the rows before they are read.

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
        size = int(np.dtype(self.about["dtype"]).itemsize) * self.dimension
        self._sums = self._checksums()
        self._good = np.zeros(len(self._sums), dtype=bool)
        self._check(0, self._offsets.vectors)
        self.keys: Keys = np.frombuffer(self._bytes.data, f"S{KEY}", self.rows, self._offsets.keys)
        self.order = np.frombuffer(self._bytes.data, "<u4", self.rows, self._offsets.order)
        self.facts = np.frombuffer(self._bytes.data, FACTS, self.rows, self._offsets.facts)
        self._row_bytes = size
        self.vectors = np.frombuffer(
            self._bytes.data, self.about["dtype"], self.rows * self.dimension, self._offsets.vectors
        ).reshape(self.rows, self.dimension)

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
        """Check the blocks that hold those rows of `vectors`."""
        first = self._offsets.vectors + rows * self._row_bytes
        touched = np.zeros(len(self._sums), dtype=bool)
        for byte in range(0, self._row_bytes + BLOCK, BLOCK):
            touched[(first + min(byte, self._row_bytes - 1)) // BLOCK] = True
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
            kind = np.dtype(about["dtype"])
            offsets = _SectionOffsets(int(length), int(about["rows"]), int(about["dimension"]) * kind.itemsize)
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged(f"{self.path} has an unreadable header") from error
        if about.get("format") != FORMAT:
            raise Damaged(f"{self.path} has format {about.get('format')}, this harness reads {FORMAT}")
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


def _sums(content: memoryview) -> NDArray[np.uint64]:
    starts = range(0, len(content), BLOCK)
    return np.array([xxhash.xxh3_64_intdigest(content[start : start + BLOCK]) for start in starts], dtype=np.uint64)


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNED) * ALIGNED
