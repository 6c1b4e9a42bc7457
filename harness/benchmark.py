"""The straight line: configuration → task → system → index → run → measures → record. Read this first.

    for each system:                    a model is opened once, however many tasks follow
        for each of its tasks:
            run    = what the system ranks, told the texts and not the answers
            scores = what the measures say of it, per query
            record = both, with everything needed to judge and repeat them

The leaderboard (`harness/report/`) reads the records alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from harness.config.jobs import Job
from harness.context import Context
from harness.evaluation import recording
from harness.evaluation.display import Display, Watched
from harness.evaluation.opening import Opener, label_of
from harness.evaluation.runs import fresh_run
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.records.digest import digest, record_key
from harness.records.record import Record
from harness.systems.opened import Opened
from harness.types import Delegated, Evaluated, Task


def benchmark(
    jobs: Sequence[Job], context: Context, display: Display, *, overwrite: bool, record_failures: bool,
    objects: Mapping[str, Opened | Task] | None = None,
) -> list[tuple[int, Record]]:  # fmt: skip
    """One record per (system, task) in the order in which they were made, each behind its job's number.

    With `record_failures` a cell that fails becomes a record that says why, and the rest goes on; without, the first one
    is raised. `objects` are systems and tasks of a notebook, by their labels.
    """
    records: list[tuple[int, Record]] = []
    archive, opener = Archive(context.results), Opener(context, objects)
    for number, job in by_system(jobs):
        for cell in display.walk(opener.cells(job)):
            try:
                system, task = opener.system(cell.system), opener.task(cell.task)
                record, how = evaluated(system, task, cell, context, display, overwrite=overwrite)
            except Exception as error:
                if not record_failures:
                    raise
                record, how = archive.write(recording.failed(cell, error)), "failed"
            records.append((number, record))
            display.done(record, how)
    return records


def evaluated(
    system: Opened, task: Task | Delegated, cell: Job, context: Context, display: Display, *, overwrite: bool
) -> tuple[Record, str]:
    """The record of one cell, and how it came about: already recorded, rescored or evaluated."""
    archive, label = Archive(context.results), label_of(cell.task)
    key = record_key(system.identity_for(task.purpose), task)
    recorded = None if overwrite else archive.find(key)
    if recorded is not None:
        archive.clear_failure(recorded, label)
        return completed(recorded, task, archive)
    if isinstance(task, Delegated):
        start = time.perf_counter()
        result = Evaluated.of(task.score(encoder := Watched(system.encoder, display.texts)))
        clock = time.perf_counter() - start
        record = recording.delegated(key, system, task, result, encoder.encoding_stats(), clock, cell, context.hub)
        return archive.write(record, scores=[result.scores] if result.scores else [], asked=label), recording.WHOLE
    stored = None if overwrite else archive.find_run(key, task.depth, deeper=system.depth_independent)
    run = stored or fresh_run(context, system, task, display.texts)
    scores = evaluate(run, task.dataset, task.measures)
    record = recording.ranked(key, system, task, run, scores, cell, context.hub)
    return archive.write(record, run, scores, asked=label), "from a stored run" if stored else "evaluated"


def completed(record: Record, task: Task | Delegated, archive: Archive) -> tuple[Record, str]:
    """A record that is there already, with the measures it lacks computed from its stored run."""
    first = record.measures[0].measure if isinstance(task, Delegated) or task.whole_run else task.measures[0]
    wanted = () if isinstance(task, Delegated) else task.measures
    if record.measures[0].measure == first and all(record.get(name) for name in wanted):
        return (
            record,
            f"already recorded as {record.system} × {record.task} under the same fingerprints; overwrite=true redoes it",
        )
    assert isinstance(task, Task)
    run, stored = archive.run(record), archive.scores(record)
    fresh = evaluate(run, task.dataset, [name for name in wanted if name not in stored])
    rescored = recording.rescored(record, run, task.dataset, [*stored.values(), *fresh], first)
    return archive.write(rescored, scores=[*stored.values(), *fresh]), "rescored from the stored run"


def by_system(jobs: Sequence[Job]) -> list[tuple[int, Job]]:
    """Numbered jobs sorted by system, systems in the order of their first job, whatever order the axes of a sweep had."""
    keys = [digest([job.system.plugin, job.system.label, dict(job.system.options)]) for job in jobs]
    first = dict(zip(reversed(keys), reversed(range(len(keys))), strict=True))
    return sorted(enumerate(jobs), key=lambda pair: first[keys[pair[0]]])
