"""Figures in one look, as PNG and SVG, drawn with matplotlib's figure classes, without its global state.

Colours are those of Okabe and Ito (2008), which people who see colours differently tell apart too.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, RULE = "#1f2933", "#9aa5b1", "#e4e7eb"
BLUE, VERMILION, GREEN, PURPLE, ORANGE = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"
ACCENT = BLUE
TALLEST = 10.5
"""Inches: a figure is to stand on one page."""
PIXELS = 192
"""Per inch of a PNG: two for each that a browser counts."""
INCH = 0.0085
"""Width of a letter, in inches per point of its size; a little more than most letters of a sans serif are wide."""


def figure(width: float, height: float, *, constrained: bool = True) -> Figure:
    """An empty figure of so many inches; `constrained` leaves the margins to matplotlib, which is slow with many texts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), layout="constrained" if constrained else None, facecolor="white")
    FigureCanvasAgg(drawn)
    return drawn


def frame(axes: Axes) -> None:
    """Nothing around the numbers but a line below."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.tick_params(colors=INK, length=0, labelsize=9)
    axes.set_axisbelow(True)


def shortened(name: str, longest: int = 24) -> str:
    """A name that fits beside a plot."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def width_of(text: str, size: float) -> float:
    """About how many inches a text of that size in points is wide."""
    return len(text) * size * INCH


def png(figure: Figure) -> bytes:
    """The figure as PNG; the same bytes for the same figure."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=PIXELS, metadata={"Software": None}, pil_kwargs={"compress_level": 3})
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
