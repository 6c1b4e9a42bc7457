"""A board as one self-contained HTML page: sortable, light and dark, readable on a phone, asking no other host."""

from __future__ import annotations

from harness.report import footer, formatting
from harness.report.grid import Board, BoardCell
from harness.report.template import rendered


def page(board: Board, drawings: dict[str, str]) -> str:
    """The page. `drawings` is caption → SVG."""
    return rendered(
        "board",
        board=board,
        formatting=formatting,
        footer=footer,
        drawings=drawings,
        how=footer.HOW_TO_READ.replace("**Bold**", "<b>Bold</b>"),
        key=_sort_key,
        why=_why,
    )


def _sort_key(cell: BoardCell) -> str:
    """What a click on the column's head sorts by; cells without a number go last."""
    return repr(cell.measured.mean) if cell.measured is not None else ""


def _why(cell: BoardCell) -> str:
    """What a pointer over the cell is told: why there is no number, or what is different about it."""
    if cell.record is not None and cell.record.reason:
        return cell.record.reason
    measured = cell.measured
    lacking = measured is not None and measured.low is None and measured.interval.startswith("none: ")
    return "; ".join(
        [*map(str, cell.differences), *([f"no interval: {measured.interval[6:]}"] if lacking and measured else [])]
    )
