"""`harness explore model=bm25,minilm task=legal`: every fusion of two systems, measured from one run of each, and one chosen.

Each rule (reciprocal ranks, convex combinations) with each weight from 0 to 1 by 0.02 and each leg depth. It is chosen on the
task's dev split where there is one, else by cross-fitting over the queries: the best of a thousand on the test queries
promises what it does not keep, and how much that would have been is said.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from harness.compose.command import command
from harness.compose.composition import job
from harness.compose.session import context_of
from harness.config.options import hints
from harness.config.schema import Data
from harness.context import Context
from harness.errors import ConfigError, NotApplicable
from harness.evaluation.opening import Opener, label_of
from harness.records.archive import slug
from harness.records.atomic import write_bytes, write_text
from harness.refs import TaskRef
from harness.registry import tasks
from harness.systems.opened import Opened
from harness.types import Run, Task

if TYPE_CHECKING:
    from harness.exploration.values import Exploration


@dataclass
class Options:
    """`harness explore model=A,B task=TASK KEY=VALUE …`"""

    measure: str | None = None
    """nDCG at a cutoff, instead of nDCG@10 or what the task shows of it."""
    choose: str = "auto"
    """dev: on task.split=dev; cross-fit: over the task's own queries; auto: dev where the task names such a split."""
    legs: list[int] = field(default_factory=lambda: [50, 100, 200, 500, 1000])
    """How many documents of each system are joined; every depth is tried."""
    folds: int = 5
    """Of cross-fitting."""
    results: str = "results"
    """Folder of the records; the systems' runs are kept there, and taken from there."""
    to: str | None = None
    """Folder of the pages, instead of explore/ in the results folder."""
    device: str = "auto"
    """auto, cpu, cuda: where a model runs."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options, composed=True)
def main(options: Options, words: Sequence[str] = ()) -> None:
    """Measure, choose, print, and write Markdown, CSV, HTML and PNG."""
    from harness.exploration.build import expect_possible, explored
    from harness.measures.names import parse

    names, rest = _systems(words)
    if options.choose not in ("auto", "dev", "cross-fit"):
        raise ConfigError(f"choose={options.choose} is none of auto, dev, cross-fit.")
    if not options.legs or min(options.legs) < 1:
        raise ConfigError(f"legs={options.legs}: at least one depth, each at least 1.")
    context = context_of(options.data, results=options.results, device=options.device)
    ref, dev = _splits(names, rest, options.choose)
    one, two = (context.open(name) for name in names)
    assert isinstance(one, Opened) and isinstance(two, Opened)
    opener = Opener(context)
    task = _task(opener, ref)
    first = options.measure or next((name for name in task.measures if name.startswith("nDCG")), "nDCG@10")
    measure, depth = parse(first), max(options.legs)
    expect_possible(measure, options.legs, options.folds, len(task.dataset.queries))
    chosen_on = None
    if dev is not None:
        other = _task(opener, dev)
        chosen_on = (label_of(dev), _runs(context, one, two, other, depth), other.dataset)
    exploration = explored(
        (one, two), _runs(context, one, two, task, depth), task.dataset, measure, options.legs,
        task=label_of(ref), folds=options.folds, dev=chosen_on, mark=task.dataset.fingerprint[:12], words=rest,
    )  # fmt: skip
    _publish(exploration, Path(options.to) if options.to else Path(options.results) / "explore")


def _systems(words: Sequence[str]) -> tuple[tuple[str, str], list[str]]:
    """The two systems, and the other words: those that choose the task."""
    models = [word.partition("=")[2] for word in words if word.startswith("model=")]
    rest = [word for word in words if not word.startswith("model=")]
    if other := next((word for word in rest if word.startswith(("model.", "measures"))), ""):
        raise ConfigError(f"'{other}' is no option here. Options stand with their system: 'model=bm25(k1=0.9),minilm'.")
    if not any(word.startswith("task=") for word in rest):
        raise ConfigError("Say on which task: harness explore model=bm25,minilm task=legal.")
    names = [name.strip() for name in re.split(r",(?![^(]*\))", models[-1].strip("[]"))] if models else []
    if len(names) != 2 or names[0] == names[1]:
        raise ConfigError(
            f"Two systems are fused here: harness explore model=bm25,minilm task=legal, not {len(names)}."
        )
    return (names[0], names[1]), rest


def _splits(names: Sequence[str], words: Sequence[str], choose: str) -> tuple[TaskRef, TaskRef | None]:
    """The task that is tested on, and its dev split where that is to choose."""
    ref = job([f"model={names[0]}", *words]).task
    split = hints(tasks.get(ref.plugin)).get("split")
    stated = "dev" in get_args(split) and ref.options.get("split") != "dev"
    if choose == "cross-fit" or (choose == "auto" and not stated):
        return ref, None
    if split is None:
        raise ConfigError(f"task={ref.label} has no splits to choose on: choose=cross-fit.")
    if ref.options.get("split") == "dev":
        raise ConfigError("choose=dev would choose on the queries that it tests on. Leave task.split=dev away.")
    other = [word for word in words if not word.startswith(("task.split=", "limit="))]
    return ref, job([f"model={names[0]}", *other, "task.split=dev"]).task


def _task(opener: Opener, ref: TaskRef) -> Task:
    task = opener.task(dataclasses.replace(ref, depth=None, measures=None))
    if not isinstance(task, Task):
        raise NotApplicable(f"{ref.label} is scored whole by mteb: there are no rankings to be fused.")
    return task


def _runs(context: Context, one: Opened, two: Opened, task: Task, depth: int) -> tuple[Run, Run]:
    """Both systems' runs as deep as a leg is; stored ones where there are."""
    deep = dataclasses.replace(task, depth=depth)
    return context.run(one, deep), context.run(two, deep)


def _publish(exploration: Exploration, folder: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from harness.exploration.markdown import markdown, table
    from harness.exploration.page import page
    from harness.exploration.plots import draw
    from harness.report.canvas import png, svg

    stem = slug(f"{exploration.task}-{'-'.join(exploration.names)}-{exploration.measure}")
    figures = draw(exploration)
    drawings = {caption: (png(figure), svg(figure)) for caption, figure in figures.items()}
    for caption, (image, vector) in drawings.items():
        write_bytes(folder / f"{stem}.png", image)
        write_text(folder / f"{stem}.svg", vector)
        images = f"![{caption}]({stem}.png)\n"
    write_text(
        folder / f"{stem}.html", page(exploration, {caption: vector for caption, (_, vector) in drawings.items()})
    )
    write_text(folder / f"{stem}.csv", table(exploration))
    text = markdown(exploration)
    write_text(folder / f"{stem}.md", f"{text}\n{images}")
    console = Console()
    console.print(Markdown(text))
    console.print(f"written: {folder / stem}.html, .md, .csv, .png and .svg", style="dim")
