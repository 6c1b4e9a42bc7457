"""Further measures of a record from its stored run; its data set is read again and has to be the same."""

from __future__ import annotations

import dataclasses

from harness.context import Context
from harness.errors import ResultsError
from harness.evaluation.opening import Opener
from harness.evaluation.recording import rescored
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.records.record import Record
from harness.types import Dataset, Task


def rescore(record: Record, names: list[str], context: Context) -> Record:
    """The record with those measures beside its own."""
    archive = Archive(context.results)
    run, stored = archive.run(record), archive.scores(record)
    dataset = reopened(record, context)
    fresh = evaluate(run, dataset, names)
    kept = [scores for scores in stored.values() if scores.measure not in names]
    primary = record.primary.measure if record.primary else names[0]
    return archive.write(rescored(record, run, dataset, fresh, primary), scores=[*kept, *fresh])


def reopened(record: Record, context: Context) -> Dataset:
    """The data set of a record, read again; `ResultsError` where it is no longer what it was."""
    ref = dataclasses.replace(record.task_ref, measures=None)
    task = Opener(context).task(ref)
    assert isinstance(task, Task)
    if task.dataset.fingerprint != record.dataset["fingerprint"]:
        raise ResultsError(
            f"{record.task} is no longer the data set that {record.system} was evaluated on (fingerprint "
            f"{task.dataset.fingerprint[:12]}, recorded {record.dataset['fingerprint'][:12]}). Evaluate again: "
            f"{record.provenance.get('command')}"
        )
    return task.dataset
