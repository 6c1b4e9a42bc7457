"""JSON lines: read with the line's number in every complaint, and, where the files are large, left on disk and read again."""

from __future__ import annotations

import bisect
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, overload

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.records.packed import MARK, is_packed, unpacked

HELD = 64 << 20
"""Bytes up to which a file's texts are held in memory."""
Row = dict[str, Any]


def json_lines(path: Path) -> Iterator[tuple[int, Row]]:
    """Line number and object of each line that is not blank."""
    with seekable(path) as file:
        yield from ((number, row) for number, _, row in located(path, file))


def seekable(path: Path) -> BinaryIO:
    """The file, at its beginning; a packed one unpacked into a temporary file that goes when it is closed."""
    try:
        if not is_packed(path):
            return path.open("rb")
        aside = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever reads it
        with unpacked(path) as file:
            shutil.copyfileobj(file, aside)
    except (OSError, EOFError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from None
    aside.seek(0)
    return aside


def located(path: Path, file: BinaryIO) -> Iterator[tuple[int, int, Row]]:
    """Line number, its first byte's place in the file, and object of each line that is not blank."""
    place = 0
    for number, line in enumerate(file, start=1):
        if line.strip() and line.strip() != MARK.encode():
            yield number, place, _parsed(path, number, place, line)
        place += len(line)


class TextsOnDisk(Sequence[str]):
    """The texts of files of JSON lines, read as they are asked for.

    Args:
        files: The files, each with its path for messages and the place of each line's first byte; shape (texts,).
        text: What of a line's object is the text.
    """

    def __init__(self, files: Sequence[tuple[Path, BinaryIO, NDArray[np.int64]]], text: Callable[[Row], str]) -> None:
        self._text = text
        self._parts = [(path, np.memmap(file, np.uint8, "r"), starts) for path, file, starts in files if len(starts)]
        self._firsts = [0, *itertools.accumulate(len(starts) for *_, starts in self._parts)]

    def __len__(self) -> int:
        return self._firsts[-1]

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[position] for position in range(*place.indices(len(self)))]
        position = range(len(self))[place]
        part = bisect.bisect_right(self._firsts, position) - 1
        path, content, starts = self._parts[part]
        line = position - self._firsts[part]
        start = int(starts[line])
        end = int(starts[line + 1]) if line + 1 < len(starts) else len(content)
        return self._text(_parsed(path, 0, start, content[start:end].tobytes().split(b"\n", 1)[0]))


def _parsed(path: Path, number: int, place: int, line: bytes) -> Row:
    try:
        row = json.loads(line.decode().removeprefix(MARK))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {place + error.start}). Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{number}: not JSON ({error.msg} at character {error.pos}).") from None
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: a JSON object was expected, found {type(row).__name__}.")
    return row
