"""The run of a system on a task: the stored one where there is one, else it is searched, part by part.

So a hundred fusions cost two searches, and a reranker never repeats its first stage.
"""

from __future__ import annotations

import dataclasses

from harness.context import Context
from harness.records.archive import Archive
from harness.records.digest import record_key
from harness.systems.opened import Opened
from harness.types import Progress, Run, System, Task, no_progress


def stored_run(context: Context, system: System, task: Task, progress: Progress = no_progress) -> Run:
    """The run of the same record key and at least that depth, from a record or from `runs/`; else it is made and kept.

    This is what `context.run` does.
    """
    assert isinstance(system, Opened)
    archive, key = Archive(context.results), record_key(system.identity_for(task.purpose), task)
    stored = archive.find_run(key, task.depth, deeper=system.depth_independent)
    if stored is not None:
        return stored
    run = fresh_run(context, system, task, progress)
    archive.keep_run(key, system.name, run)
    return run


def fresh_run(context: Context, system: Opened, task: Task, progress: Progress = no_progress) -> Run:
    """Index and search; a system of systems joins the runs of its parts, each of which may be stored."""
    data, purpose = task.dataset, task.purpose
    how = {"candidates": data.candidates, "exclude_self": task.exclude_self}
    if system.parts:
        depth = system.system.depth_of_parts(task.depth)  # type: ignore[attr-defined]
        runs = [context.run(part, dataclasses.replace(task, depth=depth), progress) for part in system.parts]
        return system.joined(runs, data.documents, data.queries, purpose, task.depth, progress=progress, **how)
    texts = len(data.documents) + len(data.queries)

    def searching(done: int, total: int, tokens: int = 0) -> None:
        progress(len(data.documents) + done, texts, tokens)

    def indexing(done: int, total: int, tokens: int = 0) -> None:
        progress(done, texts, tokens)

    system.announce(data.documents, data.queries, purpose)
    index = system.index(data.documents, purpose, indexing)
    try:
        return index.search(data.queries, task.depth, progress=searching, **how)  # type: ignore[arg-type]
    finally:
        index.close()
        progress(texts, texts)
