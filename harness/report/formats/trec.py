"""TREC's files, a run per system and the judgments of each task: `trec_eval -c` gives the record's numbers.

What a tool might split at (any white space of Unicode: pytrec_eval's parsers are Python's), `%`, NUL and a byte-order mark are
written as `%` and six hex digits, in runs and judgments alike. Escaped ids may sort otherwise than the ids they stand for:
where that would turn a tie, the query's scores are written as n, n-1 … 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import ResultsError
from harness.records.archive import slug
from harness.records.atomic import write_text
from harness.records.packed import MARK
from harness.report.comparability import grouped
from harness.report.export import Source, tell_left_out
from harness.types import Qrels, Run

TO = "trec"


def export(source: Source, to: Path) -> Iterator[Path]:
    """Per task a folder with the judgments and the newest run of each system on the newest data set."""
    ranked = [record for record in source.records() if record.form == "ranked"]
    if not ranked:
        raise ResultsError(f"{source.archive.folder} holds no run. Evaluate a system on a task that ranks documents.")
    for task, every in grouped(ranked, lambda record: record.task).items():
        newest = max(every, key=lambda record: str(record.provenance.get("date", "")))
        records = [record for record in every if record.dataset["fingerprint"] == newest.dataset["fingerprint"]]
        tell_left_out(f"another data set than that of {newest.system}, the newest", every, records)
        yield write_qrels(source.qrels(newest), to / slug(task) / "qrels.txt")
        names: set[str] = {"qrels"}
        for record in records:
            name = slug(record.system)
            name = name if name not in names else f"{name}-{record.key[:8]}"
            names.add(name)
            yield write_run(source.archive.run(record), record.system, to / slug(task) / f"{name}.run")


def write_qrels(qrels: Qrels, path: Path) -> Path:
    """`qid 0 docid grade` per line; grades below 0 are written as 0, as the harness counts them."""
    lines = [
        f"{word(query_id)} 0 {word(document_id)} {max(grade, 0)}\n"
        for query_id, judged in qrels.items()
        for document_id, grade in judged.items()
    ]
    write_text(path, "".join(lines), "to=DIR")
    return path


def write_run(run: Run, tag: str, path: Path) -> Path:
    """`qid Q0 docid rank score tag` per line, in the order of the record for whoever sorts by score and id."""
    lines: list[str] = []
    end = f" {word(tag)}\n"
    for query_id, documents, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        head, words = f"{word(query_id)} Q0 ", [word(document) for document in documents]
        values = zip(words, _in_order(words, scores).tolist(), strict=True)
        lines += [f"{head}{name} {rank} {score:.9g}{end}" for rank, (name, score) in enumerate(values, start=1)]
    write_text(path, "".join(lines), "to=DIR")
    return path


def word(identifier: str) -> str:
    """The id as one word, whatever splits it; `%` alone for no text. `records/runs.py` has its inverse."""
    if identifier.isalnum():
        return identifier
    return (
        "".join(
            f"%{ord(letter):06x}" if letter.isspace() or letter in f"%\0{MARK}" else letter for letter in identifier
        )
        or "%"
    )


def _in_order(words: Sequence[str], scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores where they order the words as they stand, by score and then by word, both descending; else ranks."""
    tied = np.flatnonzero(scores[:-1] == scores[1:]).tolist()
    if all(words[at] > words[at + 1] for at in tied):
        return scores
    return np.arange(len(words), 0, -1, dtype=np.float32)
