"""Names beside points, none over another: each stands at the first of some positions around its point that is free."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.report.canvas import width_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Box = tuple[float, float, float, float]
SIZE = 9.0
AROUND = [
    (dx, dy, side)
    for distance in (1.0, 2.2, 3.6, 5.0)
    for dx, dy, side in (
        (7, 5 * distance, "left"), (7, -12 * distance, "left"), (-7, 5 * distance, "right"), (-7, -12 * distance, "right")
    )
]  # fmt: skip
"""Offsets in points from the point to the text's lower corner, and which side of the text is there."""


def placed(
    axes: Axes, points: Sequence[tuple[float, float]], names: Sequence[str], colours: Sequence[str],
    obstacles: Sequence[tuple[float, float]],
) -> None:  # fmt: skip
    """Write each name near its point; where none of the positions is free a name is left out.

    Args:
        obstacles: Points that no name may cover.
    """
    scale = axes.figure.dpi / 72
    centres = [tuple(axes.transData.transform(point)) for point in obstacles]
    taken: list[Box] = [(x - 4 * scale, y - 4 * scale, x + 4 * scale, y + 4 * scale) for x, y in centres]
    inside = axes.get_window_extent()
    for point, name, colour in zip(points, names, colours, strict=True):
        x, y = axes.transData.transform(point)
        width, height = width_of(name, SIZE) * axes.figure.dpi * 0.86, 1.15 * SIZE * scale
        for dx, dy, side in AROUND:
            left = x + dx * scale - (width if side == "right" else 0)
            box = (left, y + dy * scale, left + width, y + dy * scale + height)
            within = box[0] >= inside.x0 and box[2] <= inside.x1 and box[1] >= inside.y0 and box[3] <= inside.y1
            if within and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                axes.annotate(
                    name, point, textcoords="offset points", xytext=(dx, dy), ha=side, color=colour, fontsize=SIZE,
                    arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5} if abs(dy) > 13 else None,
                )  # fmt: skip
                break


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
