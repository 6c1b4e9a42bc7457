"""Runs and per-query scores as files: TREC format and CSV, gzip-compressed, the same bytes for the same content."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from harness.errors import ResultsError
from harness.types import Run, Scores


def run_bytes(run: Run, tag: str) -> bytes:
    """`qid Q0 docid rank score tag` per line. The score is written so that float32 reads back bit by bit."""
    lines: list[str] = []
    end = f" {tag.replace(' ', '_')}\n"
    tokens = {document: _token(document) for document in set().union(*run.doc_ids)}
    for query_id, documents, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        head = f"{_token(query_id)} Q0 "
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
            by_query.setdefault(_untoken(query_id), []).append((int(rank), _untoken(document), float(score)))
        except ValueError:
            raise ResultsError(f"{path}:{number}: not a line of a TREC run: '{line[:80]}'.") from None
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
    columns = [one.values.tolist() for one in scores]
    for query_id, *values in zip(scores[0].query_ids if scores else [], *columns, strict=True):
        writer.writerow([query_id, *(repr(value) for value in values)])
    return _zip(table.getvalue())


def read_scores(path: Path) -> StoredScores:
    """Measure → per-query scores."""
    return StoredScores(_unzip(path))


class StoredScores(Mapping[str, Scores]):
    """The scores of a file; a measure's column is parsed when it is asked for, since a board asks for one of ten."""

    def __init__(self, text: str) -> None:
        if '"' in text:
            rows = list(csv.reader(io.StringIO(text)))
        else:  # no field is quoted, which splits ten times as fast
            rows = [line.split(",") for line in text.removesuffix("\n").split("\n")]
        self._columns, self._rows = {name: at for at, name in enumerate(rows[0]) if at}, rows[1:]

    def __getitem__(self, measure: str) -> Scores:
        column = self._columns[measure]
        values = np.array([row[column] for row in self._rows], dtype=np.float64)
        return Scores(measure, [row[0] for row in self._rows], values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


def _token(identifier: str) -> str:
    """TREC separates by white space: an id that holds some is written with it escaped."""
    if identifier and not any(character.isspace() or character == "%" for character in identifier):
        return identifier
    return "".join(
        f"%{ord(character):06x}" if character.isspace() or character == "%" else character for character in identifier
    )


def _untoken(token: str) -> str:
    if "%" not in token:
        return token
    head, *rest = token.split("%")
    return head + "".join(chr(int(part[:6], 16)) + part[6:] for part in rest)


def _zip(text: str) -> bytes:
    return gzip.compress(text.encode(), compresslevel=4, mtime=0)


def _unzip(path: Path) -> str:
    try:
        return gzip.decompress(path.read_bytes()).decode()
    except (OSError, EOFError) as error:
        raise ResultsError(f"Cannot read {path}: {error}. Evaluate again with overwrite=true.") from error
