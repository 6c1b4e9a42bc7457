"""Jobs under the settings they share: the context they run in, the straight line under a display, the board at its end."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from harness.compose.composition import open_system
from harness.config.jobs import Job
from harness.config.schema import Data
from harness.context import Context
from harness.errors import ConfigError, nearest
from harness.evaluation.runs import stored_run
from harness.hub import Hub
from harness.records.atomic import expect_writable
from harness.records.digest import digest
from harness.records.record import Record
from harness.refs import SystemRef, TaskRef

DEVICES = ("auto", "cpu", "cuda", "mps", "xpu")
CALLED = {"gpu": "cuda", "nvidia": "cuda", "rocm": "cuda", "metal": "mps", "apple": "mps"}
"""What people call them."""


@dataclass(frozen=True)
class Outcome:
    """What a job gave. As a number it is the primary measure, which a sweeper may search an option by.

    Attributes:
        records: One per cell of the job.
        error: What stopped it, where it was not to be recorded.
    """

    records: tuple[Record, ...] = ()
    error: Exception | None = None

    @property
    def failures(self) -> int:
        """Cells that failed."""
        return sum(record.status == "failed" for record in self.records)

    def __float__(self) -> float:
        """The mean of the primary measure over its cells; NaN where one has none."""
        if self.error is not None:
            raise self.error
        means = [record.primary.mean if record.primary is not None else float("nan") for record in self.records]
        return sum(means) / len(means) if means else float("nan")


def context_of(
    data: Data | DictConfig, *, results: str, device: str = "auto", memory: int = 1024, budget: float | None = None
) -> Context:
    """The context that options describe; `memory` is in megabytes.

    Raises:
        HarnessError: A device that there is not, or a mirror that is no folder.
    """
    _expect_device(device)
    hub = Hub.at(data.mirror, data.models, data.cache)
    hub.quiet()
    vectors = data.vectors if isinstance(data.vectors, str) else data.vectors.value
    return Context(hub, device, memory << 20, vectors, Path(results), budget, opener=open_system, runner=stored_run)


def _expect_device(device: str) -> None:
    kind, _, number = device.partition(":")
    if kind not in DEVICES or (number and not number.isdecimal()) or device.endswith(":"):
        guess = CALLED.get(kind.lower()) or (nearest(kind, DEVICES) or ["auto"])[0]
        raise ConfigError(f"device={device} is not known. Did you mean {guess}? Known: {', '.join(DEVICES)}, cuda:1 …")


def evaluate(jobs: Sequence[Job], settings: DictConfig, *, record_failures: bool, board: bool = True) -> list[Outcome]:
    """The outcome of each job, in their order."""
    from harness.benchmark import benchmark
    from harness.evaluation.display import Display
    from harness.evaluation.encode_part import fill
    from harness.evaluation.opening import expect_measures
    from harness.evaluation.prompt_audit import show_audit, variants
    from harness.records.archive import Archive
    from harness.report.drawings import drawings
    from harness.report.publish import publish

    jobs = told_apart(jobs)
    rounds = [list(jobs)] if settings.audit.value == "none" else variants(jobs)
    where = {"results": settings.results, "device": settings.device, "memory": settings.memory}
    context = context_of(settings.data, budget=settings.budget, **where)
    expect_measures(jobs)
    expect_writable(context.results)
    how = {"overwrite": settings.overwrite, "record_failures": record_failures}
    board = board and settings.board and settings.encode.shard is None
    archive = Archive(context.results)
    with drawings(archive, ahead=True) if board else contextlib.nullcontext() as drawing:
        with Display(len(jobs) * len(rounds), shown=settings.progress) as display:
            if settings.encode.shard is not None:
                fill(jobs, context, display, settings.encode.shard)
                return [Outcome() for _ in jobs]
            results = [benchmark(one_round, context, display, **how) for one_round in rounds]
        if drawing:
            publish(archive, begun=drawing)
    if len(rounds) > 1:
        show_audit([[record for _, record in one_round] for one_round in results], archive)
    by_job: list[list[Record]] = [[] for _ in jobs]
    for one_round in results:
        for number, record in one_round:
            by_job[number].append(record)
    return [Outcome(tuple(records)) for records in by_job]


def told_apart(jobs: Sequence[Job]) -> list[Job]:
    """The jobs under labels that differ where what they name does: with as much of a path as that takes."""
    systems = _distinct([job.system for job in jobs])
    tasks = _distinct([job.task for job in jobs])
    return [
        dataclasses.replace(job, system=_relabelled(job.system, system), task=_relabelled(job.task, task))  # type: ignore[arg-type]
        for job, system, task in zip(jobs, systems, tasks, strict=True)
    ]


def _distinct(refs: Sequence[SystemRef] | Sequence[TaskRef]) -> list[tuple[str, ...]]:
    """Label and longer labels of each; a label that two things would share is left to neither."""
    things: dict[str, set[str]] = {}
    for ref in refs:
        for label in (ref.label, *ref.longer):
            things.setdefault(label, set()).add(digest([ref.plugin, dict(ref.options)]))
    labels = []
    for ref in refs:
        own = tuple(label for label in (ref.label, *ref.longer) if len(things[label]) == 1)
        if not own:
            raise ConfigError(
                f"Two of these jobs are to be called '{ref.label}' and are not the same thing. Name them apart with "
                "model.label=NAME or task.label=NAME, or leave the label out."
            )
        labels.append(own)
    return labels


def _relabelled(ref: SystemRef | TaskRef, labels: tuple[str, ...]) -> SystemRef | TaskRef:
    return dataclasses.replace(ref, label=labels[0], longer=labels[1:])
