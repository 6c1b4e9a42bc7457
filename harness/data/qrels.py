"""Judgments as people have them: BEIR's three columns, TREC's four, mteb's JSON lines, ranx's JSON and Parquet.

BEIR's columns are query-id, corpus-id, score, with a header or without; TREC's are qid, iter, docid, rel. They are parted by
tabs, in which case an id may hold a space, or by any white space of ASCII. Grades are integers: `1.0` is 1, and `0.5` none.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.data.lines import json_lines
from harness.errors import DataError
from harness.records.foreign import is_ranx, ranx_rows
from harness.records.packed import MARK, lines, plain_name, unpacked

ENDINGS = (".tsv", ".txt", ".qrels", ".trec", ".jsonl", ".json", ".parquet", ".parq")
NAMES = {"queryid", "qid", "query", "topic", "topicid", "topicnumber", "searchid"}
"""What the first column of a header is called, but for case, `-`, `_` and spaces."""
LAYOUTS = {3: "3: query-id, corpus-id, score", 4: "4: qid, iter, docid, rel"}
"""Number of columns → what they are."""
Row = tuple[str, str, str, Any]
"""Where it stands, query id, document id, grade."""


def qrels_files(folder: Path) -> dict[str, list[Path]]:
    """The files of judgments of a folder, by their split."""
    splits: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        name = plain_name(path)
        if name.suffix.lower() in ENDINGS and path.is_file():
            splits.setdefault(name.stem, []).append(path)
    return splits


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """The judgments of a file.

    Raises:
        DataError: With file and line: another number of columns, a grade that is no integer, a pair that is judged twice
            and not alike.
    """
    qrels: dict[str, dict[str, int]] = {}
    try:
        for where, query_id, document_id, score in _rows(path):
            grade = _grade(where, score)
            known = qrels.setdefault(query_id, {})
            if known.get(document_id, grade) != grade:
                raise DataError(
                    f"{where}: '{document_id}' is judged {grade} for '{query_id}', and {known[document_id]} above."
                )
            known[document_id] = grade
    except (OSError, EOFError) as error:
        raise DataError(f"Cannot read {path}: {error}.") from None
    return qrels


def _rows(path: Path) -> Iterable[Row]:
    ending = plain_name(path).suffix.lower()
    if ending == ".jsonl":
        return _objects(path)
    with unpacked(path) as file:
        start = file.read(64)
    if ending in (".json", ".parquet", ".parq") or is_ranx(start):
        return ranx_rows(path, start, DataError)
    return _columns(path)


def _objects(path: Path) -> Iterable[Row]:
    """mteb's `{"query-id": …, "corpus-id": …, "score": …}` per line."""
    for number, row in json_lines(path):
        try:
            query_id, document_id, score = (row[key] for key in ("query-id", "corpus-id", "score"))
        except KeyError as absent:
            raise DataError(f"{path}:{number}: {absent} is missing. Keys here: {', '.join(row)}.") from None
        yield f"{path}:{number}", str(query_id).removeprefix(MARK), str(document_id).removeprefix(MARK), score


def _columns(path: Path) -> Iterable[Row]:
    columns = 0
    for number, line in lines(path):
        where = f"{path}:{number}"
        try:
            row = [field.decode().removeprefix(MARK) for field in _fields(line, columns)]
        except UnicodeDecodeError:
            raise DataError(f"{where}: not UTF-8. Save it as UTF-8.") from None
        if len(row) not in ((columns,) if columns else LAYOUTS):
            expected = LAYOUTS.get(columns) or " or ".join(LAYOUTS.values())
            raise DataError(f"{where}: {len(row)} fields, expected {expected}, separated by tabs or white space.")
        if columns or not _is_header(row):
            if not columns and not _is_number(row[-1]):
                raise DataError(
                    f"{where}: the score '{row[-1]}' is not an integer. If this line names the columns, call the first one "
                    "query-id."
                )
            yield where, row[0], row[-2], row[-1]
        columns = len(row)


def _fields(line: bytes, columns: int) -> list[bytes]:
    """At tabs where that gives as many columns as there are, else at any white space of ASCII."""
    by_tabs = [field.strip() for field in line.split(b"\t")]
    if len(by_tabs) in ((columns,) if columns else LAYOUTS) and all(by_tabs) and not by_tabs[-1][-3:].count(b" "):
        return by_tabs
    return line.split()


def _is_header(row: list[str]) -> bool:
    """True if a first line names the columns. A judgment in its stead would be lost without a word."""
    return row[0].casefold().translate({ord(mark): None for mark in "-_ "}) in NAMES and not _is_number(row[-1])


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _grade(where: str, score: Any) -> int:
    """The integer that a grade is, also where it is written as `1.0`."""
    text = score.strip() if isinstance(score, str) else str(score)
    try:
        value = float(text) if "_" not in text else None
    except ValueError:
        value = None
    if value is None:
        raise DataError(f"{where}: the score '{text}' is not an integer, nor a number.")
    if not value.is_integer():
        raise DataError(
            f"{where}: the score '{text}' is not an integer. Grades are integers, as trec_eval reads them: multiply them, or "
            "set a threshold."
        )
    return int(value)
