"""Plots of a board: quality with intervals per task, and quality against speed with its Pareto frontier.

One colour per system, the same in every plot.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.report import formatting
from harness.report.canvas import ACCENT, GREY, INK, figure, frame
from harness.report.compression import kept
from harness.report.grid import Board, Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PER_ROW = 3
LONGEST = 24
LABELLED = 10
"""Points in the speed plot up to which every one is named; beyond, only those of the frontier."""
MOST = 24
"""Systems in one panel; a longer list is for the table."""


def quality(board: Board) -> Figure | None:
    """One panel per task: each system's number with its 95 % interval, best on top; the tie group in colour."""
    columns = [column for column in board.columns if column.reference is not None]
    if not columns:
        return None
    across = min(PER_ROW, len(columns))
    down = -(-len(columns) // across)
    height = 0.36 * min(len(board.rows), MOST) + 1.3
    drawn = figure(4.3 * across + 0.8, height * down)
    for place, column in enumerate(columns, start=1):
        _panel(drawn.add_subplot(down, across, place), board, column)
    return drawn


def speed(board: Board) -> Figure | None:
    """Mean quality against documents per second; systems that another beats in both stand in grey."""
    points = [
        (row.speed, value, row.system)
        for row in board.rows
        if row.speed and (value := row.mean if row.mean is not None else row.common) is not None
    ]
    if len(points) < 2:
        return None
    frontier = pareto([(fast, good) for fast, good, _ in points])
    drawn = figure(6.8, 4.2)
    axes = drawn.add_subplot()
    line = sorted(points[place][:2] for place in frontier)
    axes.plot([x for x, _ in line], [y for _, y in line], color=ACCENT, linewidth=1, alpha=0.5, drawstyle="steps-pre")
    for place, (fast, good, system) in enumerate(points):
        on = place in frontier
        axes.scatter(fast, good, s=44, color=ACCENT if on else GREY, zorder=3)
        if not on and len(points) > LABELLED:
            continue
        axes.annotate(
            _short(system),
            (fast, good),
            textcoords="offset points",
            xytext=(7, 5),
            color=INK if on else GREY,
            fontsize=9,
        )
    axes.set_xscale("log")
    _plain_ticks(axes)
    axes.margins(x=0.22, y=0.18)
    shared = board.common_tasks or tuple(column.task for column in board.columns)
    axes.set_xlabel("documents per second, encoded or indexed (log scale; faster to the right)")
    axes.set_ylabel(f"mean over {', '.join(shared)}" if len(shared) < 4 else f"mean over {len(shared)} tasks")
    axes.set_title("Quality against speed", loc="left", fontsize=11, color=INK)
    frame(axes)
    axes.grid(color="#e4e7eb", linewidth=0.8)
    return drawn


def pareto(points: Sequence[tuple[float, float]]) -> list[int]:
    """Places of the points that no other one equals or beats in both coordinates and beats in one."""
    return [
        place
        for place, (x, y) in enumerate(points)
        if not any(a >= x and b >= y and (a > x or b > y) for a, b in points)
    ]


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same bytes for the same figure."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=144, metadata={"Software": None})
    figure.set_layout_engine("none")  # where things stand is settled: another format need not work it out again
    return out.getvalue()


def svg(figure: Figure) -> str:
    """The figure as an SVG element for a page."""
    import matplotlib

    out = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "harness", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _panel(axes: Axes, board: Board, column: Column) -> None:
    place = board.columns.index(column)
    bars = [(row.system, row.cells[place]) for row in board.rows if row.cells[place].measured is not None]
    higher = column.direction == "higher"
    bars.sort(key=lambda pair: pair[1].measured.mean if pair[1].measured else 0.0, reverse=not higher)
    left_out, bars = len(bars) - MOST, bars[-MOST:]
    for height, (_, cell) in enumerate(bars):
        measured = cell.measured
        assert measured is not None
        colour = ACCENT if cell.tied_for_best else (INK if cell.comparable else GREY)
        low, high = (measured.mean if bound is None else bound for bound in (measured.low, measured.high))
        axes.plot([low, high], [height, height], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot(measured.mean, height, color=colour, markersize=6.5, marker="o" if cell.comparable else "x")
        axes.text(
            measured.mean, height + 0.16, f"{measured.mean:.3f}", ha="center", va="bottom", fontsize=8, color=colour
        )
    axes.set_yticks(range(len(bars)), [_short(system) for system, _ in bars], fontsize=9)
    axes.set_ylim(-0.6, max(len(bars) - 0.3, 0.7))
    best = f" (the best {MOST} of {left_out + MOST})" if left_out > 0 else ""
    axes.set_title(f"{column.task}{best}\n{formatting.heading(column)}", loc="left", fontsize=10, color=INK)
    frame(axes)
    axes.grid(axis="x", color="#e4e7eb", linewidth=0.8)


def _plain_ticks(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:,.0f}" if number >= 1 else f"{number:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def draw(board: Board) -> dict[str, Any]:
    """File stem → figure, for every plot that the board has enough numbers for."""
    plots = (("quality", quality), ("speed", speed), ("kept", kept))
    return {name: drawn for name, made in plots if (drawn := made(board)) is not None}
