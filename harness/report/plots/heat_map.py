"""Systems × tasks at a glance: within each column from its worst to its best, and a mark where there is no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from harness.report import formatting
from harness.report.canvas import INK, TALLEST, figure, shortened, width_of
from harness.report.grid import Board, BoardCell, Column

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_ROWS, MOST_COLUMNS = 60, 60
NUMBERED = 16
"""Columns up to which the cells hold their numbers; beyond, colours and marks alone."""
EMPTY = "#f1f3f5"
MARKS = {"failed": "✗", "not applicable": "n/a", "not run": "·", "not measured": "?"}
LEGEND = 0.55


def heat_map(board: Board) -> Figure | None:
    """Rows and columns in the board's order; a ring marks what the queries cannot tell from a column's best."""
    if len(board.rows) < 2 or not board.columns:
        return None
    rows, columns = board.rows[:MOST_ROWS], board.columns[:MOST_COLUMNS]
    numbered = len(columns) <= NUMBERED
    across, down = (0.42 if numbered else 0.21), min(0.3, max(0.15, 4.0 / len(rows)))
    size = min(8.5, 72 * min(down, 0.3) * 0.62)
    names = [shortened(row.system, 32) for row in rows]
    tasks = [shortened(column.task, 26) for column in columns]
    left = max(width_of(name, size) for name in names) + 0.15
    top = max(width_of(task, size) for task in tasks) + 0.55
    width = max(left + across * len(columns) + 0.2, 5.0)
    height = min(TALLEST, top + down * len(rows) + LEGEND)
    drawn = figure(width, height, constrained=False)
    axes = drawn.add_axes((left / width, LEGEND / height, across * len(columns) / width, 1 - (top + LEGEND) / height))
    shades = np.array([_shades(column, [row.cells[at] for row in rows]) for at, column in enumerate(columns)]).T
    axes.set_facecolor(EMPTY)
    axes.imshow(
        np.ma.masked_invalid(shades), cmap="cividis", vmin=0, vmax=1, aspect="auto", interpolation="nearest",
        extent=(0, len(columns), len(rows), 0),
    )  # fmt: skip
    axes.vlines(np.arange(1, len(columns)), 0, len(rows), color="white", linewidth=0.8)
    axes.hlines(np.arange(1, len(rows)), 0, len(columns), color="white", linewidth=0.8)
    if not numbered:
        tied = [
            (x + 0.5, y + 0.5) for y, row in enumerate(rows) for x, cell in enumerate(row.cells) if cell.tied_for_best
        ]
        axes.scatter([x for x, _ in tied], [y for _, y in tied], s=10, color="white", edgecolors=INK, linewidths=0.8)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row.cells[: len(columns)]):
            _write(axes, x, y, cell, shades[y, x], size, numbered=numbered)
    axes.set_xlim(0, len(columns))
    axes.set_ylim(len(rows), 0)
    axes.set_yticks(np.arange(len(rows)) + 0.5, names, fontsize=size)
    axes.xaxis.tick_top()
    axes.set_xticks(np.arange(len(columns)) + 0.5, tasks, fontsize=size, rotation=90)
    axes.tick_params(length=0, colors=INK)
    for side in axes.spines.values():
        side.set_visible(False)
    _caption(drawn, board, width, height)
    return drawn


def _shades(column: Column, cells: list[BoardCell]) -> NDArray[np.float64]:
    """From 0 for the column's worst to 1 for its best; NaN where there is no number that counts."""
    values = np.array([cell.measured.mean if cell.counts and cell.measured else np.nan for cell in cells])
    if np.isnan(values).all():
        return values
    signed = values if column.direction == "higher" else -values
    low, high = np.nanmin(signed), np.nanmax(signed)
    return np.asarray((signed - low) / (high - low) if high > low else np.where(np.isnan(signed), np.nan, 0.5))


def _write(axes: Axes, x: int, y: int, cell: BoardCell, shade: float, size: float, *, numbered: bool) -> None:
    colour = INK if np.isnan(shade) or shade > 0.55 else "white"
    if cell.status != "ok" or cell.measured is None:
        text = MARKS[cell.status]
    elif not cell.comparable:
        text = formatting.INCOMPARABLE
    else:
        share = cell.measured.unit in formatting.SHARES
        number = f"{cell.measured.mean:.2f}".removeprefix("0") if share else f"{cell.measured.mean:,.0f}"
        text = number if numbered else ""
    if text:
        weight = "bold" if cell.tied_for_best else "normal"
        axes.text(
            x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=size * 0.9, color=colour, fontweight=weight
        )


def _caption(drawn: Figure, board: Board, width: float, height: float) -> None:
    drawn.text(0.1 / width, 1 - 0.12 / height, "Systems × tasks", fontsize=11, color=INK, va="top")
    left_out = [
        f"the first {most} of {count} {what}"
        for count, most, what in (
            (len(board.rows), MOST_ROWS, "systems"),
            (len(board.columns), MOST_COLUMNS, "tasks"),
        )
        if count > most
    ]
    best = "bold" if len(board.columns) <= NUMBERED else "ring"
    text = f"dark: worst of its column, light: best, {best}: cannot be told from the best"
    absent = {cell.status for row in board.rows for cell in row.cells} - {"ok"}
    text += "".join(f", {MARKS[status]} : {status}" for status in MARKS if status in absent)
    lines = [text, *([", ".join(left_out)] if left_out else [])]
    drawn.text(0.1 / width, 0.1 / height, "\n".join(lines), fontsize=7.5, color=INK, va="bottom")
