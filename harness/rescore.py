"""`python -m harness.rescore measures=[nDCG@20,Rprec]`: further measures from stored runs; no model is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.commands import command
from harness.errors import ConfigError, ResultsError
from harness.records.archive import Archive
from harness.records.record import Record
from harness.types import Dataset, Task


@dataclass
class Options:
    """`python -m harness.rescore KEY=VALUE …`"""

    measures: list[str] = field(default_factory=list)
    """The measures to compute, such as [nDCG@20,success(rel=2)@5]."""
    results: str = "results"
    """Folder of the records."""
    system: str | None = None
    """Only this system's records."""
    task: str | None = None
    """Only this task's records."""
    board: bool = True
    """Write the leaderboard afterwards."""


@command(Options)
def main(options: Options) -> None:
    """Compute measures for every stored run that fits, and add them to its record."""
    from harness.leaderboard import publish
    from harness.measures.names import parse

    if not options.measures:
        raise ConfigError("measures=[NAME,…] has to be given, such as measures=[nDCG@20].")
    names = [parse(name).name for name in options.measures]
    archive = Archive(options.results)
    records = [
        one
        for one in archive.read()
        if one.status == "ok"
        and "depth" in one.dataset
        and options.system in (None, one.system)
        and options.task in (None, one.task)
    ]
    if not records:
        raise ResultsError(
            f"{options.results} holds no stored run that fits. Evaluate first: python -m harness model=… task=…"
        )
    for record in records:
        rescore(record, names, archive)
    if options.board:
        publish(archive)


def rescore(record: Record, names: list[str], archive: Archive) -> Record:
    """The record with those measures; its data set is read again and has to have the same fingerprint."""
    from harness.cells.recording import rescored
    from harness.measures.evaluate import evaluate

    run, stored = archive.run(record), archive.scores(record)
    dataset = reopened(record)
    fresh = evaluate(run, dataset, names)
    kept = [one for one in stored.values() if one.measure not in names]
    primary = record.primary.measure if record.primary else names[0]
    return archive.write(rescored(record, run, dataset, fresh, primary), scores=[*kept, *fresh])


def reopened(record: Record) -> Dataset:
    """The data set of a record, read again; `ResultsError` where it is no longer what it was."""
    from harness.cells.opening import Opener
    from harness.config.jobs import Job, Selection

    asked = record.dataset["asked"]
    nobody = Selection("", {}, "")
    task = Opener().task(
        Job(
            nobody,
            Selection(asked["plugin"], asked["options"], record.task),
            depth=record.dataset["depth"],
            limit=asked["limit"],
        )
    )
    assert isinstance(task, Task)
    if task.dataset.fingerprint != record.dataset["fingerprint"]:
        raise ResultsError(
            f"{record.task} is no longer the data set that {record.system} was evaluated on (fingerprint "
            f"{task.dataset.fingerprint[:12]}, recorded {record.dataset['fingerprint'][:12]}). Evaluate again: "
            f"{record.provenance.get('command')}"
        )
    return task.dataset


if __name__ == "__main__":
    main()
