"""`harness --help`: commands, models, tasks and measures, in under a second and without a heavy import."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from harness.compose import plugins
from harness.compose.about import comment
from harness.registry import Plugin, measures, systems, tasks

HEAD = """\
Evaluate text-embedding models and search systems; records, tables and plots in results/.

  harness model=minilm task=legal                     one model on one task
  harness -m model=minilm,bm25 task=legal,faq         every pair; a model is loaded once
  harness -m 'model=glob(*)' task=legal               every model
  harness model=rrf/bm25+minilm task=legal            two systems fused; rerank/bm25:minilm orders one's top by the other
  harness model=path model.path=DIR task=beir task.path=DIR

Options (KEY=VALUE): measures=[nDCG@10,…] depth=N limit=N device=auto|cpu|cuda results=DIR overwrite=true
  audit=prompts progress=false board=false data.mirror=DIR data.models=DIR; an option of a model or task as model.KEY=… task.KEY=…
  model.label=NAME task.label=NAME name a row or column; --cfg job shows what a command line composes to.
  python -m harness does the same.
"""


def help_text(commands: Mapping[str, str]) -> str:
    """The whole help, in the width of an ordinary terminal.

    Args:
        commands: Name → what it does, in a line.
    """
    plugins.discover()
    sections = [
        ("Commands (harness COMMAND --help)", dict(commands)),
        ("Models (model=…)", {**_summaries(systems), **_yamls("model")}),
        ("Tasks (task=…)", {**_summaries(tasks), **_yamls("task")}),
        ("Measures (measures=[…])", _summaries(measures)),
    ]
    return HEAD + "".join(f"\n{title}\n{_list(entries)}" for title, entries in sections)


def _summaries(registry: Iterable[Plugin]) -> dict[str, str]:
    return {plugin.name: plugin.summary for plugin in registry}


def _yamls(group: str) -> dict[str, str]:
    """Name → the comment on the first line of each YAML; the one that wins where two have a name."""
    folders = [plugins.home() / "conf", *reversed(plugins.configurations())]
    private = plugins.overriding()
    return {
        file.stem: comment(file) + (f" (overrides the built-in one: {file})" if (group, file.stem) in private else "")
        for folder in folders
        for file in sorted((folder / group).glob("*.yaml"))
    }


def _list(entries: Mapping[str, str]) -> str:
    width = int(os.environ.get("COLUMNS", "110"))
    lines = [f"  {name:<24} {summary}"[:width].rstrip() for name, summary in sorted(entries.items())]
    return "\n".join(lines) + "\n"
