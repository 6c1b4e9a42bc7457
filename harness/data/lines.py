"""JSON lines: read with the line's number in every complaint, and, where the file is large, left on disk and read again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError

HELD = 64 << 20
"""Bytes up to which a file's texts are held in memory."""
Row = dict[str, Any]


def json_lines(path: Path) -> Iterator[tuple[int, Row]]:
    """Line number and object of each line that is not blank."""
    return ((number, row) for number, _, row in located(path))


def located(path: Path) -> Iterator[tuple[int, int, Row]]:
    """Line number, its first byte's place in the file, and object of each line that is not blank."""
    place = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if line.strip() and (number > 1 or line.strip() != b"\xef\xbb\xbf"):
                yield number, place, _parsed(path, number, place, line)
            place += len(line)


class TextsOnDisk(Sequence[str]):
    """The texts of a file of JSON lines, read as they are asked for.

    Args:
        starts: Place of each line's first byte; shape (texts,).
        text: What of a line's object is the text.
    """

    def __init__(self, path: Path, starts: NDArray[np.int64], text: Callable[[Row], str]) -> None:
        self._bytes = np.memmap(path, np.uint8, "r")
        self._ends = np.append(starts[1:], len(self._bytes))
        self._path, self._starts, self._text = path, starts, text

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        start = int(self._starts[place])
        line = self._bytes[start : int(self._ends[place])].tobytes()
        return self._text(_parsed(self._path, 0, start, line.split(b"\n", 1)[0]))


def _parsed(path: Path, number: int, place: int, line: bytes) -> Row:
    try:
        row = json.loads(line.decode("utf-8-sig" if not place else "utf-8"))
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 (byte {place + error.start}). Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{number}: not JSON ({error.msg} at character {error.pos}).") from None
    if not isinstance(row, dict):
        raise DataError(f"{path}:{number}: a JSON object was expected, found {type(row).__name__}.")
    return row
