"""References → systems and tasks. A system is opened once, a task is read once; an error is kept and raised again for every
cell that needs it."""

from __future__ import annotations

import dataclasses
import functools
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from harness.config.jobs import Job
from harness.config.options import call, resolved
from harness.context import Context
from harness.data.build import first_queries
from harness.errors import ConfigError, DataError, HarnessError, MalformedData, PluginError
from harness.measures.evaluate import refuse_beyond_depth
from harness.measures.names import parse
from harness.records.archive import Archive
from harness.records.digest import digest
from harness.records.record import Record
from harness.refs import SystemRef, TaskRef
from harness.registry import Plugin, tasks
from harness.systems.opened import Opened, opened
from harness.types import Delegated, Task

REMEMBERED = 8
"""Tasks kept in memory between systems: enough for a board, not for a whole benchmark's corpora."""


class Opener:
    """Opens what jobs name, each once, whatever label it goes by.

    Args:
        objects: Systems and tasks that are there already, by label: what a reference without a plug-in stands for.
    """

    def __init__(self, context: Context, objects: Mapping[str, Opened | Task] | None = None) -> None:
        self._context, self._objects = context, dict(objects or {})
        self._system: tuple[str, Opened | Exception] | None = None
        self._tasks: dict[str, Task | Delegated | list[TaskRef] | Exception] = {}

    def system(self, ref: SystemRef) -> Opened:
        """The system; the one before it is let go, and with it its weights."""
        key = digest([ref.plugin, ref.label, resolved(ref.options)])
        if self._system is None or self._system[0] != key:
            self._system = None
            self._system = (key, self._open(ref))
        system = self._system[1]
        if isinstance(system, Exception):
            raise system
        return system

    def cells(self, job: Job) -> Iterator[Job]:
        """The jobs that a job stands for: itself, or one for each task of a benchmark, each read when it is its turn."""
        result = self._remembered(job.task)
        if isinstance(result, list):
            for ref in result:
                yield from self.cells(_for(job, ref))
            return
        yield job

    def task(self, ref: TaskRef, *, whatever: bool = False) -> Task | Delegated:
        """The task of a reference that stands for one.

        Args:
            whatever: Hand out data that an evaluation refuses too: a check is to see every fault.
        """
        result = self._remembered(ref)
        if isinstance(result, Exception):
            raise result
        assert not isinstance(result, list)
        if isinstance(result, Delegated):
            return result
        if result.dataset.refusal and not whatever:
            raise DataError(result.dataset.refusal)
        return adjusted(self._told_apart(result, ref), ref)

    def _open(self, ref: SystemRef) -> Opened | Exception:
        try:
            if not ref.plugin:
                return self._objects[ref.label]  # type: ignore[return-value]
            system = opened(ref, self._context)
            if ref.longer:
                system.name = _free(
                    [ref.label, *ref.longer], [record for record in self._records if _other(record, ref, system)]
                )
            return system
        except Exception as error:  # noqa: BLE001 - raised again by every cell that needs this system
            return error

    def _remembered(self, ref: TaskRef) -> Task | Delegated | list[TaskRef] | Exception:
        key = digest([ref.plugin, ref.label, resolved(ref.options)])
        if key not in self._tasks:
            while len(self._tasks) >= REMEMBERED:
                del self._tasks[next(iter(self._tasks))]
            self._tasks[key] = _read(ref, self._context) if ref.plugin else self._objects[ref.label]  # type: ignore[assignment]
        return self._tasks[key]

    def _told_apart(self, task: Task, ref: TaskRef) -> Task:
        """The task under the shortest of its labels that no recorded task of another path has."""
        if not ref.longer or task.name != ref.label:
            return task
        path = ref.options.get("path")
        others = {
            record.task.partition("[")[0]
            for record in self._records
            if record.status == "ok"
            and record.dataset["asked"]["options"].get("path") != path
            and record.dataset["fingerprint"] != task.dataset.fingerprint
        }
        return dataclasses.replace(task, name=_free([ref.label, *ref.longer], others))

    @functools.cached_property
    def _records(self) -> list[Record]:
        return Archive(self._context.results).read()


def _other(record: Record, ref: SystemRef, system: Opened) -> bool:
    """True if a record is of another model folder than this one: another path, and other weights in it."""
    return (
        record.status == "ok"
        and record.asked.get("options", {}).get("path") != ref.options.get("path")
        and record.facts.weights != system.facts.weights
    )


def _free(labels: Sequence[str], others: Sequence[Record] | set[str]) -> str:
    names = others if isinstance(others, set) else {other.system for other in others}
    return next((label for label in labels if label not in names), labels[-1])


def expect_measures(jobs: Sequence[Job]) -> None:
    """Refuse a measure that does not exist, or beyond the depth that is asked for, before the first cell is begun."""
    for name, depth in {(name, job.task.depth) for job in jobs for name in job.task.measures or ()}:
        measure = parse(name)
        if depth is not None:
            refuse_beyond_depth(measure, depth)


def label_of(ref: TaskRef) -> str:
    """A task's label with what was asked for instead of its own: `legal[first 50]`, `legal[depth 1000]`."""
    return named(ref.label, ref.limit, ref.depth)


def named(name: str, limit: int | None, depth: int | None) -> str:
    """A task's name with a limit on its queries and a depth that is not its own."""
    return name + (f"[first {limit}]" if limit is not None else "") + (f"[depth {depth}]" if depth is not None else "")


def adjusted(task: Task, ref: TaskRef) -> Task:
    """The task with the measures, the depth and the limit that were asked for; a cutoff beyond the depth is refused."""
    if ref.limit is not None and ref.limit < len(task.dataset.queries):
        limited = first_queries(task.dataset, ref.limit)
        task = dataclasses.replace(task, dataset=limited, name=named(task.name, ref.limit, None))
    if ref.depth != task.depth:
        task = dataclasses.replace(task, name=named(task.name, None, ref.depth))
    if ref.measures is not None:
        task = dataclasses.replace(task, whole_run=None)
    requested = task.measures if ref.measures is None else ref.measures
    measures = tuple(dict.fromkeys(parse(name).name for name in requested))
    task = dataclasses.replace(task, measures=measures, depth=ref.depth or task.depth)
    if not task.measures:
        raise ConfigError("measures=[] leaves nothing to measure. Name one, such as measures=[nDCG@10].")
    for name in task.measures:
        if ref.measures:
            refuse_beyond_depth(parse(name), task.depth)
    within = tuple(name for name in task.measures if (parse(name).k or 0) <= task.depth)
    if not within:
        refuse_beyond_depth(parse(task.measures[0]), task.depth)
    return dataclasses.replace(task, measures=within)


def _read(ref: TaskRef, context: Context) -> Task | Delegated | list[TaskRef] | Exception:
    try:
        plugin = tasks.get(ref.plugin)
        task = call(plugin, resolved(ref.options), context=context)
        if isinstance(task, list) and all(isinstance(one, TaskRef) for one in task):
            return task
        if not isinstance(task, Task | Delegated):
            raise PluginError(f"{plugin.place}: '{plugin.name}' returned {type(task).__name__}, not a Task.")
        return task if task.name and not ref.own_label else dataclasses.replace(task, name=ref.label)
    except MalformedData as error:
        return PluginError(f"{_line_of(plugin, error)}: {error}")
    except Exception as error:  # noqa: BLE001 - raised again by every system that is to do this task
        return error


def _line_of(plugin: Plugin, error: HarnessError) -> str:
    """FILE:LINE in the plug-in's own file where an error came from."""
    file = Path(plugin.place.rpartition(":")[0])
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    return f"{file}:{lines[-1]}" if lines else plugin.place


def _for(job: Job, ref: TaskRef) -> Job:
    """The job of one of the tasks that a benchmark stands for."""
    given = {key: value for key, value in ref.options.items() if value is not None}
    words = [word for word in job.overrides if not word.startswith(("task=", "task."))]
    words += [f"task={ref.plugin}", *(f"task.{key}={value}" for key, value in given.items())]
    label = "/".join([ref.plugin, *(str(value) for value in list(given.values())[:1])])
    others = [f"{key}={value}" for key, value in list(given.items())[1:] if value not in ("default", "test")]
    label += f"({','.join(others)})" if others else ""
    task = dataclasses.replace(job.task, plugin=ref.plugin, options=ref.options, label=ref.label or label, longer=())
    return dataclasses.replace(job, task=task, overrides=tuple(words))
