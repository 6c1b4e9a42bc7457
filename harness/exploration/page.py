"""An exploration as one self-contained HTML page."""

from __future__ import annotations

from harness.exploration import formatting
from harness.exploration.values import Exploration
from harness.report.template import rendered


def page(exploration: Exploration, drawings: dict[str, str]) -> str:
    """The page. `drawings` is caption → SVG."""
    return rendered("exploration", exploration=exploration, formatting=formatting, drawings=drawings)
