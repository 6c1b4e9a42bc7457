"""Few systems on few tasks: one panel per task, each system's number with its 95 % interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import formatting
from harness.report.canvas import ACCENT, GREY, INK, RULE, figure, frame, shortened
from harness.report.grid import Board, Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PER_ROW = 3


def quality(board: Board) -> Figure | None:
    """One panel per task: each system's number with its 95 % interval, best on top; the tie group in colour."""
    columns = [column for column in board.columns if column.reference is not None]
    if not columns:
        return None
    across = min(PER_ROW, len(columns))
    down = -(-len(columns) // across)
    height = 0.36 * len(board.rows) + 1.3
    drawn = figure(4.3 * across + 0.8, height * down)
    for number, column in enumerate(columns, start=1):
        _panel(drawn.add_subplot(down, across, number), board, column)
    return drawn


def _panel(axes: Axes, board: Board, column: Column) -> None:
    position = [other.task for other in board.columns].index(column.task)
    bars = [(row.system, row.cells[position]) for row in board.rows if row.cells[position].measured is not None]
    higher = column.direction == "higher"
    bars.sort(key=lambda pair: pair[1].measured.mean if pair[1].measured else 0.0, reverse=not higher)
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
    axes.set_yticks(range(len(bars)), [shortened(system) for system, _ in bars], fontsize=9)
    axes.set_ylim(-0.6, max(len(bars) - 0.3, 0.7))
    axes.set_title(f"{column.task}\n{formatting.heading(column)}", loc="left", fontsize=10, color=INK)
    frame(axes)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
