"""Many systems in one dot plot: each one's mean over the tasks with its interval, and the ranks between which it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report import formatting
from harness.report.canvas import ACCENT, GREY, INK, RULE, TALLEST, figure, frame, shortened, width_of
from harness.report.grid import Board, Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 60
"""Systems that fit on a page; a longer list is for the table."""
STEP, LARGEST = 0.165, 0.3
"""Inches from one system to the next: at least, and at most."""
TOP, BOTTOM = 0.75, 0.65


def means(board: Board) -> Figure | None:
    """Best on top; in colour what the queries cannot tell from the first, on the right the ranks (95 %)."""
    points = sorted(
        ((value, row) for row in board.rows if (value := _value(row)) is not None),
        key=lambda point: (-point[0], point[1].system),
    )
    if len(points) < 2:
        return None
    shown = points[:MOST]
    step = min(LARGEST, max(STEP, 4.5 / len(shown)))
    height = min(TALLEST, step * len(shown) + TOP + BOTTOM)
    size = min(9.0, 72 * step * 0.62)
    names = [shortened(row.system, 32) for _, row in shown]
    left = max(width_of(name, size) for name in names) + 0.2
    width = left + 5.4
    drawn = figure(width, height, constrained=False)
    axes = drawn.add_axes((left / width, BOTTOM / height, 4.7 / width, 1 - (TOP + BOTTOM) / height))
    for position, (value, row) in enumerate(shown):
        stands = row.rank_interval
        colour = ACCENT if stands.first == 1 else INK if row.rank is not None else GREY
        if row.rank is not None and stands.low is not None and stands.high is not None:
            axes.plot([stands.low, stands.high], [position, position], color=colour, linewidth=1.8)
        axes.plot(value, position, color=colour, marker="o" if row.rank is not None else "x", markersize=4.5)
        axes.annotate(
            formatting.rank(row) or "–", (1.02, position), xycoords=("axes fraction", "data"), va="center", fontsize=size,
            color=colour, annotation_clip=False,
        )  # fmt: skip
    axes.annotate(
        "rank", (1.02, -1.1), xycoords=("axes fraction", "data"), fontsize=size, color=INK, annotation_clip=False
    )
    axes.set_ylim(len(shown) - 0.4, -0.6)
    frame(axes)
    axes.set_yticks(range(len(shown)), names, fontsize=size)
    axes.grid(axis="x", color=RULE, linewidth=0.8)
    axes.set_xlabel(_what(board), fontsize=9, color=INK)
    of = f", the best {MOST} of {len(points)}" if len(points) > MOST else ""
    drawn.text(
        0.1 / width, 1 - 0.2 / height, f"Mean with 95 % interval, and ranks{of}", fontsize=11, color=INK, va="top"
    )
    return drawn


def _value(row: Row) -> float | None:
    return row.mean if row.mean is not None else row.common


def _what(board: Board) -> str:
    tasks = len(board.common_tasks) if board.common_tasks else len(board.columns)
    incomplete = "; ×: incomplete rows, unranked" if any(row.rank is None for row in board.rows) else ""
    return f"mean over {tasks} {'task' if tasks == 1 else 'tasks'}{incomplete}"
