"""A table of questions and answers as a retrieval task: each distinct answer is a document, each row a query.

CSV and its kin, JSONL, a workbook or Parquet. This is the case of FAQ search: a thousand support questions, recall@k and
MRR, no code.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.data.build import dataset
from harness.data.table_file import Reading, expect_used, say, table_rows
from harness.errors import DataError
from harness.types import Dataset, Texts


def read_table(
    path: Path, *, name: str, reading: Reading, held_out: Path | None = None, split: str = "test"
) -> tuple[Dataset, Mapping[str, str]]:
    """The data set of a table, and how it was read: separator, encoding, sheet, where they do not go without saying.

    Equal answers are one document; a row without a question only adds a document.

    Args:
        held_out: A second table whose questions are asked instead of the first one's; its answers join the corpus.

    Raises:
        DataError: With file and line: an unknown format, a missing column, a malformed line, an empty cell; questions that
            are their own answers.
        ConfigError: A separator, an encoding or a sheet that there is not.
    """
    question, answer = reading.question, reading.answer
    if question == answer:
        raise DataError(
            f"{path}: task.question and task.answer are the same column, '{question}': every question would find itself."
        )
    expect_used([path, *([held_out] if held_out is not None else [])], reading)
    table = table_rows(path, reading)
    asked = table if held_out is None else table_rows(held_out, reading)
    answers: dict[str, str] = {}
    for source in (table, asked):
        for number, row in source.rows:
            answers.setdefault(_cell(source.path, number, row, answer, needed=True), f"a{len(answers) + 1}")
    ids: list[str] = []
    texts: list[str] = []
    qrels: dict[str, dict[str, int]] = {}
    ids_by_text: dict[str, str] = {}
    property_rows: list[dict[str, Any]] = []
    own_answers = 0
    for number, row in asked.rows:
        text = _cell(asked.path, number, row, question, needed=held_out is not None)
        if not text:
            continue
        reply = _cell(asked.path, number, row, answer, needed=True)
        document = answers[reply]
        own_answers += _folded(text) == _folded(reply)
        if text in ids_by_text:  # the same question again: one query, and every answer it was given counts
            qrels[ids_by_text[text]][document] = 1
            continue
        ids_by_text[text] = f"q{number}"
        ids.append(ids_by_text[text])
        texts.append(text)
        qrels[ids_by_text[text]] = {document: 1}
        property_rows.append(row)
    if not ids:
        raise DataError(f"{asked.path}: no row has a question in column '{question}'.")
    if own_answers >= len(ids):
        raise DataError(
            f"{asked.path}: every question in column '{question}' is its own answer in column '{answer}': any system would "
            "find it. Say which columns they are: task.question=NAME task.answer=NAME."
        )
    extra = [key for key in dict.fromkeys(key for row in property_rows for key in row) if key not in (question, answer)]
    data = dataset(
        name=name,
        split=split,
        documents=Texts(list(answers.values()), list(answers)),
        queries=Texts(ids, texts, {key: [str(row.get(key) or "") for row in property_rows] for key in extra}),
        qrels=qrels,
    )
    for source in [table] if held_out is None else [table, asked]:
        say(source, reading)
    return data, {**asked.taken, **table.taken}


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _cell(path: Path, number: int, row: dict[str, Any], column: str, *, needed: bool) -> str:
    value = row.get(column)
    text = "" if value is None else str(value).strip()
    if needed and not text:
        raise DataError(f"{path}:{number}: column '{column}' is empty.")
    return text
