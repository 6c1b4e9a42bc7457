"""An evaluation harness for text-embedding models and search systems: which one, for our documents, and how sure.

Read `harness/benchmark.py` first. A plug-in, and a notebook, need only what is named here.
"""

from __future__ import annotations

import importlib
import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.context import Context
from harness.errors import HarnessError
from harness.facts import Facts, Notes
from harness.refs import SystemRef, TaskRef
from harness.registry import measure, system, task
from harness.types import (
    Dataset,
    Delegated,
    Encoder,
    Evaluated,
    Index,
    Purpose,
    Run,
    Scores,
    System,
    Task,
    Texts,
)  # fmt: skip

if TYPE_CHECKING:
    from harness.compose.python import evaluate, read

__version__ = "0.2.0"
__all__ = [
    "Context", "Dataset", "Delegated", "Encoder", "Evaluated", "Facts", "HarnessError", "Index", "Notes", "Purpose", "Run",
    "Scores", "System", "SystemRef", "Task", "TaskRef", "Texts", "evaluate", "measure", "read", "system", "task",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """`evaluate` and `read`, imported when they are first asked for: a plug-in needs neither."""
    if name in ("evaluate", "read"):
        return getattr(importlib.import_module("harness.compose.python"), name)
    raise AttributeError(f"module 'harness' has no attribute '{name}'")


def _former_spelling(words: list[str]) -> str:
    """The line that answers `python -m harness.compare …`, which is now `harness compare …`; empty for anything else."""
    module = next((after for word, after in itertools.pairwise(words) if word == "-m"), "")
    name = module.removeprefix("harness.")
    if name == module or not (Path(__file__).parent / "commands" / f"{name}.py").is_file():
        return ""
    return f"error: python -m {module} is now: harness {name} (or python -m harness {name}), with the same options."


if sys.argv[:1] == ["-m"] and (
    _line := _former_spelling(sys.orig_argv)
):  # this package is imported to look for the module
    print(_line, file=sys.stderr)  # noqa: T201
    sys.exit(2)
