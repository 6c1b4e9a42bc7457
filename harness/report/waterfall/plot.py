"""A waterfall as a picture: one bar per step, from where the step before ended to where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.canvas import ACCENT, GREY, INK, RULE, VERMILION, figure, frame, shortened, width_of
from harness.report.waterfall import formatting
from harness.report.waterfall.values import Step, Waterfall

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = 9.0
STEP = 0.4
"""Inches per step."""


def draw(waterfall: Waterfall) -> Figure:
    """Steps from above to below; grey where the queries cannot tell the change, with the 95 % interval of each change."""
    steps = waterfall.steps
    names = [shortened(step.what, 44) for step in steps]
    rows = (["what the data admit"] if waterfall.ceiling is not None else []) + names
    left = max(width_of(name, SIZE) for name in rows) + 0.25
    width, height = left + 6.2, STEP * len(rows) + 1.25
    drawn = figure(width, height, constrained=False)
    axes = drawn.add_axes((left / width, 0.62 / height, 4.4 / width, 1 - 1.25 / height))
    beside = axes.get_yaxis_transform()
    offset = 0
    if waterfall.ceiling is not None:
        axes.plot([waterfall.ceiling], [0], marker="|", color=INK, markersize=14, markeredgewidth=2)
        axes.text(
            1.03,
            0,
            formatting.number(waterfall, waterfall.ceiling),
            transform=beside,
            va="center",
            fontsize=SIZE,
            color=INK,
        )
        offset = 1
    before = None
    for at, step in enumerate(steps, start=offset):
        mean, colour = step.quality.mean, _colour(waterfall, step)
        if before is None:
            axes.plot(
                [step.quality.low, step.quality.high], [at, at], color=colour, linewidth=2, solid_capstyle="round"
            )
            axes.plot([mean], [at], "o", color=colour, markersize=6.5)
        else:
            axes.barh(at, mean - before, left=before, height=0.55, color=colour, linewidth=0)
            axes.plot([before, before], [at - 0.95, at], color=GREY, linewidth=0.8, zorder=0)
            change = step.change
            assert change is not None
            ends = [before + change.low, before + change.high]
            axes.plot(ends, [at, at], color=INK, linewidth=1.1, solid_capstyle="round")
        moved = f"  {step.change.difference:+.3f}" if step.change is not None else ""
        axes.text(
            1.03,
            at,
            formatting.number(waterfall, mean) + moved,
            transform=beside,
            va="center",
            fontsize=SIZE,
            color=colour,
        )
        cost = f"{formatting.milliseconds(step)} ms" if step.milliseconds is not None else "–"
        axes.text(1.36, at, cost, transform=beside, va="center", ha="right", fontsize=SIZE, color=INK)
        before = mean
    axes.set_ylim(len(rows) - 0.4, -0.6)
    frame(axes)
    axes.set_yticks(range(len(rows)), rows, fontsize=SIZE)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_xlabel(
        f"{waterfall.measure}, mean over {waterfall.queries} queries; black: 95 % interval of the change",
        fontsize=SIZE,
        color=INK,
    )
    axes.text(1.36, -0.75, "per query", transform=beside, ha="right", fontsize=SIZE - 1, color=GREY)
    title = f"{shortened(waterfall.system, 60)} on {shortened(waterfall.task, 30)}, step by step"
    drawn.text(0.1 / width, 1 - 0.15 / height, title, fontsize=11, color=INK, va="top")
    return drawn


def _beside(axes: Axes, row: int, text: str, colour: str) -> None:
    axes.text(1.03, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=SIZE, color=colour)


def _colour(waterfall: Waterfall, step: Step) -> str:
    if step.change is None:
        return INK
    if not step.told:
        return GREY
    better = (step.change.difference > 0) == (waterfall.direction == "higher")
    return ACCENT if better else VERMILION
