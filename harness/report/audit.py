"""The audit of a model's prompts, for a terminal: one table per task, and a warning where the configured ones lose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.records.record import Measured, Record
from harness.report.rank_intervals import aligned
from harness.stats.bootstrap import bootstrap_means, interval
from harness.stats.paired import max_t
from harness.types import Scores

NAMES = ("as configured", "with no prompt", "with its prompts swapped")
LEVEL = 0.05


def show(
    records: Sequence[Record], scores_of: Callable[[Record], Mapping[str, Scores]], console: Console | None = None
) -> list[str]:
    """Print the three variants on one task; the warnings.

    Args:
        records: The configured one first, then without prompts, then swapped.
    """
    console = console or Console()
    configured = records[0]
    measured = configured.primary
    assert measured is not None
    values = aligned([dict(scores_of(one)).get(measured.measure) for one in records])
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, title=f"{configured.system} on {configured.task}", title_justify="left"
    )
    for head in ("", measured.measure, "less as configured", "p"):
        table.add_column(head, justify="right" if head else "left", no_wrap=True)
    lines = [
        Text(f"  prompts: query {_used(configured, 'query')}, document {_used(configured, 'document')}", style="dim")
    ]
    warnings = []
    p = max_t(values[:, 1:] - values[:, [0]]) if values is not None else None
    for place, (name, record) in enumerate(zip(NAMES, records, strict=True)):
        measured_here = record.get(measured.measure)
        assert measured_here is not None
        row = [name, f"{measured_here.mean:.3f}", "", ""]
        if place and values is not None and p is not None:
            low, high = interval(bootstrap_means((values[:, place] - values[:, 0])[:, None])[:, 0])
            chance = "<0.001" if p[place - 1] < 0.001 else f"{p[place - 1]:.3f}"
            row[2:] = [f"{measured_here.mean - measured.mean:+.3f} [{low:+.3f}, {high:+.3f}]", chance]
            if _better(measured_here, measured) and p[place - 1] <= LEVEL:
                warnings.append(
                    f"{configured.system} is better on {record.task} {name} ({measured.measure} {measured_here.mean:.3f} against "
                    f"{measured.mean:.3f}, p {chance}): hold its prompts against its model card."
                )
        table.add_row(*row)
    console.print(table)
    for line in [*lines, *(Text(f"  warning: {warning}", style="bold") for warning in warnings)]:
        console.print(line, soft_wrap=True)
    return warnings


def _better(one: Measured, other: Measured) -> bool:
    return one.mean > other.mean if one.direction == "higher" else one.mean < other.mean


def _used(record: Record, role: str) -> str:
    return repr(text) if (text := record.checks.prompts.get(role)) else "none"
