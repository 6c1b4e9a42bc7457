"""`harness waterfall SYSTEM task=legal`: where quality is lost and won, step by step, down to the system as it ships.

From the ceiling of the data over the model that reads texts whole, to what is cut, fewer dimensions, fewer bits, fusion and
each depth of a reranker. `model=… model.KEY=VALUE` says the system as an evaluation does. Stored runs are used again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose.command import command
from harness.compose.composition import job
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.errors import ConfigError, NotApplicable
from harness.records.archive import slug
from harness.records.atomic import write_bytes, write_text
from harness.types import Task

if TYPE_CHECKING:
    from harness.report.waterfall.values import Waterfall


@dataclass
class Options:
    """`harness waterfall SYSTEM task=NAME KEY=VALUE …`"""

    system: str = ""
    """The system, as it is typed after model=."""
    measure: str | None = None
    """Instead of the task's own first measure."""
    results: str = "results"
    """Folder of the records and runs."""
    to: str | None = None
    """Folder of the pages, instead of waterfall/ in the results folder."""
    device: str = "auto"
    """Where models run, as in an evaluation."""
    memory: int = 1024
    """Megabytes of documents' vectors that a search may hold."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets and models come from, as in an evaluation."""


@command(Options, "system", composed=True)
def main(options: Options, words: Sequence[str]) -> None:
    """Evaluate each step, print the table, and write Markdown, HTML, CSV and PNG."""
    from harness.checks.ceiling import ceilings
    from harness.checks.profile import DatasetProfile
    from harness.evaluation.display import Display
    from harness.evaluation.opening import Opener
    from harness.evaluation.stages import stages
    from harness.measures.evaluate import refuse_beyond_depth
    from harness.measures.names import parse
    from harness.report.waterfall.build import waterfall

    if bool(options.system) == any(word.startswith("model=") for word in words):
        raise ConfigError(
            "Name one system: harness waterfall SYSTEM task=TASK, or model=NAME model.KEY=VALUE task=TASK."
        )
    if not any(word.startswith("task=") for word in words):
        raise ConfigError("Say on which task: task=NAME. harness --help lists them.")
    named = [f"model={options.system}"] if options.system else []
    chosen = job([*named, *words])
    context = context_of(options.data, results=options.results, device=options.device, memory=options.memory)
    opener = Opener(context)
    task = opener.task(chosen.task)
    if not isinstance(task, Task):
        raise NotApplicable(f"{task.name} is scored whole by mteb: it has no runs to take apart.")
    measure = parse(options.measure or task.measures[0])
    refuse_beyond_depth(measure, task.depth)
    chain = stages(system := opener.system(chosen.system), context)
    found = {one.measure: one.by_id for one in ceilings(task, DatasetProfile(task.dataset))}
    with Display(len(chain), shown=True) as display:
        runs = []
        for what, one in chain:
            with display.announced(f"{one.name} × {task.name}"):
                run = context.run(one, task, display.texts)
            runs.append((what, one.name, one.facts, run))
    _publish(
        waterfall(system.name, task.name, task.dataset, measure, runs, found.get(measure.name)),
        Path(options.to) if options.to else Path(options.results) / "waterfall",
    )


def _publish(whole: Waterfall, folder: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from harness.report.canvas import png, svg
    from harness.report.waterfall.markdown import markdown, table
    from harness.report.waterfall.page import page
    from harness.report.waterfall.plot import draw

    stem = slug(f"{whole.task}-{whole.system}-{whole.measure}")
    text, figure = markdown(whole), draw(whole)
    write_bytes(folder / f"{stem}.png", png(figure))
    for ending, content in (("html", page(whole, svg(figure))), ("md", text), ("csv", table(whole))):
        write_text(folder / f"{stem}.{ending}", content)
    console = Console()
    console.print(Markdown(text))
    console.print(f"written: {folder / stem}.html, .md, .csv and .png", style="dim", soft_wrap=True)
