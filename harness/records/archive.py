"""The results folder: `records/TASK/SYSTEM-KEY/` with record.json, run.trec.gz and scores.csv.gz; the record last.

A folder without its record.json was left by a run that was killed: it is not a result and is written anew. `runs/` holds
the runs of systems that are parts of others and have no record of their own: run.trec.gz, and notes.json last.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.errors import ResultsError, nearest
from harness.facts import Notes
from harness.records.atomic import refusals, write_bytes, write_text
from harness.records.digest import digest
from harness.records.record import Record, from_json, to_json
from harness.records.runs import read_run, read_scores, run_bytes, scores_bytes
from harness.types import Run, Scores

PREFIX = 24
"""Digits of a record key that say what ranked on what; the rest is the depth."""


class Archive:
    """Reads and writes the records below one results folder."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def write(self, record: Record, run: Run | None = None, scores: Sequence[Scores] = (), asked: str = "") -> Record:
        """Publish a record with what belongs to it, the record last.

        A failure that it mends is taken off the board; `asked` is the task's label at the time, where it has since
        been given another name.
        """
        folder = self._folder(record)
        if run is not None or record.form == "delegated":
            with refusals(folder):  # a record never stands beside a run or scores that it does not describe
                (folder / "record.json").unlink(missing_ok=True)
                if not scores:
                    (folder / "scores.csv.gz").unlink(missing_ok=True)
        if run is not None:
            write_bytes(folder / "run.trec.gz", run_bytes(run, record.system))
        if scores:
            write_bytes(folder / "scores.csv.gz", scores_bytes(scores))
        write_text(folder / "record.json", to_json(record))
        if record.status == "ok":
            self.clear_failure(record, asked)
        return record

    def clear_failure(self, record: Record, asked: str = "") -> None:
        """Take the failures of a successful record's names off the board."""
        for task in {record.task, asked or record.task}:
            for name in (_failure(record.system, task), f"{slug(record.system)}-failed"):  # the latter by format 1
                _remove(self.folder / "records" / slug(task) / name)

    def drop(self, record: Record) -> Path:
        """Move a record with all that belongs to it to `dropped/`; where it is now."""
        folder = self._folder(record)
        target = self.folder / "dropped" / folder.parent.name / folder.name
        with refusals(target):
            if target.exists():
                shutil.rmtree(target)  # dropped before, evaluated again and dropped again
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(target)
            if not any(folder.parent.iterdir()):
                folder.parent.rmdir()
        return target

    def find(self, key: str) -> Record | None:
        """The successful record of that key, whatever names it was made under."""
        return next((record for record in self._like(key) if record.key == key and record.status == "ok"), None)

    def find_run(self, key: str, depth: int, *, deeper: bool) -> Run | None:
        """A stored run of a record key or, with `deeper`, of one that differs in a greater depth; cut to `depth`.

        Args:
            key: As `digest.record_key` makes it, for `depth`.
            deeper: True if a deeper run of this system begins with the shallower one.
        """
        records = [
            record for record in self._like(key) if record.key[:PREFIX] == key[:PREFIX] and record.status == "ok"
        ]
        for record in sorted(records, key=lambda record: int(record.dataset["depth"])):
            if _fits(int(record.dataset["depth"]), depth, deeper=deeper) and self._file(record).exists():
                run = cut(read_run(self._file(record), int(record.dataset["depth"])), depth)
                notes = Notes.of({**record.checks.flat(), "seconds": record.seconds, "index": record.index})
                return dataclasses.replace(run, notes=notes)
        for folder in sorted((self.folder / "runs").glob(f"*-{key[:PREFIX]}-*")):
            stored = int(folder.name.rpartition("-")[2])
            if _fits(stored, depth, deeper=deeper) and (folder / "notes.json").exists():
                notes = Notes.of(json.loads((folder / "notes.json").read_text(encoding="utf-8")))
                return dataclasses.replace(cut(read_run(folder / "run.trec.gz", stored), depth), notes=notes)
        return None

    def keep_run(self, key: str, system: str, run: Run) -> None:
        """Keep a run that no record holds; its notes last."""
        folder = self.folder / "runs" / f"{slug(system)}-{key[:PREFIX]}-{run.depth:08d}"
        write_bytes(folder / "run.trec.gz", run_bytes(run, system))
        write_text(folder / "notes.json", json.dumps(run.notes.flat(), ensure_ascii=False, allow_nan=False) + "\n")

    @classmethod
    def at(cls, folder: str | Path) -> Archive:
        """The archive of a results folder that there is; `ResultsError` for any other."""
        if not Path(folder).is_dir():
            there = sorted(path.parent.name for path in Path().glob("*/records"))
            near = f" Did you mean results={(nearest(str(folder), there) or there)[0]}?" if there else ""
            raise ResultsError(
                f"results={folder} is not a folder.{near} Evaluate first, or name the folder that records were written to."
            )
        return cls(folder)

    def read(self) -> list[Record]:
        """Every record, in the order of task, system and date."""
        records = [_read(path) for path in self.folder.glob("records/*/*/record.json")]
        return sorted(
            records, key=lambda record: (record.task, record.system, str(record.provenance.get("date", "")), record.key)
        )

    def run(self, record: Record) -> Run:
        """The run behind a record; `ResultsError` where none was kept."""
        path = self._file(record)
        if not path.exists():
            raise ResultsError(f"{path} is missing: {record.system} on {record.task} has no such file.")
        return read_run(path, int(record.dataset["depth"]))

    def scores(self, record: Record) -> Mapping[str, Scores]:
        """The scores per query, or per item of a delegated task, behind a record, by measure; empty where there are none."""
        path = self._folder(record) / "scores.csv.gz"
        return read_scores(path) if path.exists() else {}

    def stamp(self, record: Record) -> list[int]:
        """When the scores behind a record were written, and how long they are; empty where there are none."""
        try:
            status = os.stat(os.path.join(self._place(record), "scores.csv.gz"))  # noqa: PTH116, PTH118
        except OSError:
            return []
        return [status.st_mtime_ns, status.st_size]

    def _like(self, key: str) -> Iterator[Record]:
        """The records whose folder's name carries the beginning of the key."""
        return (_read(path) for path in self.folder.glob(f"records/*/*-{key[:12]}*/record.json"))

    def _file(self, record: Record) -> Path:
        return self._folder(record) / "run.trec.gz"

    def _folder(self, record: Record) -> Path:
        return Path(self._place(record))

    def _place(self, record: Record) -> str:
        """Its folder as text: a board asks for thousands, and a `Path` of five parts takes as long as the disk does."""
        column = os.path.join(self.folder, "records", slug(record.task))  # noqa: PTH118
        if record.status != "ok":
            return os.path.join(column, _failure(record.system, record.task))  # noqa: PTH118
        name = f"{slug(record.system)}-{record.key[:12]}"
        if record.form == "ranked" and not os.path.exists(os.path.join(column, name, "record.json")):  # noqa: PTH110, PTH118
            name += f"-{record.dataset['depth']}"  # format 1 named it without
        return os.path.join(column, name)  # noqa: PTH118


def cut(run: Run, depth: int) -> Run:
    """The first `depth` documents of each query."""
    if run.depth == depth:
        return run
    return dataclasses.replace(
        run, doc_ids=[ids[:depth] for ids in run.doc_ids], scores=[row[:depth] for row in run.scores], depth=depth
    )


@functools.cache
def slug(name: str) -> str:
    """A canonical name as a file name that every system accepts."""
    return re.sub(r"[^A-Za-z0-9._=+@-]+", "_", name).strip("_.")[:120] or "_"


def _failure(system: str, task: str) -> str:
    """Folder of a failure: two names that differ only in what a file name cannot hold do not share one."""
    return f"{slug(system)}-failed-{digest([system, task])[:8]}"


def _remove(folder: Path) -> None:
    if folder.exists():
        with refusals(folder):
            shutil.rmtree(folder)
            if not any(folder.parent.iterdir()):
                folder.parent.rmdir()


def _fits(stored: int, depth: int, *, deeper: bool) -> bool:
    return stored == depth or (deeper and stored > depth)


def _read(path: Path) -> Record:
    try:
        return from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ResultsError(f"Cannot read {path}: {error.strerror}.") from error
