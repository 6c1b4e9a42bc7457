"""An exploration as Markdown, which the terminal shows too, and every pipeline as CSV."""

from __future__ import annotations

import csv
import io

from harness.exploration import formatting
from harness.exploration.values import Exploration
from harness.report.markup import plain

COLUMNS = ("model", "rule", "legs", "weight", "mean", "chosen")


def markdown(exploration: Exploration) -> str:
    """The whole page."""
    one, two = exploration.names
    lines = [f"# Fusions of {plain(one)} and {plain(two)} on {plain(exploration.task)}", ""]
    lines += [f"**{plain(formatting.verdict(exploration))}**", "", f"    {exploration.command}", ""]
    lines += [f"- Note: {plain(note)}" for note in exploration.notes]
    lines += [""] if exploration.notes else []
    lines += ["| | |", "| :-- | :-- |"]
    lines += [f"| {plain(name)} | {plain(value)} |" for name, value in formatting.figures(exploration)]
    lines += ["", f"## The best of each rule by {exploration.measure} on the test queries", ""]
    lines += ["It flatters whatever had more to choose from; the estimate above does not.", ""]
    lines += [
        f"| rule | weight of {plain(one)} | documents of each | {exploration.measure} |",
        "| :-- | --: | --: | --: |",
    ]
    for pipeline, mean in formatting.rules(exploration):
        name = f"{pipeline.typed(exploration.names)} alone" if pipeline.single else pipeline.rule.name
        legs = "" if pipeline.single else f"{pipeline.legs}"
        lines.append(f"| {plain(name)} | {pipeline.weight:.2f} | {legs} | {mean:.3f} |")
    return "\n".join([*lines, ""])


def table(exploration: Exploration) -> str:
    """CSV: each pipeline as it is typed, with its mean on the test queries and the share of cross-fits that chose it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    often = exploration.stability.tolist() or [""] * len(exploration.tried)
    for pipeline, mean, share in zip(exploration.tried, exploration.means.tolist(), often, strict=True):
        rule = "" if pipeline.single else pipeline.rule.name
        typed = pipeline.typed(exploration.names)
        writer.writerow([typed, rule, "" if pipeline.single else pipeline.legs, pipeline.weight, mean, share])
    return out.getvalue()
