"""The cell of one published score through the straight line, with every measure that was published of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

from harness.benchmark import benchmark
from harness.config.jobs import Job
from harness.context import Context
from harness.errors import ConfigError, HarnessError, MeasureError, NotApplicable, UnknownName, Unreachable
from harness.evaluation.display import Display
from harness.hub import local
from harness.published.scores import Published
from harness.records.record import Record

Result = TypeVar("Result")
MISTAKES = (ConfigError, UnknownName, MeasureError, NotApplicable)
"""What is wrong with the entry itself; everything else is of the data, the weights or the machine."""


class Rerun:
    """The straight line, one cell at a time."""

    def __init__(self, display: Display, *, overwrite: bool) -> None:
        self._display, self._overwrite = display, overwrite

    def tried(self, job: Job, entries: Sequence[Published], context: Context) -> Record | Exception:
        """The record that answers these entries, or why there is none; a mistake in an entry is raised with its place."""
        try:
            return self.record(job, entries, context)
        except MISTAKES as error:
            raise ConfigError(f"{entries[0].place}: {error}") from error
        except Exception as error:  # noqa: BLE001 - one line of the table; the others go on
            return error

    def record(self, job: Job, entries: Sequence[Published], context: Context) -> Record:
        """The record of a job with every measure of these entries; what the task does not measure is rescored."""
        for word in job.overrides:
            key, _, value = word.partition("=")
            if key.endswith(".path") and not local(value).exists():
                raise Unreachable(f"{value} does not exist")
        record = self._one(job, context, overwrite=self._overwrite)
        lacking = [entry for entry in entries if record.get(entry.measure) is None]
        if lacking and record.form == "ranked" and record.primary is not None:
            measures = (record.primary.measure, *(entry.measure for entry in lacking))
            task = dataclasses.replace(job.task, measures=measures)
            return self._one(dataclasses.replace(job, task=task), context, overwrite=False)
        for entry in lacking:
            known = [measured.measure for measured in record.measures]
            raise UnknownName(f"measure of {record.task}", entry.measure, known)
        return record

    def _one(self, job: Job, context: Context, *, overwrite: bool) -> Record:
        results = benchmark([job], context, self._display, overwrite=overwrite, record_failures=False)
        if len(results) != 1:
            raise ConfigError(f"task={job.task.label} stands for {len(results)} tasks. Name one.")
        return results[0][1]


def with_place(entry: Published, make: Callable[[Sequence[str]], Result], words: Sequence[str]) -> Result:
    """What `make` makes of the words; its complaint begins with the entry's place."""
    try:
        return make(words)
    except HarnessError as error:
        raise ConfigError(f"{entry.place}: {error}") from error
