"""The results folder: `records/TASK/SYSTEM-KEY/` with record.json, run.trec.gz and scores.csv.gz; the record last.

A folder without its record.json was left by a run that was killed: it is not a result and is written anew.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ResultsError
from harness.records.atomic import refusals, write_bytes, write_text
from harness.records.record import Record, from_json, to_json
from harness.records.runs import read_run, read_scores, run_bytes, scores_bytes
from harness.types import Run, Scores


class Archive:
    """Reads and writes the records below one results folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def write(self, record: Record, run: Run | None = None, scores: Sequence[Scores] = (), asked: str = "") -> Record:
        """Publish a record with what belongs to it, the record last.

        A failure that it mends is taken off the board; `asked` is the task's label at the time, where it has since
        been given another name.
        """
        place = self._place(record)
        if run is not None:
            with refusals(place):  # a record never stands beside a run that it does not describe
                (place / "record.json").unlink(missing_ok=True)
            write_bytes(place / "run.trec.gz", run_bytes(run, record.system))
        if scores:
            write_bytes(place / "scores.csv.gz", scores_bytes(scores))
        write_text(place / "record.json", to_json(record))
        if record.status == "ok":
            self.mended(record, asked)
        return record

    def mended(self, record: Record, asked: str = "") -> None:
        """Take the failures of a successful record's names off the board."""
        for task in {record.task, asked or record.task}:
            failure = self.folder / "records" / slug(task) / f"{slug(record.system)}-failed"
            if failure.exists():
                with refusals(failure):
                    shutil.rmtree(failure)
                    if not any(failure.parent.iterdir()):
                        failure.parent.rmdir()

    def find(self, key: str) -> Record | None:
        """The successful record of that key, whatever names it was made under."""
        for path in self.folder.glob(f"records/*/*-{key[:12]}/record.json"):
            record = self._read(path)
            if record.key == key and record.status == "ok":
                return record
        return None

    def read(self) -> list[Record]:
        """Every record, in the order of task, system and date."""
        records = [self._read(path) for path in self.folder.glob("records/*/*/record.json")]
        return sorted(records, key=lambda one: (one.task, one.system, str(one.provenance.get("date", "")), one.key))

    def run(self, record: Record) -> Run:
        """The run behind a record; `ResultsError` where none was kept."""
        return read_run(self._file(record, "run.trec.gz"), int(record.dataset["depth"]))

    def scores(self, record: Record) -> dict[str, Scores]:
        """The per-query scores behind a record, by measure; empty where there are none (a delegated task)."""
        path = self._place(record) / "scores.csv.gz"
        return read_scores(path) if path.exists() else {}

    def _file(self, record: Record, name: str) -> Path:
        path = self._place(record) / name
        if not path.exists():
            raise ResultsError(f"{path} is missing: {record.system} on {record.task} has no such file.")
        return path

    def _place(self, record: Record) -> Path:
        ending = record.key[:12] if record.status == "ok" else "failed"
        return self.folder / "records" / slug(record.task) / f"{slug(record.system)}-{ending}"

    @staticmethod
    def _read(path: Path) -> Record:
        try:
            return from_json(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise ResultsError(f"Cannot read {path}: {error.strerror}.") from error


def slug(name: str) -> str:
    """A canonical name as a file name that every system accepts."""
    return re.sub(r"[^A-Za-z0-9._=+@-]+", "_", name).strip("_.") or "_"
