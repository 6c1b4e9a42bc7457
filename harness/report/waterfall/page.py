"""A waterfall as one self-contained HTML page."""

from __future__ import annotations

from harness.report.template import rendered
from harness.report.waterfall import formatting
from harness.report.waterfall.values import Waterfall


def page(waterfall: Waterfall, drawing: str) -> str:
    """The page. `drawing` is an SVG element."""
    return rendered("waterfall", one=waterfall, formatting=formatting, drawing=drawing)
