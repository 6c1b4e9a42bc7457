"""Files as other tools leave them: plain or packed, and split as trec_eval splits them.

trec_eval is written in C and knows ASCII's white space alone. Python's `str.split` and `str.splitlines` also split at a
no-break space, at NEL and at U+2028, which are characters of an id like any other; `bytes.split` does not.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

MARK = "\ufeff"
"""The byte-order mark. A tool may have left it at the start of a file or of a part of it; it is in no id."""
GZIP, ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
"""The first bytes of a packed file, by which it is told, whatever its name."""
PACKED = (".gz", ".zst")
"""Endings of packed files."""


def unpacked(path: Path) -> BinaryIO:
    """The content of a file, whether it is plain or packed by gzip or zstandard.

    Raises:
        OSError, EOFError: When it is opened or read: a file that cannot be read, or that ends too early.
    """
    start = _start(path)
    if start.startswith(GZIP):
        return cast(BinaryIO, gzip.open(path, "rb"))
    if start == ZSTANDARD:
        import pyarrow

        return cast(BinaryIO, io.BufferedReader(pyarrow.CompressedInputStream(pyarrow.OSFile(str(path)), "zstd")))
    return path.open("rb")


def is_packed(path: Path) -> bool:
    """True if the file has to be unpacked to be read."""
    return _start(path).startswith((GZIP, ZSTANDARD))


def plain_name(path: Path) -> Path:
    """The path without the ending that says how it is packed: `faq.csv` of `faq.csv.gz`."""
    return path.with_suffix("") if path.suffix.lower() in PACKED else path


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each line that is not blank, without its end and without a byte-order mark.

    Raises:
        OSError, EOFError: The file cannot be read or unpacked.
    """
    mark = MARK.encode()
    with unpacked(path) as file:
        for number, line in enumerate(file, start=1):
            if (content := line.removeprefix(mark).strip(b"\r\n")) and not content.isspace():
                yield number, content


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)
