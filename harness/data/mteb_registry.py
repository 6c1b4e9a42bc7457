"""mteb's tasks by name: its registry, the mirror in place of its hub, and what a task or a benchmark stands for.

A task of several subsets or splits (a multilingual one, a benchmark) stands for one of ours each: every cell of the
board is one data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from harness.data.mirrored import by_content
from harness.errors import ConfigError, UnknownName, Unreachable
from harness.hub import Hub
from harness.refs import TaskRef


def get(name: str, hub: Hub) -> Any:
    """mteb's task of that name, with its data set redirected to the mirror where there is one."""
    import mteb

    try:
        task = mteb.get_task(name)
    except KeyError:
        from mteb.get_tasks import _TASKS_REGISTRY

        raise UnknownName("mteb task", name, _TASKS_REGISTRY, "mteb.get_tasks() lists them.") from None
    return redirect(task, hub)


@dataclass(frozen=True)
class Origin:
    """Where mteb has a task's data set from, on the hub: the repository, and the subsets and splits that make the task."""

    dataset: str
    subsets: tuple[str, ...]
    splits: tuple[str, ...]


def origin(name: str) -> Origin | None:
    """Of mteb's task of that name; None where this version of mteb has no such task, or it is not on the hub."""
    import mteb

    try:
        task = mteb.get_task(name)
    except KeyError:
        return None
    path = str(task.metadata.dataset.get("path", ""))
    return Origin(path, tuple(task.hf_subsets or ["default"]), tuple(task.eval_splits)) if "/" in path else None


def redirect(task: Any, hub: Hub) -> Any:
    """The task with `metadata.dataset` pointing into the mirror; `Unreachable` where the mirror lacks it."""
    if hub.mirror is None or "path" not in task.metadata.dataset:
        return task
    path = task.metadata.dataset["path"]
    folder = hub.dataset(path)
    if folder is None:
        raise Unreachable(
            hub.advice(f"the data set '{path}' of mteb's {task.metadata.name}", "task=beir task.path=DIR")
        )
    task.metadata = task.metadata.model_copy(
        update={"dataset": {**task.metadata.dataset, "path": str(by_content(folder, hub))}}
    )
    return task


def benchmark(name: str) -> list[TaskRef]:
    """The tasks that one of mteb's benchmarks stands for, each with its subsets and splits."""
    import mteb

    try:
        tasks = mteb.get_benchmark(name).tasks
    except KeyError:
        known = [one.name for one in mteb.get_benchmarks()]
        raise UnknownName("mteb benchmark", name, known, "mteb.get_benchmarks() lists them.") from None
    return [choice for task in tasks for choice in parts(task)]


def parts(task: Any, subset: str | None = None, split: str | None = None, language: str | None = None) -> list[TaskRef]:
    """One choice per subset and split of an mteb task, or per task of an aggregated one."""
    name = task.metadata.name
    if hasattr(task, "taskname_to_task"):
        return [choice for inner in task.metadata.tasks for choice in parts(inner, subset, split, language)]
    if language is not None:
        try:
            task = task.filter_languages([language])
        except (ValueError, KeyError):
            languages = ", ".join(sorted(task.metadata.languages)[:20])
            raise ConfigError(
                f"mteb/{name} has nothing in the language '{language}'. Its languages: {languages}."
            ) from None
    subsets, splits = list(task.hf_subsets or ["default"]), list(task.eval_splits)
    for option, value, known in (("subset", subset, subsets), ("split", split, splits)):
        if value is not None and value not in known:
            raise UnknownName(f"{option} of mteb/{name}", value, known)
    return [
        TaskRef("mteb", {"name": name, "subset": one, "split": other})
        for one in ([subset] if subset is not None else subsets)
        for other in ([split] if split is not None else splits)
    ]
