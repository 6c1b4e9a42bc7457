"""Two pictures of a comparison: every query's difference, sorted; and the difference in each slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.report.canvas import ACCENT, GREY, INK, figure, frame
from harness.report.comparison.values import Comparison

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BEHIND = "#b0553a"


def queries(comparison: Comparison) -> Figure:
    """One bar per query, from the one that A wins by most to the one that B does."""
    a, b = comparison.a.name, comparison.b.name
    values = np.sort(comparison.differences)[::-1]
    better = values > 0 if comparison.direction == "higher" else values < 0
    drawn = figure(8.6, 3.0)
    axes = drawn.add_subplot()
    axes.bar(
        np.arange(len(values)), values, width=1.0, linewidth=0, color=[ACCENT if ahead else BEHIND for ahead in better]
    )
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_xlabel(f"{len(values)} {comparison.items}, sorted")
    axes.set_ylabel(f"{comparison.measure}, A less B")
    axes.set_title(
        f"A {a} ahead in {comparison.wins}, B {b} in {comparison.losses}, equal in {comparison.ties}",
        loc="left", fontsize=11, color=INK,
    )  # fmt: skip
    frame(axes)
    return drawn


def where(comparison: Comparison) -> Figure | None:
    """Each slice's difference with its interval; in colour where it is beyond chance."""
    if not comparison.slices:
        return None
    shown = sorted(comparison.slices, key=lambda gap: gap.difference)
    drawn = figure(8.6, 0.32 * len(shown) + 1.3)
    axes = drawn.add_subplot()
    for height, gap in enumerate(shown):
        significant = gap.p <= 0.05
        ahead = (gap.difference > 0) == (comparison.direction == "higher")
        colour = (ACCENT if ahead else BEHIND) if significant else GREY
        axes.plot([gap.low, gap.high], [height, height], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(gap.difference, height, "o", color=colour, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(shown)), [f"{gap.what} (n={gap.n})" for gap in shown], fontsize=9)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    a, b = comparison.a.name, comparison.b.name
    left, right = (b, a) if comparison.direction == "higher" else (a, b)
    axes.set_xlabel(f"← {left} better  |  {comparison.measure}, A less B, 95 % interval  |  {right} better →")
    axes.set_title("Where the difference lives (grey: not beyond chance)", loc="left", fontsize=11, color=INK)
    frame(axes)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    return drawn


def draw(comparison: Comparison) -> dict[str, Figure]:
    """Caption → figure."""
    slices = where(comparison)
    figures = {f"The difference in each of the {comparison.items}, sorted": queries(comparison)}
    return figures | ({"The difference in each slice of the queries, with its 95 % interval": slices} if slices else {})
