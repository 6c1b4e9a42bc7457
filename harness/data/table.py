"""A table of questions and answers as a retrieval task: each distinct answer is a document, each row a query.

CSV, TSV, JSONL or Parquet. This is the case of FAQ search: a thousand support questions, recall@k and MRR, no code.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.data.build import dataset
from harness.data.lines import json_lines
from harness.errors import DataError, nearest
from harness.types import Dataset, Texts

Row = tuple[int, dict[str, Any]]
FORMATS = (".csv", ".tsv", ".jsonl", ".parquet")


def read_table(
    path: Path, *, name: str, question: str, answer: str, held_out: Path | None = None, split: str = "test"
) -> Dataset:
    """The data set of a table.

    Args:
        question: Column of the query's text.
        answer: Column of the document's text. Equal answers are one document; a row without a question only adds a document.
        held_out: A second table whose questions are asked instead of the first one's; its answers join the corpus.

    Raises:
        DataError: With file and line: an unknown format, a missing column, a malformed line, an empty cell.
    """
    rows = _rows(path, question, answer)
    question_rows = rows if held_out is None else _rows(held_out, question, answer)
    answers: dict[str, str] = {}
    for where, number, row in [*rows, *(question_rows if held_out is not None else [])]:
        text = _cell(where, number, row, answer, needed=True)
        answers.setdefault(text, f"a{len(answers) + 1}")
    ids: list[str] = []
    texts: list[str] = []
    qrels: dict[str, dict[str, int]] = {}
    ids_by_text: dict[str, str] = {}
    property_rows: list[dict[str, Any]] = []
    for where, number, row in question_rows:
        text = _cell(where, number, row, question, needed=held_out is not None)
        if not text:
            continue
        document = answers[_cell(where, number, row, answer, needed=True)]
        if text in ids_by_text:  # the same question again: one query, and every answer it was given counts
            qrels[ids_by_text[text]][document] = 1
            continue
        ids_by_text[text] = f"q{number}"
        ids.append(ids_by_text[text])
        texts.append(text)
        qrels[ids_by_text[text]] = {document: 1}
        property_rows.append(row)
    if not ids:
        raise DataError(f"{held_out or path}: no row has a question in column '{question}'.")
    extra = [key for key in dict.fromkeys(key for row in property_rows for key in row) if key not in (question, answer)]
    return dataset(
        name=name,
        split=split,
        documents=Texts(list(answers.values()), list(answers)),
        queries=Texts(ids, texts, {key: [str(row.get(key) or "") for row in property_rows] for key in extra}),
        qrels=qrels,
    )


def _rows(path: Path, question: str, answer: str) -> list[tuple[Path, int, dict[str, Any]]]:
    if not path.is_file():
        raise DataError(f"{path} does not exist. Give the table with task.path=FILE.")
    if path.suffix.lower() not in FORMATS:
        raise DataError(f"{path}: '{path.suffix}' is not a table. Known: {', '.join(FORMATS)}.")
    rows = list(_read(path))
    if not rows:
        raise DataError(f"{path} has no rows.")
    columns = list(rows[0][1])
    for option, column in (("question", question), ("answer", answer)):
        if column not in columns:
            near = nearest(column, columns) or columns
            raise DataError(
                f"{path} has no column '{column}'. Columns: {', '.join(columns)}. Say which it is: task.{option}={near[0]}."
            )
    return [(path, number, row) for number, row in rows]


def _read(path: Path) -> Iterator[Row]:
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        yield from json_lines(path)
    elif suffix == ".parquet":
        import pyarrow.parquet

        try:
            table = pyarrow.parquet.read_table(path)
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: not a Parquet file ({str(error).splitlines()[0][:80]}).") from None
        yield from enumerate(table.to_pylist(), start=1)
    else:
        yield from _separated(path, "\t" if suffix == ".tsv" else ",")


def _separated(path: Path, delimiter: str) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        header: Sequence[str] | None = None
        begins = 1
        try:
            for fields in reader:
                if header is None:
                    header = fields
                elif fields:
                    if len(fields) != len(header):
                        raise DataError(
                            f"{path}:{begins}: {len(fields)} fields where the header has {len(header)}. "
                            "A text that holds the separator or a line break needs double quotes around it."
                        )
                    yield begins, dict(zip(header, fields, strict=True))
                begins = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{path}:{begins}: not a well-formed row ({error}).") from None
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def _cell(path: Path, number: int, row: dict[str, Any], column: str, *, needed: bool) -> str:
    value = row.get(column)
    text = "" if value is None else str(value).strip()
    if needed and not text:
        raise DataError(f"{path}:{number}: column '{column}' is empty.")
    return text
