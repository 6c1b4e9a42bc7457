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
    colours = [_colour(row) for _, row in shown]
    beside = axes.get_yaxis_transform()  # across in shares of the plot, down in rows
    for position, ((_, row), colour) in enumerate(zip(shown, colours, strict=True)):
        axes.text(
            1.02, position, formatting.rank(row) or "–", transform=beside, va="center", fontsize=size, color=colour
        )
    axes.text(1.02, -1.1, "rank", transform=beside, fontsize=size, color=INK)
    sure = [
        (position, row.rank_interval.low, row.rank_interval.high, colour)
        for position, ((_, row), colour) in enumerate(zip(shown, colours, strict=True))
        if row.rank is not None and row.rank_interval.low is not None and row.rank_interval.high is not None
    ]
    if sure:
        positions, lows, highs, shades = zip(*sure, strict=True)
        axes.hlines(positions, lows, highs, colors=shades, linewidth=1.8)
    for marker, ranked in (("o", True), ("x", False)):
        at = [position for position, (_, row) in enumerate(shown) if (row.rank is not None) is ranked]
        axes.scatter([shown[p][0] for p in at], at, s=20, marker=marker, color=[colours[p] for p in at], zorder=3)
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


def _colour(row: Row) -> str:
    if row.rank is None:
        return GREY
    return ACCENT if row.rank_interval.first == 1 else INK


def _value(row: Row) -> float | None:
    return row.mean if row.mean is not None else row.common


def _what(board: Board) -> str:
    tasks = len(board.common_tasks) if board.common_tasks else len(board.columns)
    incomplete = "; ×: incomplete rows, unranked" if any(row.rank is None for row in board.rows) else ""
    return f"mean over {tasks} {'task' if tasks == 1 else 'tasks'}{incomplete}"
