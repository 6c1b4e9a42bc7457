"""A waterfall as Markdown, which the terminal shows too, and as CSV."""

from __future__ import annotations

import csv
import io

from harness.report.markup import plain
from harness.report.waterfall import formatting
from harness.report.waterfall.values import Waterfall


def markdown(waterfall: Waterfall) -> str:
    """The whole page."""
    one = waterfall
    arrow = "↑" if one.direction == "higher" else "↓"
    lines = [
        f"# Where {plain(one.system)} loses and wins on {plain(one.task)}", "",
        f"**{plain(formatting.headline(one))}**", "",
        f"| step | system | {plain(one.measure)} {arrow} | change, 95 % interval | p, adjusted | ms/query | bytes/document |",
        "| :-- | :-- | --: | :-- | --: | --: | --: |",
    ]  # fmt: skip
    if one.ceiling is not None:
        lines.append(f"| what the data admit | – | {formatting.number(one, one.ceiling)} | – | – | – | – |")
    for step in one.steps:
        text = formatting.change(one, step)
        lines.append(
            f"| {plain(step.what)} | {plain(step.system)} | {formatting.number(one, step.quality.mean)} "
            f"| {f'**{text}**' if step.told else text} | {formatting.chance(step)} | {formatting.milliseconds(step)} "
            f"| {formatting.size(step)} |"
        )
    lines += ["", f"n={one.queries} queries. Each change is over the same queries as the step before; p is adjusted for the "
              "number of steps (step-down max-T); bold where it is at most 0.05."]  # fmt: skip
    return "\n".join([*lines, *map(plain, one.notes), ""])


def table(waterfall: Waterfall) -> str:
    """One row per step."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(
        [
            "step",
            "system",
            "measure",
            "mean",
            "low",
            "high",
            "change",
            "change_low",
            "change_high",
            "p",
            "ms_per_query",
            "bytes",
        ]
    )
    for step in waterfall.steps:
        gap = step.change
        moved = [gap.difference, gap.low, gap.high, gap.p] if gap is not None else [""] * 4
        quality = step.quality
        writer.writerow(
            [step.what, step.system, waterfall.measure, quality.mean, quality.low, quality.high, *moved,
             "" if step.milliseconds is None else step.milliseconds, "" if step.bytes is None else step.bytes]
        )  # fmt: skip
    return out.getvalue()
