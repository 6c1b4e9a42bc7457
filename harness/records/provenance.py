"""Who made a number: date, command, versions, commit, machine. No user and no host; a path only where it was typed."""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import harness

LIBRARIES = (
    "torch", "sentence-transformers", "transformers", "tokenizers", "mteb", "beir", "pytrec-eval-terrier",
    "openvino", "onnxruntime", "faiss-cpu", "bm25s", "PyStemmer", "numpy", "scipy",
)  # fmt: skip
"""Whose versions every record holds; a system adds those of its own."""


def provenance(options: str, libraries: Iterable[str] = ()) -> dict[str, Any]:
    """Provenance of a result that is made now.

    Args:
        options: Those of the command line that makes it again.
        libraries: Packages that can move it, beside those that are always recorded.
    """
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": f"harness {options}".strip(),
        "harness": harness.__version__,
        "commit": commit(),
        "python": platform.python_version(),
        "libraries": versions((*LIBRARIES, *libraries)),
        "machine": machine(),
    }


@functools.cache
def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Installed version of each library that can move a number."""
    installed = {}
    for name in names:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed


@functools.cache
def commit() -> str:
    """The harness's own commit with `+` for uncommitted changes; empty where it is installed without its history."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        dirty = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "harness", "tasks", "conf")
    except (OSError, subprocess.SubprocessError):
        return ""
    return head + ("+" if dirty else "")


@functools.cache
def machine() -> dict[str, Any]:
    """Processor, cores and memory: what a reader needs beside a speed."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(memory / 2**30, 1),
    }


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _git(root: Path, *words: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=10
    ).stdout.strip()
