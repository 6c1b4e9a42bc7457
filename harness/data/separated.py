"""Tables of separated values: commas, semicolons, tabs or bars, told apart by the header and the first rows.

Read by Python's own csv in strict mode. Of the faster readers none keeps the line of a fault: behind a text of three lines
pandas says line 4 of line 6, and takes a short row as if its cells were empty, as polars does; pyarrow takes an open quote.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import ConfigError, DataError
from harness.records.packed import plain_name

SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What separates the fields of a row, and its name: what a command line can hold without quotes."""
LOOKED = 100
"""Rows by which separators are told apart."""
Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True)
class Candidate:
    """How a table looks with one separator.

    Attributes:
        consistent: Every row has as many fields as the header.
        named: The header has the columns that are asked for.
    """

    separator: str
    header: Sequence[str]
    consistent: bool
    named: bool


def separated(path: Path, text: str, columns: Sequence[str], stated: str | None) -> tuple[Rows, str]:
    """Line number and fields of each row, the header first, and the separator that was taken.

    Args:
        columns: Those that will be asked for: what tells separators apart where the rows do not.
        stated: The separator or its name; None looks.
    """
    head, _, rest = text.partition("\n")
    if head.casefold().startswith("sep=") and len(head.rstrip("\r")) == 5:  # Excel's own first line
        separator = _known(stated) if stated is not None else head[4]
        return _rows(path, rest, separator, begins=2), separator
    separator = _known(stated) if stated is not None else _told(path, text, columns)
    return _rows(path, text, separator), separator


def usual_separator(path: Path) -> str:
    """What the file's name promises."""
    return "\t" if plain_name(path).suffix.lower() == ".tsv" else ","


def _known(stated: str) -> str:
    by_name = {name: separator for separator, name in SEPARATORS.items()} | {"\\t": "\t", "pipe": "|"}
    separator = by_name.get(stated.casefold(), stated)
    if len(separator) != 1 or separator in '"\r\n':
        raise ConfigError(
            f"task.separator={stated} is not one character. Give it, or its name: {', '.join(SEPARATORS.values())}."
        )
    return separator


def _told(path: Path, text: str, columns: Sequence[str]) -> str:
    usual = usual_separator(path)
    candidates = [_candidate(path, text, separator, columns) for separator in (usual, *(set(SEPARATORS) - {usual}))]
    several = [candidate for candidate in candidates if len(candidate.header) > 1]
    if not several:
        return usual

    def likely(candidate: Candidate) -> tuple[bool, bool, bool, int]:
        return candidate.named, candidate.consistent, candidate.separator == usual, len(candidate.header)

    return max(several, key=likely).separator


def _candidate(path: Path, text: str, separator: str, columns: Sequence[str]) -> Candidate:
    header: list[str] = []
    try:
        rows = itertools.islice(_rows(path, text, separator), LOOKED + 1)
        header = next(rows, (0, []))[1]
        consistent = all(len(fields) == len(header) for _, fields in rows)
    except DataError:
        consistent = False
    return Candidate(separator, header, consistent, {*columns} <= {*header})


def _rows(path: Path, text: str, separator: str, begins: int = 1) -> Rows:
    """Rows that hold anything; the header's names without white space around them."""
    before = begins - 1
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    limit = csv.field_size_limit(1 << 30)  # 128 KB by default: a document may be longer
    try:
        header = True
        for fields in reader:
            if any(field.strip() for field in fields):
                yield begins, [field.strip() for field in fields] if header else fields
                header = False
            begins = before + reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{begins}: not a well-formed row ({error}).") from None
    finally:
        csv.field_size_limit(limit)
