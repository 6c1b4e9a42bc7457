"""Quality against speed, with the systems that no other one beats in both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.canvas import ACCENT, GREY, INK, RULE, figure, frame, shortened
from harness.report.grid import Board
from harness.report.plots.labels import placed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELLED = 10
"""Points up to which every one is named; beyond, only those of the frontier."""


def speed(board: Board) -> Figure | None:
    """Mean quality against documents per second; systems that another beats in both stand in grey."""
    points = [
        (row.speed, value, row.system)
        for row in board.rows
        if row.speed and (value := row.mean if row.mean is not None else row.common) is not None
    ]
    if len(points) < 2:
        return None
    frontier = set(pareto([(fast, good) for fast, good, _ in points]))
    drawn = figure(6.8, 4.2)
    axes = drawn.add_subplot()
    line = sorted(points[at][:2] for at in frontier)
    axes.plot([x for x, _ in line], [y for _, y in line], color=ACCENT, linewidth=1, alpha=0.5, drawstyle="steps-pre")
    colours = [ACCENT if at in frontier else GREY for at in range(len(points))]
    axes.scatter([fast for fast, _, _ in points], [good for _, good, _ in points], s=44, color=colours, zorder=3)
    axes.set_xscale("log")
    _plain_ticks(axes)
    axes.margins(x=0.22, y=0.18)
    shared = board.common_tasks or tuple(column.task for column in board.columns)
    axes.set_xlabel("documents per second, encoded or indexed (log scale; faster to the right)")
    axes.set_ylabel(f"mean over {', '.join(shared)}" if len(shared) < 4 else f"mean over {len(shared)} tasks")
    axes.set_title("Quality against speed", loc="left", fontsize=11, color=INK)
    frame(axes)
    axes.grid(color=RULE, linewidth=0.8)
    named = [at for at in range(len(points)) if at in frontier or len(points) <= LABELLED]
    drawn.draw_without_rendering()  # settles where the points lie
    placed(
        axes, [points[at][:2] for at in named], [shortened(points[at][2]) for at in named],
        [INK if at in frontier else GREY for at in named], [(fast, good) for fast, good, _ in points],
    )  # fmt: skip
    return drawn


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Positions of the points that no other one equals or beats in both coordinates and beats in one."""
    best_before = float("-inf")
    on: list[int] = []
    order = sorted(range(len(points)), key=lambda at: (-points[at][0], -points[at][1]))
    for at in order:
        x, y = points[at]
        twin = bool(on) and points[on[-1]] == (x, y)
        if y > best_before or twin:
            on.append(at)
            best_before = y
    return sorted(on)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}" if number >= 1 else f"{number:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", which="minor", length=0)
