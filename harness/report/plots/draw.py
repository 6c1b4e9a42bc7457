"""Which plots a board gets, and their pictures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.report.canvas import png, svg
from harness.report.grid import Board
from harness.report.plots.compression import compression
from harness.report.plots.heat_map import heat_map
from harness.report.plots.means import means
from harness.report.plots.quality import quality
from harness.report.plots.speed import speed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEW_SYSTEMS, FEW_TASKS = 12, 6
"""Up to so many, each task has a panel of its own; beyond, one dot plot and one heat map say more."""
PLOTS = {"quality": quality, "means": means, "heat-map": heat_map, "speed": speed, "kept": compression}
"""File stem → plot, in the order in which they are shown."""


@dataclass(frozen=True)
class Picture:
    """A figure for a folder, at two pixels for each that a browser counts, and as an element of a page."""

    png: bytes
    svg: str

    @property
    def files(self) -> dict[str, bytes]:
        """Suffix → content."""
        return {"png": self.png, "svg": self.svg.encode()}


def suited(board: Board) -> list[str]:
    """The plots for a board of this size."""
    few = len(board.rows) <= FEW_SYSTEMS and len(board.columns) <= FEW_TASKS
    return [name for name in PLOTS if name not in (("means", "heat-map") if few else ("quality",))]


def draw(board: Board, names: Collection[str] | None = None) -> dict[str, Figure]:
    """File stem → figure, for every plot (of these names) that the board has enough numbers for."""
    chosen = suited(board) if names is None else names
    return {name: drawn for name in chosen if (drawn := PLOTS[name](board)) is not None}


def pictures(board: Board, names: Collection[str]) -> dict[str, Picture]:
    """File stem → picture of these plots."""
    return {name: Picture(png(figure), svg(figure)) for name, figure in draw(board, names).items()}
