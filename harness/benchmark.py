"""The straight line: configuration → task → system → run → measures → record. Read this first.

    for each system:                    a model is opened once, however many tasks follow
        for each of its tasks:
            run    = what the system ranks
            scores = what the measures say of it, per query
            record = both, with everything needed to judge and repeat them

The leaderboard (`harness/leaderboard.py`) reads the records alone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from harness.cells import recording
from harness.cells.display import Display, Watched
from harness.cells.opening import Cell, Opener
from harness.config.jobs import Job
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.records.digest import record_key
from harness.records.record import Record
from harness.types import Delegated, System, Task


def benchmark(
    jobs: Sequence[Job], archive: Archive, opener: Opener, display: Display, *, overwrite: bool, record_failures: bool
) -> list[Record]:
    """One record per (system, task), in the order in which they were made.

    With `record_failures` a cell that fails becomes a record that says why, and the rest goes on; without it the first
    failure is raised, and nothing is written for it.
    """
    records: list[Record] = []
    for job in by_system(jobs):
        for cell in display.walk(opener.cells(job)):
            try:
                record, how = evaluated(opener.system(job.system), cell, archive, display, overwrite=overwrite)
            except Exception as error:
                if not record_failures:
                    raise
                record, how = archive.write(recording.failed(cell, error)), "failed"
            records.append(record)
            display.done(record, how)
    return records


def evaluated(system: System, cell: Cell, archive: Archive, display: Display, *, overwrite: bool) -> tuple[Record, str]:
    """The record of one cell, and how it came about: already recorded, rescored or evaluated."""
    task = cell.task()
    key = record_key(system.identity, task)
    known = None if overwrite else archive.find(key)
    if known is not None:
        archive.mended(known, cell.label)
        return completed(known, task, archive)
    if isinstance(task, Delegated):
        start = time.perf_counter()
        values = task.score(encoder := Watched(system.encoder, display.texts))
        record = recording.delegated(key, system, task, values, encoder.seen(), time.perf_counter() - start, cell)
        return archive.write(record, asked=cell.label), "evaluated whole by mteb: measures, depth and limit are its own"
    run = system.search(task, display.texts)
    scores = evaluate(run, task.dataset, task.measures)
    record = recording.ranked(key, system, task, run, scores, cell)
    return archive.write(record, run, scores, asked=cell.label), "evaluated"


def completed(known: Record, task: Task | Delegated, archive: Archive) -> tuple[Record, str]:
    """A record that is there already, with the measures it lacks computed from its stored run."""
    first = known.measures[0].measure if isinstance(task, Delegated) or task.whole_run else task.measures[0]
    wanted = () if isinstance(task, Delegated) else task.measures
    if known.measures[0].measure == first and all(known.get(name) for name in wanted):
        names = f"{known.system} × {known.task}"
        return known, f"already recorded as {names} under the same fingerprints; overwrite=true redoes it"
    assert isinstance(task, Task)
    run, stored = archive.run(known), archive.scores(known)
    fresh = evaluate(run, task.dataset, [name for name in wanted if name not in stored])
    scores = [*stored.values(), *fresh]
    record = recording.rescored(known, run, task.dataset, scores, first)
    return archive.write(record, scores=scores), "rescored from the stored run"


def by_system(jobs: Sequence[Job]) -> list[Job]:
    """Jobs sorted by system, systems in the order of their first job, whatever order the axes of a sweep had."""
    first = {job.system.label: place for place, job in reversed(list(enumerate(jobs)))}
    return sorted(jobs, key=lambda job: first[job.system.label])
