"""The cell of one published score through the straight line, with every measure that was published of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from harness.benchmark import benchmark
from harness.cells.display import Display
from harness.cells.opening import Opener
from harness.config.jobs import Job
from harness.errors import ConfigError, HarnessError, MeasureError, NotApplicable, UnknownName, Unreachable
from harness.published.scores import Published
from harness.records.archive import Archive
from harness.records.record import Record

Made = TypeVar("Made")
MISTAKES = (ConfigError, UnknownName, MeasureError, NotApplicable)
"""What is wrong with the entry itself; everything else is of the data, the weights or the machine."""


class Bench:
    """The straight line, one cell at a time."""

    def __init__(self, opener: Opener, display: Display, *, overwrite: bool) -> None:
        self._opener, self._display, self._overwrite = opener, display, overwrite

    def tried(self, one: Job, entries: Sequence[Published], archive: Archive) -> Record | Exception:
        """The record that answers these entries, or why there is none; a mistake in an entry is raised with its place."""
        try:
            return self.record(one, entries, archive)
        except MISTAKES as error:
            raise ConfigError(f"{entries[0].place}: {error}") from error
        except Exception as error:  # noqa: BLE001 - one line of the table; the others go on
            return error

    def record(self, one: Job, entries: Sequence[Published], archive: Archive) -> Record:
        """The record of a job with every measure of these entries; what the task does not measure is rescored."""
        for word in one.overrides:
            key, _, value = word.partition("=")
            if key.endswith(".path") and not Path(value).expanduser().exists():
                raise Unreachable(f"{value} does not exist")
        record = self._one(one, archive, overwrite=self._overwrite)
        lacking = [entry for entry in entries if record.get(entry.measure) is None]
        if lacking and "depth" in record.dataset and record.primary is not None:
            wanted = (record.primary.measure, *(entry.measure for entry in lacking))
            return self._one(dataclasses.replace(one, measures=wanted), archive, overwrite=False)
        for entry in lacking:
            known = [measured.measure for measured in record.measures]
            raise UnknownName(f"measure of {record.task}", entry.measure, known)
        return record

    def _one(self, one: Job, archive: Archive, *, overwrite: bool) -> Record:
        made = benchmark([one], archive, self._opener, self._display, overwrite=overwrite, record_failures=False)
        if len(made) != 1:
            raise ConfigError(f"task={one.task.label} stands for {len(made)} tasks. Name one.")
        return made[0]


def placed(entry: Published, make: Callable[[Sequence[str]], Made], words: Sequence[str]) -> Made:
    """What `make` makes of the words; its complaint begins with the entry's place."""
    try:
        return make(words)
    except HarnessError as error:
        raise ConfigError(f"{entry.place}: {error}") from error
