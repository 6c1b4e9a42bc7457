"""What a task or a model is, in a line: the comment in the first line of its YAML, or what its plug-in says of itself."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from harness.compose import plugins
from harness.config.jobs import Job
from harness.registry import tasks


def described(job: Job, choice: str) -> Job:
    """The job with what its task is; a choice that reads whatever data it is given says nothing of them."""
    files = [folder / "task" / f"{choice}.yaml" for folder in plugins.folders()]
    file = next((file for file in files if file.is_file()), None)
    about = comment(file) if file is not None else ""
    if file is None and choice in tasks and not {"name", "path"} & job.task.options.keys():
        about = tasks.get(choice).summary
    return dataclasses.replace(job, task=dataclasses.replace(job.task, about=about))


def comment(file: Path) -> str:
    """The comment in a file's first line; empty where it begins with something else."""
    with file.open(encoding="utf-8") as lines:
        first = lines.readline()
    return re.sub(r"^#\s*", "", first).strip() if first.startswith("#") else ""
