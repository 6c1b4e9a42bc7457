"""`python -m harness --help`: the registered models and tasks, in under a second and without a heavy import."""

from __future__ import annotations

import os
import re
from pathlib import Path

from harness import plugins
from harness.registry import measures, systems, tasks

HEAD = """\
Evaluate text-embedding models; records, tables and plots in results/.

  python -m harness model=minilm task=legal                     one model on one task
  python -m harness -m model=minilm,bm25 task=legal,faq         every pair; a model is loaded once
  python -m harness -m 'model=glob(*)' task=legal               every model
  python -m harness model=path model.path=DIR task=beir task.path=DIR
  python -m harness.leaderboard                                 tables and plots again, from the records
  python -m harness.rescore 'measures=[nDCG@20]'                further measures, from the stored runs
  python -m harness.compare A B task=legal                      two systems query by query, and how sure the difference is
  python -m harness.power task=legal                            which differences the queries can tell
  python -m harness.check task=legal                            faults of the data, before any model is loaded
  python -m harness.reproduce                                   published scores beside ours

Options (KEY=VALUE): measures=[nDCG@10,…] depth=N limit=N device=auto|cpu|cuda results=DIR overwrite=true
  audit=prompts progress=false board=false data.mirror=DIR data.models=DIR; an option of a model or task as model.KEY=… task.KEY=…
  --cfg job shows what a command line composes to.
"""


def help_text() -> str:
    """The whole help, in the width of an ordinary terminal."""
    sections = [
        ("Models (model=…)", {**_plugins(systems), **_yamls("model")}),
        ("Tasks (task=…)", {**_plugins(tasks), **_yamls("task")}),
        ("Measures (measures=[…])", {plugin.name: plugin.summary for plugin in measures}),
    ]
    return HEAD + "".join(f"\n{title}\n{_list(entries)}" for title, entries in sections)


def _plugins(registry: object) -> dict[str, str]:
    return {plugin.name: plugin.summary for plugin in registry}  # type: ignore[attr-defined]


def _yamls(group: str) -> dict[str, str]:
    """Name → the comment on the first line of each YAML."""
    folders = [plugins.home() / "conf", *plugins.configurations()]
    return {file.stem: _comment(file) for folder in folders for file in sorted((folder / group).glob("*.yaml"))}


def _comment(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        first = lines.readline()
    return re.sub(r"^#\s*", "", first).strip() if first.startswith("#") else ""


def _list(entries: dict[str, str]) -> str:
    width = int(os.environ.get("COLUMNS", "110"))
    lines = [f"  {name:<24} {summary}"[:width].rstrip() for name, summary in sorted(entries.items())]
    return "\n".join(lines) + "\n"
