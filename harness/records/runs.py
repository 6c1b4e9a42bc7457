"""Runs and per-query scores as files: TREC format and CSV, gzip-compressed, the same bytes for the same content."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from harness.errors import ResultsError
from harness.types import Run, Scores

SPLITTING = re.compile(r"[ \t\n\r\v\f%]")
"""What trec_eval splits at, ASCII's white space alone, and the character that escapes it."""

LEVEL = 1
"""Of compression: 5 % more bytes than the usual one, in a fraction of the time."""
BLOCK = 4_000
"""Lines packed at once."""


def run_bytes(run: Run, tag: str) -> bytes:
    """`qid Q0 docid rank score tag` per line. The score is written so that float32 reads back bit by bit."""
    packed = zlib.compressobj(LEVEL, wbits=31)  # 31: with gzip's header, whose date is 0
    with ThreadPoolExecutor(1) as thread:  # zlib lets go of Python's lock: it packs while the next lines are written
        parts = list(thread.map(packed.compress, _blocks(run, tag)))
    return b"".join([*parts, packed.flush()])


def _blocks(run: Run, tag: str) -> Iterator[bytes]:
    """The run's lines, some queries at a time."""
    tokens = {document: escaped(document) for document in set().union(*run.doc_ids)}
    ranks = [f" {rank} " for rank in range(1, max(map(len, run.doc_ids), default=0) + 1)]
    end = " " + re.sub(r"\s", "_", tag, flags=re.ASCII) + "\n"
    parts: list[str] = []
    held = 0
    for query_id, documents, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        if len(documents):  # all of a query's lines at once: there may be a thousand
            head = f"{escaped(query_id)} Q0 "
            numbers = ("%.9g " * len(documents) % tuple(scores.tolist())).split()
            lines = [
                token + rank + number
                for token, rank, number in zip(map(tokens.__getitem__, documents), ranks, numbers, strict=False)
            ]
            parts.append(head + (end + head).join(lines) + end)
            held += len(lines)
        if held >= BLOCK:
            yield "".join(parts).encode()
            parts, held = [], 0
    yield "".join(parts).encode()


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


def read_scores(path: Path) -> StoredScores:
    """Measure → per-query scores."""
    return StoredScores(_unzip(path).decode())


class StoredScores(Mapping[str, Scores]):
    """The scores of a file; a measure's column is parsed when it is asked for, since a board asks for one of ten."""

    def __init__(self, text: str) -> None:
        if '"' in text:
            rows = list(csv.reader(io.StringIO(text, newline="")))
        else:  # no field is quoted, which splits ten times as fast
            rows = [line.split(",") for line in text.removesuffix("\n").split("\n")]
        self._columns, self._rows = {name: at for at, name in enumerate(rows[0]) if at}, rows[1:]

    def __getitem__(self, measure: str) -> Scores:
        column = self._columns[measure]
        values = np.array([float(row[column]) for row in self._rows], dtype=np.float64)
        return Scores(measure, [row[0] for row in self._rows], values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


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
    return gzip.compress(text.encode(), compresslevel=LEVEL, mtime=0)


def _unzip(path: Path) -> bytes:
    try:
        return gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise ResultsError(f"Cannot read {path}: {error}. Evaluate again with overwrite=true.") from error
