"""A file that holds a table → its rows, each with the number by which its faults are named.

Separated values, JSONL, a workbook or Parquet; the first two also packed.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.data.encodings import decoded
from harness.data.lines import located
from harness.data.separated import SEPARATORS, separated, usual_separator
from harness.data.workbook import WORKBOOKS, sheet_rows
from harness.errors import ConfigError, DataError, nearest
from harness.records.packed import PACKED, plain_name, unpacked

log = logging.getLogger(__name__)
Row = tuple[int, dict[str, Any]]
TEXT = (".csv", ".tsv", ".jsonl")
FORMATS = (*TEXT, ".parquet", *WORKBOOKS)


@dataclass(frozen=True)
class Reading:
    """How a table is read; what is None is told by the file.

    Attributes:
        question, answer: Columns of the query's and of the document's text.
        separator: Of fields, or its name.
        encoding: Of the bytes, by Python's names.
        sheet: Of a workbook.
    """

    question: str = "question"
    answer: str = "answer"
    separator: str | None = None
    encoding: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows with their numbers, and how they were read where that does not go without saying."""

    path: Path
    rows: Sequence[Row]
    taken: Mapping[str, str] = field(default_factory=dict)


def expect_used(paths: Sequence[Path], reading: Reading) -> None:
    """`ConfigError` for an option that none of these files can follow: it would be passed over without a word."""
    endings = {plain_name(path).suffix.lower() for path in paths}
    for option, kinds in (("sheet", WORKBOOKS), ("separator", TEXT[:2]), ("encoding", TEXT)):
        if getattr(reading, option) is not None and not endings & {*kinds}:
            raise ConfigError(f"task.{option} is for {', '.join(kinds)}, and {paths[0]} is none. Leave it out.")


def table_rows(path: Path, reading: Reading) -> Table:
    """The rows of a file that hold anything; `DataError` with file and line, as `read_table` says."""
    if not path.is_file():
        raise DataError(f"{path} does not exist. Give the table with task.path=FILE.")
    ending = plain_name(path).suffix.lower()
    if ending not in FORMATS or (path != plain_name(path) and ending not in TEXT):
        packed = ", ".join(f"{kind}{how}" for kind in TEXT for how in PACKED)
        raise DataError(f"{path}: '{path.suffix}' is not a table. Known: {', '.join(FORMATS)}, {packed}.")
    taken: dict[str, str] = {}
    if ending == ".parquet":
        rows = _parquet(path)
    elif ending in WORKBOOKS:
        cells, sheet, sheets = sheet_rows(path, reading.sheet)
        taken = {"sheet": sheet} if len(sheets) > 1 else {}
        rows = list(_named(path, cells, reading))
    else:
        text, encoding = decoded(path, _content(path), reading.encoding)
        taken = {} if encoding == "utf-8" else {"encoding": encoding}
        if ending == ".jsonl":
            rows = [(number, row) for number, _, row in located(path, io.BytesIO(text.encode()))]
        else:
            fields, separator = separated(path, text, (reading.question, reading.answer), reading.separator)
            taken |= {} if separator == usual_separator(path) else {"separator": separator}
            rows = list(_named(path, fields, reading))
    if not rows:
        raise DataError(f"{path} has no rows.")
    _expect(path, list(rows[0][1]), reading)
    return Table(path, rows, taken)


def _content(path: Path) -> bytes:
    try:
        with unpacked(path) as file:
            return file.read()
    except (OSError, EOFError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from None


def _parquet(path: Path) -> list[Row]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise DataError(f"{path}: not a Parquet file ({str(error).splitlines()[0][:80]}).") from None
    return list(enumerate(table.to_pylist(), start=1))


def _named(path: Path, rows: Iterator[tuple[int, list[Any]]], reading: Reading) -> Iterator[Row]:
    """Rows by the names of their columns; columns without a name are left out."""
    _, header = next(rows, (0, []))
    header = [str(name).strip() for name in header]
    for column in (reading.question, reading.answer):
        if header.count(column) > 1:
            raise DataError(
                f"{path} has {header.count(column)} columns '{column}'. Rename all but the one that is meant."
            )
    for number, fields in rows:
        if len(fields) != len(header):
            raise DataError(
                f"{path}:{number}: {len(fields)} fields where the header has {len(header)}. "
                "A text that holds the separator or a line break needs double quotes around it."
            )
        yield number, {name: cell for name, cell in zip(header, fields, strict=True) if name}


def _expect(path: Path, columns: list[str], reading: Reading) -> None:
    for option, column in (("question", reading.question), ("answer", reading.answer)):
        if column not in columns:
            near = nearest(column, columns) or columns
            raise DataError(
                f"{path} has no column '{column}'. Columns: {', '.join(columns)}. Say which it is: task.{option}={near[0]}."
            )


def say(table: Table, reading: Reading) -> None:
    """What was told by the file and might have been told wrongly."""
    guessed = {key: value for key, value in table.taken.items() if getattr(reading, key) is None}
    if guessed:
        options = " ".join(f"task.{key}={SEPARATORS.get(value, value)}" for key, value in guessed.items())
        log.warning("%s is read with %s. If that is wrong, state it.", table.path, options)
