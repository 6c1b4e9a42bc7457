"""Which plots a board gets."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def draw(board: Board) -> dict[str, Figure]:
    """File stem → figure, for every plot that the board has enough numbers for."""
    few = len(board.rows) <= FEW_SYSTEMS and len(board.columns) <= FEW_TASKS
    kinds = {"quality": quality} if few else {"means": means, "heat-map": heat_map}
    kinds |= {"speed": speed, "kept": compression}
    return {name: drawn for name, plot in kinds.items() if (drawn := plot(board)) is not None}
