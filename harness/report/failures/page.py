"""A system's failures as one self-contained HTML page."""

from __future__ import annotations

from harness.report.failures import formatting
from harness.report.failures.values import Failures
from harness.report.template import rendered


def page(failures: Failures) -> str:
    """The page."""
    return rendered("failures", one=failures, formatting=formatting)
