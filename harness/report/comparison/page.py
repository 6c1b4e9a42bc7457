"""A comparison as one self-contained HTML page."""

from __future__ import annotations

from harness.report.comparison import formatting
from harness.report.comparison.values import Comparison
from harness.report.template import rendered


def page(comparison: Comparison, drawings: dict[str, str]) -> str:
    """The page. `drawings` is caption → SVG."""
    return rendered("comparison", comparison=comparison, formatting=formatting, drawings=drawings)
