"""Runs and per-query scores as files: TREC format and CSV, gzip-compressed, the same bytes for the same content."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harness.errors import ResultsError
from harness.types import Run, Scores

SPLITTING = re.compile(r"[ \t\n\r\v\f%]")
"""What trec_eval splits at, ASCII's white space alone, and the character that escapes it."""


def run_bytes(run: Run, tag: str) -> bytes:
    """`qid Q0 docid rank score tag` per line. The score is written so that float32 reads back bit by bit."""
    lines: list[str] = []
    end = " " + re.sub(r"\s", "_", tag, flags=re.ASCII) + "\n"
    tokens = {document: escaped(document) for document in set().union(*run.doc_ids)}
    for query_id, documents, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        head = f"{escaped(query_id)} Q0 "
        lines += [
            f"{head}{tokens[document]} {rank} {score:.9g}{end}"
            for rank, (document, score) in enumerate(zip(documents, scores.tolist(), strict=True), start=1)
        ]
    return _zip("".join(lines))


def read_run(path: Path, depth: int) -> Run:
    """A run as it was written; ranks, not scores, give the order."""
    by_query: dict[str, list[tuple[int, str, float]]] = {}
    for number, line in enumerate(_unzip(path).splitlines(), start=1):
        try:
            query_id, _, document, rank, score, _ = line.split()
            row = (int(rank), unescaped(document.decode()), float(score))
            by_query.setdefault(unescaped(query_id.decode()), []).append(row)
        except ValueError:
            shown = line[:80].decode(errors="replace")
            raise ResultsError(f"{path}:{number}: not a line of a TREC run: '{shown}'.") from None
    ordered = {query_id: sorted(rows) for query_id, rows in by_query.items()}
    return Run(
        query_ids=list(ordered),
        doc_ids=[[document for _, document, _ in rows] for rows in ordered.values()],
        scores=[np.array([score for *_, score in rows], dtype=np.float32) for rows in ordered.values()],
        depth=depth,
    )


def scores_bytes(scores: Sequence[Scores]) -> bytes:
    """One row per query, one column per measure."""
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["query_id", *(one.measure for one in scores)])
    quoting = csv.writer(table, lineterminator="\n", quoting=csv.QUOTE_ALL)  # which a plain one does not for "\r"
    columns = [one.values.tolist() for one in scores]
    for query_id, *values in zip(scores[0].query_ids if scores else [], *columns, strict=True):
        (quoting if "\r" in query_id else writer).writerow([query_id, *(repr(value) for value in values)])
    return _zip(table.getvalue())


def read_scores(path: Path) -> dict[str, Scores]:
    """Measure → per-query scores."""
    rows = list(csv.reader(io.StringIO(_unzip(path).decode(), newline="")))
    header, body = rows[0], rows[1:]
    query_ids = [row[0] for row in body]
    return {
        measure: Scores(measure, query_ids, np.array([float(row[column]) for row in body]))
        for column, measure in enumerate(header)
        if column
    }


def escaped(identifier: str) -> str:
    """The id as one word of a TREC file: what splits words, and `%`, as `%` and six hex digits; `%` alone for no text."""
    return SPLITTING.sub(lambda match: f"%{ord(match[0]):06x}", identifier) or "%"


def unescaped(word: str) -> str:
    """The inverse of `escaped`; earlier versions escaped the white space of all of Unicode, which is read as well."""
    if "%" not in word or word == "%":
        return word.strip("%")
    head, *rest = word.split("%")
    return head + "".join(chr(int(part[:6], 16)) + part[6:] for part in rest)


def _zip(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=4, mtime=0)


def _unzip(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise ResultsError(f"Cannot read {path}: {error}. Evaluate again with overwrite=true.") from error
