"""What fewer dimensions and lower precision lose: quality kept against bytes per document, from one model's rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report import canvas
from harness.report.grid import Board, Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"float32": canvas.INK, "float16": canvas.BLUE, "int8": canvas.ORANGE, "binary": canvas.PURPLE}
ACROSS, MOST = 2, 6
"""Panels beside each other, and models in all: a figure is to stand on one page."""


@dataclass(frozen=True)
class Step:
    """One variant: bytes per document, the share of the whole vectors' quality that it keeps, and how it is kept."""

    size: int
    kept: float
    dims: int
    precision: str
    rescored: bool


def compression_curves(board: Board) -> dict[str, list[Step]]:
    """Model → its variants, smallest first; a model that stands on the board in one form, or without its whole one, has none."""
    families: dict[tuple[object, ...], list[tuple[Row, float]]] = {}
    for row in board.rows:
        value = row.mean if row.mean is not None else row.common
        if row.facts.bytes and value is not None:
            keys = ("model", "weights", "prompts", "max_length", "dtype", "runtime", "normalize")
            families.setdefault(tuple(str(getattr(row.facts, key)) for key in keys), []).append((row, value))
    curves = {}
    for rows in families.values():
        whole = next((pair for pair in rows if pair[0].facts.precision == "float32" and not pair[0].facts.dims), None)
        if len(rows) < 2 or whole is None or whole[1] <= 0:
            continue
        steps = [_step(row, value / whole[1]) for row, value in rows]
        curves[whole[0].system] = sorted(steps, key=lambda step: (step.size, step.kept))
    return curves


def _step(row: Row, kept: float) -> Step:
    facts = row.facts
    return Step(
        facts.bytes or 0,
        kept,
        facts.dimension or 0,
        facts.precision,
        bool(facts.rescore),
    )


def compression(board: Board) -> Figure | None:
    """One panel per model, the board's best ones; a line per precision over its dimensions, hollow where the full vectors
    score again."""
    curves = compression_curves(board)
    if not curves:
        return None
    order = [row.system for row in board.rows if row.system in curves][:MOST]
    across = min(ACROSS, len(order))
    down = -(-len(order) // across)
    figure = canvas.figure(6.8 if across == 1 else 5.2 * across, min(3.9, canvas.TALLEST / down) * down)
    for number, system in enumerate(order, start=1):
        axes = figure.add_subplot(down, across, number)
        for precision, colour in COLOURS.items():
            for rescored in (False, True):
                line = [step for step in curves[system] if step.precision == precision and step.rescored == rescored]
                _line(axes, line, colour, precision, rescored=rescored)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter(lambda number, _: f"{number:,.0f}")
        axes.yaxis.set_major_formatter(lambda number, _: f"{number:.0%}")
        axes.axhline(1.0, color=canvas.GREY, linewidth=0.8, zorder=1)
        axes.margins(x=0.1, y=0.14)
        axes.set_xlabel("bytes per document in the index (log scale; smaller to the left)")
        axes.set_ylabel("quality kept")
        axes.set_title(f"{system}: quality kept against bytes per document", loc="left", fontsize=11, color=canvas.INK)
        canvas.frame(axes)
        axes.grid(color=canvas.RULE, linewidth=0.8)
        axes.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def _line(axes: Axes, line: Sequence[Step], colour: str, precision: str, *, rescored: bool) -> None:
    if not line:
        return
    label = f"{precision}, rescored" if rescored else precision
    axes.plot(
        [step.size for step in line], [step.kept for step in line], color=colour, linewidth=1.2, label=label, markersize=6,
        marker="o", linestyle="--" if rescored else "-", markerfacecolor="white" if rescored else colour,
    )  # fmt: skip
    for step in line:
        axes.annotate(
            str(step.dims), (step.size, step.kept), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=7,
            color=colour,
        )  # fmt: skip
