"""`harness power task=legal`: which differences a task's queries can tell, and how many queries more would take.

From the scores per query in the records: no model is loaded. Without `a` and `b` every pair of recorded systems is looked at.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.compose.command import command
from harness.config.schema import Data
from harness.errors import ConfigError, ResultsError, UnknownName
from harness.records.archive import Archive
from harness.types import Scores


@dataclass
class Options:
    """`harness power KEY=VALUE …`"""

    task: str | None = None
    """Only this task; all of them where it is left out."""
    a: str | None = None
    """Only pairs with this system."""
    b: str | None = None
    """And with this one."""
    measure: str | None = None
    """Instead of each task's own first measure."""
    differences: list[float] = field(default_factory=lambda: [0.01, 0.02, 0.05])
    """The true differences to be told, in the measure's unit."""
    power: float = 0.80
    """How often a difference is to be found where there is one."""
    results: str = "results"
    """Folder of the records."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR …: taken as by the other commands; the scores in the records are all that is read."""


@command(Options)
def main(options: Options) -> None:
    """Print a table per task."""
    from harness.measures.names import parse

    if not 0 < options.power < 1:
        raise ConfigError(f"power={options.power} is no share between 0 and 1, such as 0.8.")
    if not options.differences or min(options.differences) <= 0:
        raise ConfigError("differences=[0.01,0.02] are to be above 0.")
    archive = Archive.at(options.results)
    records = [record for record in archive.read() if record.status == "ok" and record.primary]
    tasks = sorted({record.task for record in records})
    if options.task is not None and options.task not in tasks:
        raise UnknownName("task", options.task, tasks, "Only recorded tasks have scores to go by.")
    measure_name = parse(options.measure).name if options.measure else None
    tables = 0
    for task in tasks if options.task is None else [options.task]:
        own = [record for record in records if record.task == task]
        measure = measure_name or own[0].primary.measure  # type: ignore[union-attr]
        scores = {
            record.system: values for record in own if (values := archive.scores(record).get(measure)) is not None
        }
        for name in filter(None, (options.a, options.b)):
            if name not in scores:
                raise UnknownName("system", name, scores, f"It has no {measure} per query on {task}.")
        pairs = _pairs(scores, options)
        if pairs:
            _show(task, measure, pairs, str(own[0].dataset.get("items", "queries")), options)
            tables += 1
    if not tables:
        raise ResultsError(
            f"{options.results} holds no two systems with scores per query on one task. Evaluate a second one: "
            "harness model=… task=…"
        )


PairDifferences = dict[str, NDArray[np.float64]]


def _pairs(scores: dict[str, Scores], options: Options) -> PairDifferences:
    """`A, B` → their differences per query, of the pairs that are asked for and answered the same queries."""
    named_systems = {name for name in (options.a, options.b) if name}
    return {
        f"{first}, {second}": scores[first].values - scores[second].values
        for first, second in itertools.combinations(sorted(scores), 2)
        if named_systems <= {first, second} and list(scores[first].query_ids) == list(scores[second].query_ids)
    }


def _show(task: str, measure: str, pairs: PairDifferences, items: str, options: Options) -> None:
    from rich.console import Console

    from harness.stats.power import detectable

    count = len(next(iter(pairs.values())))
    console = Console()
    console.print(_table(f"{task}, {measure}, {count} {items}", pairs, items, options))
    worst = max(detectable(pair, power=options.power) for pair in pairs.values())
    console.print(
        f"  With {count} {items} a true difference of {worst:.3f} is found with {options.power:.0%} power for every pair here; "
        "a smaller one is found less often, and one that is found by luck looks larger than it is.\n",
        style="dim", soft_wrap=True, highlight=False,
    )  # fmt: skip


def _table(title: str, pairs: PairDifferences, items: str, options: Options) -> object:
    from rich import box
    from rich.table import Table

    from harness.stats.power import detectable, needed

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("pair", overflow="fold")
    heads = [f"{items}\nfor {difference:g}" for difference in options.differences]
    for head in (
        "measured",
        "deviation\nper query" if items == "queries" else "deviation\nper item",
        "found\nnow",
        *heads,
    ):
        table.add_column(head, justify="right", no_wrap=True)
    for name, differences in sorted(pairs.items(), key=lambda pair: -float(pair[1].std())):
        numbers = [differences.mean(), differences.std(ddof=1), detectable(differences, power=options.power)]
        counts = [needed(differences, gap, power=options.power) for gap in options.differences]
        table.add_row(
            name, f"{numbers[0]:+.3f}", *(f"{value:.3f}" for value in numbers[1:]), *(f"{count:,}" for count in counts)
        )
    return table
