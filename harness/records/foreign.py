"""Run files of other systems: TREC's format, and ranx's runs as JSON or Parquet; plain or packed.

Their order is trec_eval's, whatever their ranks say: score in float32 descending, then document id descending.
ranx's formats: https://amenra.github.io/ranx/run (`Run.save`): `{query: {document: score}}`, or columns q_id, doc_id, score.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from harness.errors import HarnessError, ResultsError
from harness.records.packed import MARK, lines, unpacked
from harness.types import Run

SIX = "qid Q0 docid rank score tag"
PARQUET, LZ4 = b"PAR1", b"\x04\x22\x4d\x18"
COLUMNS = ("q_id", "doc_id", "score")
FINITE = float(np.finfo(np.float32).max)
"""The largest score that a float32 holds."""


def read_run_file(path: Path) -> Run:
    """The run of a file; its format is told by its first bytes.

    Raises:
        ResultsError: What is no line of a run, a score that is no number, or a document that is ranked twice; with its line.
    """
    try:
        with unpacked(path) as file:
            start = file.read(64)
        if start.startswith(LZ4):
            raise ResultsError(
                f"{path} is packed by LZ4, which is not read. Save it as .json or .parquet (ranx), or with gzip."
            )
        rows = _trec(path) if not is_ranx(start) else ranx_rows(path, start, ResultsError)
        return _ranked(path, rows)
    except (OSError, EOFError) as error:
        raise ResultsError(f"Cannot read {path} as a run: {error}.") from error


def is_ranx(start: bytes) -> bool:
    """True if a file that begins so is one of ranx's JSON or Parquet files."""
    return start.startswith(PARQUET) or start.removeprefix(MARK.encode()).lstrip().startswith(b"{")


def ranx_rows(path: Path, start: bytes, error: type[HarnessError]) -> Iterable[tuple[str, str, str, Any]]:
    """Where it stands, query id, document id and value of each entry of ranx's files, runs and qrels alike.

    Args:
        start: The first bytes of the file.
        error: What is raised where it is none of them.
    """
    if start.startswith(PARQUET):
        return _parquet(path, error)
    return _json(path, error)


def _trec(path: Path) -> Iterable[tuple[str, str, str, Any]]:
    for number, line in lines(path):
        where, row = f"{path}:{number}", line.split()
        if len(row) != 6:
            raise ResultsError(
                f"{where}: a line of a TREC run has six fields, {SIX}: '{line[:80].decode(errors='replace')}'."
            )
        try:
            yield where, row[0].decode(), row[2].decode(), row[4]
        except UnicodeDecodeError:
            raise ResultsError(f"{where}: not UTF-8. Save it as UTF-8.") from None


def _json(path: Path, error: type[HarnessError]) -> Iterable[tuple[str, str, str, Any]]:
    def pairs(entries: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        return entries  # a dictionary would keep the last of two entries of one name

    try:
        with unpacked(path) as file:
            content = json.loads(file.read().decode("utf-8-sig"), object_pairs_hook=pairs)
    except UnicodeDecodeError as fault:
        raise error(f"{path}: not UTF-8 (byte {fault.start}). Save it as UTF-8.") from None
    except json.JSONDecodeError as fault:
        raise error(f"{path}:{fault.lineno}: not JSON ({fault.msg}).") from None
    for query_id, documents in content:
        where = f"{path}: query '{query_id}'"
        if not isinstance(documents, list) or not all(isinstance(entry, tuple) for entry in documents):
            raise error(f"{where}: a JSON object of documents was expected, as ranx writes it.")
        for document, value in documents:
            yield where, query_id.removeprefix(MARK), document.removeprefix(MARK), value


def _parquet(path: Path, error: type[HarnessError]) -> Iterable[tuple[str, str, str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except pyarrow.ArrowException as fault:
        raise error(f"{path}: not a Parquet file ({str(fault).splitlines()[0][:80]}).") from None
    absent = [name for name in COLUMNS if name not in table.column_names]
    if absent:
        raise error(
            f"{path} has no column '{absent[0]}'. ranx's columns are {', '.join(COLUMNS)}; here: "
            f"{', '.join(table.column_names)}."
        )
    columns = (table.column(name).to_pylist() for name in COLUMNS)
    for number, (query_id, document, value) in enumerate(zip(*columns, strict=True), start=1):
        yield f"{path}:{number}", str(query_id).removeprefix(MARK), str(document).removeprefix(MARK), value


def _ranked(path: Path, rows: Iterable[tuple[str, str, str, Any]]) -> Run:
    rankings: dict[str, dict[str, float]] = {}
    for where, query_id, document, score in rows:
        try:
            value = float(score)
        except (TypeError, ValueError):
            raise ResultsError(f"{where}: the score '{_shown(score)}' is no number.") from None
        if not abs(value) <= FINITE:
            raise ResultsError(f"{where}: the score '{_shown(score)}' cannot be ranked.")
        documents = rankings.setdefault(query_id, {})
        if document in documents:
            raise ResultsError(f"{where}: '{document}' is ranked twice for query '{query_id}'.")
        documents[document] = value
    if not rankings:
        raise ResultsError(f"{path} holds no line of a run. In TREC format: {SIX}.")
    ids, scores = [], []
    for documents in rankings.values():
        values = np.array(list(documents.values()), dtype=np.float32)
        ranked = sorted(zip(values.tolist(), documents, strict=True), reverse=True)
        ids.append([document for _, document in ranked])
        scores.append(np.array([score for score, _ in ranked], dtype=np.float32))
    return Run(list(rankings), ids, scores, depth=max(map(len, ids)))


def _shown(score: Any) -> str:
    return score.decode(errors="replace") if isinstance(score, bytes) else str(score)
