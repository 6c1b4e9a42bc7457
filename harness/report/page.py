"""A board as one self-contained HTML page: sortable, light and dark, readable on a phone, asking no other host."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from harness.report import footer, words
from harness.report.board import Board, Cell


def page(board: Board, drawings: dict[str, str]) -> str:
    """The page. `drawings` is caption → SVG."""
    return str(
        _template().render(
            board=board,
            words=words,
            footer=footer,
            drawings=drawings,
            how=footer.HOW_TO_READ.replace("**Bold**", "<b>Bold</b>"),
            key=_sort_key,
        )
    )


@functools.cache
def _template() -> Any:
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    return environment.get_template("page.html.j2")


def _sort_key(cell: Cell) -> str:
    """What a click on the column's head sorts by; cells without a number go last."""
    return repr(cell.measured.mean) if cell.measured is not None else ""
