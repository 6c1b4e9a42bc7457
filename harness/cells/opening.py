"""Selections → systems and tasks. A system is opened once, a task is read once; a failure to do so is kept and told again."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from harness.config.jobs import Job, Selection
from harness.config.options import call
from harness.data.build import first_queries
from harness.errors import ConfigError, PluginError
from harness.measures.evaluate import refuse_beyond_depth
from harness.measures.names import parse
from harness.records.digest import digest
from harness.registry import systems, tasks
from harness.types import Choice, Delegated, System, Task

REMEMBERED = 8
"""Tasks kept in memory between systems: enough for a board, not for a whole benchmark's corpora."""


@dataclass(frozen=True)
class Cell:
    """One system on one task: the label it was asked under, the words that ask for it again, and how to get the task.

    `asked` is the task's plug-in, options and query limit, from which a record can open its data set again.
    """

    system: str
    label: str
    command: str
    asked: dict[str, Any]
    task: Callable[[], Task | Delegated]


class Opener:
    """Opens what jobs name, each once.

    Args:
        device: Where models run.
        memory: Megabytes of documents' vectors that a search may hold at once.
    """

    def __init__(self, device: str = "auto", memory: int = 1024) -> None:
        self._extra = {"device": device, "memory": memory << 20}
        self._system: tuple[str, System | Exception] | None = None
        self._tasks: dict[str, Task | Delegated | list[Choice] | Exception] = {}

    def system(self, selection: Selection) -> System:
        """The system; the one before it is let go, and with it its weights."""
        if self._system is None or self._system[0] != selection.label:
            self._system = None
            self._system = (selection.label, self._open_system(selection))
        opened = self._system[1]
        if isinstance(opened, Exception):
            raise opened
        return opened

    def cells(self, job: Job) -> Iterator[Cell]:
        """The cells that a job stands for: one, or one for each task of a benchmark, each read when it is its turn."""
        made = self._remembered(job.task)
        if isinstance(made, list):
            for choice in made:
                yield from self.cells(_for(job, choice))
            return
        asked = {"plugin": job.task.plugin, "options": job.task.options, "limit": job.limit}
        label = named(job.task.label, job.limit, job.depth)
        yield Cell(job.system.label, label, shlex.join(job.overrides), asked, lambda: self.task(job))

    def task(self, job: Job) -> Task | Delegated:
        """The task of a job that stands for one."""
        made = self._remembered(job.task)
        if isinstance(made, Exception):
            raise made
        assert not isinstance(made, list)
        return made if isinstance(made, Delegated) else adjusted(made, job)

    def _remembered(self, selection: Selection) -> Task | Delegated | list[Choice] | Exception:
        key = digest([selection.plugin, selection.options])
        if key not in self._tasks:
            while len(self._tasks) >= REMEMBERED:
                del self._tasks[next(iter(self._tasks))]
            self._tasks[key] = _read(selection)
        return self._tasks[key]

    def _open_system(self, selection: Selection) -> System | Exception:
        try:
            plugin = systems.get(selection.plugin)
            opened = call(plugin, selection.resolved(), label=selection.label, **self._extra)
            if not callable(getattr(opened, "search", None)):
                raise PluginError(f"{plugin.place}: '{plugin.name}' returned {type(opened).__name__}, not a System.")
            return opened  # type: ignore[no-any-return]
        except Exception as error:  # noqa: BLE001 - told again by every cell that needs this system
            return error


def expect_measures(jobs: Sequence[Job]) -> None:
    """Refuse a measure that does not exist, or beyond the depth that is asked for, before the first cell is begun."""
    for name, depth in {(name, job.depth) for job in jobs for name in job.measures or ()}:
        measure = parse(name)
        if depth is not None:
            refuse_beyond_depth(measure, depth)


def named(name: str, limit: int | None, depth: int | None) -> str:
    """A task's name with what was asked for instead of its own: `legal[first 50]`, `legal[depth 1000]`."""
    return name + (f"[first {limit}]" if limit is not None else "") + (f"[depth {depth}]" if depth is not None else "")


def adjusted(task: Task, job: Job) -> Task:
    """The task with the measures, the depth and the limit that were asked for; a cutoff beyond the depth is refused."""
    if job.limit is not None and job.limit < len(task.dataset.queries):
        limited = first_queries(task.dataset, job.limit)
        task = dataclasses.replace(task, dataset=limited, name=named(task.name, job.limit, None))
    if job.depth != task.depth:
        task = dataclasses.replace(task, name=named(task.name, None, job.depth))
    if job.measures is not None:
        task = dataclasses.replace(task, whole_run=None)
    asked = task.measures if job.measures is None else job.measures
    measures = tuple(dict.fromkeys(parse(name).name for name in asked))
    task = dataclasses.replace(task, measures=measures, depth=job.depth or task.depth)
    if not task.measures:
        raise ConfigError("measures=[] leaves nothing to measure. Name one, such as measures=[nDCG@10].")
    for name in task.measures:
        if job.measures:
            refuse_beyond_depth(parse(name), task.depth)
    kept = tuple(name for name in task.measures if (parse(name).k or 0) <= task.depth)
    if not kept:
        refuse_beyond_depth(parse(task.measures[0]), task.depth)
    return dataclasses.replace(task, measures=kept)


def _read(selection: Selection) -> Task | Delegated | list[Choice] | Exception:
    try:
        plugin = tasks.get(selection.plugin)
        made = call(plugin, selection.resolved())
        if isinstance(made, list):
            return made
        if not isinstance(made, Task | Delegated):
            raise PluginError(f"{plugin.place}: '{plugin.name}' returned {type(made).__name__}, not a Task.")
        return made if made.name else dataclasses.replace(made, name=selection.label)
    except Exception as error:  # noqa: BLE001 - told again by every system that is to do this task
        return error


def _for(job: Job, choice: Choice) -> Job:
    given = {key: value for key, value in choice.options.items() if value is not None}
    words = [word for word in job.overrides if not word.startswith(("task=", "task."))]
    words += [f"task={choice.plugin}", *(f"task.{key}={value}" for key, value in given.items())]
    label = "/".join([choice.plugin, *(str(value) for value in list(given.values())[:1])])
    others = [f"{key}={value}" for key, value in list(given.items())[1:] if value not in ("default", "test")]
    label += f"({','.join(others)})" if others else ""
    return dataclasses.replace(job, task=Selection(choice.plugin, choice.options, label), overrides=tuple(words))
