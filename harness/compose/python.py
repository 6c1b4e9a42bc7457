"""The Python door: `harness.evaluate` and `harness.read`, what a notebook needs. The commands stand on the same line."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.compose.composition import job
from harness.compose.session import context_of, told_apart
from harness.config.jobs import Job
from harness.config.schema import Data
from harness.errors import ConfigError
from harness.refs import SystemRef, TaskRef
from harness.systems.objects import of_function, of_sentence_transformer, of_system
from harness.systems.opened import Opened
from harness.types import Task

if TYPE_CHECKING:
    import pandas


def evaluate(
    systems: Any, tasks: Any, *, results: str | Path = "results", measures: Sequence[str] | None = None,
    depth: int | None = None, limit: int | None = None, overwrite: bool = False, record_failures: bool = False,
    device: str = "auto", memory: int = 1024, budget: float | None = None, mirror: str | None = None,
    cache: str | None = None, progress: bool = True, board: bool = False,
) -> pandas.DataFrame:  # fmt: skip
    """Evaluate every system on every task; one row per cell and measure, as `read` gives them.

    What is recorded in `results` under the same fingerprints is not evaluated again.

    Args:
        systems: One or several of: a name as after `model=` (`"bm25"`, `"rrf/bm25+minilm"`), the path of a TREC run, a
            SentenceTransformer, a function from a list of texts to an array of vectors, an object that indexes and
            searches. A mapping names them for the board.
        tasks: One or several of: a name as after `task=` (`"legal"`, `"beir task.path=DIR"`), or a `Task` that has a name.
        measures, depth, limit: As on the command line.
        record_failures: Record a cell that fails and go on, instead of raising what stopped it.
        memory: Megabytes of documents' vectors that a search holds at once.
        budget: What embedding endpoints may cost, in the currency of their price sheets.
        board: Write the leaderboard too.

    Raises:
        HarnessError: A mistake, in one line.
    """
    from harness.benchmark import benchmark
    from harness.evaluation.display import Display
    from harness.evaluation.opening import expect_measures
    from harness.records.archive import Archive
    from harness.report.frame import frame
    from harness.report.publish import publish

    data = Data(mirror=mirror, cache=cache)
    context = context_of(data, results=str(results), device=device, memory=memory, budget=budget)
    objects: dict[str, Opened | Task] = {}
    chosen = [_system(value, name, objects) for name, value in _named(systems)]
    names = None if measures is None else (measures,) if isinstance(measures, str) else tuple(measures)
    requested = [
        (dataclasses.replace(ref, measures=names, depth=depth, limit=limit), words)
        for ref, words in (_task(value, objects) for _, value in _named(tasks))
    ]
    jobs = told_apart([Job(system, task, (*words, *more)) for system, words in chosen for task, more in requested])
    expect_measures(jobs)
    with Display(len(jobs), shown=progress) as display:
        cells = benchmark(jobs, context, display, overwrite=overwrite, record_failures=record_failures, objects=objects)
    if board:
        publish(Archive(context.results))
    return frame([record for _, record in sorted(cells, key=lambda cell: cell[0])])


def read(results: str | Path = "results") -> pandas.DataFrame:
    """Every record of a results folder, one row per cell and measure; `ResultsError` where there is no such folder."""
    from harness.records.archive import Archive
    from harness.report.frame import frame

    return frame(Archive.at(results).read())


def _named(values: Any) -> list[tuple[str, Any]]:
    """Name (or nothing) and thing of one, several or a mapping."""
    if isinstance(values, Mapping):
        return [(str(name), value) for name, value in values.items()]
    several = isinstance(values, Sequence) and not isinstance(values, str)
    return [("", value) for value in (values if several else [values])]


def _system(value: Any, name: str, objects: dict[str, Opened | Task]) -> tuple[SystemRef, tuple[str, ...]]:
    """The reference and the words of a system; an object is kept beside under its label."""
    if isinstance(value, str | Path):
        words = ["model=run", f"model.path={value}"] if Path(value).is_file() else _words("model", str(value))
        composed = job([*words, *([f"model.label={name}"] if name else [])])
        return composed.system, tuple(word for word in composed.overrides if word.startswith("model"))
    if isinstance(value, Opened):
        system = value
    elif callable(getattr(value, "index", None)):
        system = of_system(value, name or getattr(value, "name", "") or type(value).__name__)
    elif hasattr(value, "encode") and hasattr(value, "state_dict"):
        system = of_sentence_transformer(value, name)
    elif callable(value):
        system = of_function(value, name)
    else:
        raise ConfigError(
            f"{type(value).__name__} is no system: give a name, a run file, a SentenceTransformer, a function from texts to "
            "vectors, or an object with index(documents, purpose, progress)."
        )
    return SystemRef("", {"label": _kept(system.name, system, objects)}, system.name), ()


def _task(value: Any, objects: dict[str, Opened | Task]) -> tuple[TaskRef, tuple[str, ...]]:
    if isinstance(value, Task):
        if not value.name:
            raise ConfigError("A Task that is evaluated needs a name: Task(name=…, dataset=…, measures=…).")
        return TaskRef("", {"label": _kept(value.name, value, objects)}, value.name), ()
    if not isinstance(value, str):
        raise ConfigError(f"{type(value).__name__} is no task: give a name as after task=, or a harness.Task.")
    composed = job(_words("task", value))
    return composed.task, tuple(word for word in composed.overrides if word.startswith("task"))


def _words(group: str, name: str) -> list[str]:
    """The words of `beir task.path=DIR`: each begins at its key, so that a path may hold spaces."""
    words = re.split(r"\s+(?=(?:model|task)\.\w+=)", name.strip())
    return [word if re.match(r"(?:model|task)[.=]", word) else f"{group}={word}" for word in words]


def _kept(label: str, thing: Opened | Task, objects: dict[str, Opened | Task]) -> str:
    if objects.setdefault(label, thing) is not thing:
        raise ConfigError(f"Two objects are called '{label}'. Name them apart with a mapping: {{'{label}-a': …}}.")
    return label
