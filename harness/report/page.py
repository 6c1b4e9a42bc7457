"""A board as one self-contained HTML page: sorted, filtered and looked into, light and dark, asking no other host."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.report import footer, formatting, terms
from harness.report.card import card
from harness.report.grid import Board, BoardCell
from harness.report.template import rendered
from harness.report.verdict import verdict

FEW = 4
"""Tasks up to which their columns come first; beyond, means, licence and size do, so that they are seen without scrolling."""


def page(board: Board, drawings: Callable[[], Mapping[str, str]]) -> str:
    """The page. `drawings` gives caption → SVG, and is asked once the tables are written."""
    fixed = 8 + bool(board.common_tasks) + len(board.kinds)
    return rendered(
        "board",
        board=board,
        formatting=formatting,
        footer=footer,
        terms=terms,
        drawings=drawings,
        how=re.sub(r"`(.*?)`", r"<code>\1</code>", re.sub(r"\*\*(.*?)\*\*", r"<b>\1</b>", footer.HOW_TO_READ)),
        key=_sort_key,
        why=_why,
        verdict=verdict(board),
        ranked=sum(row.rank is not None for row in board.rows),
        tasks_first=len(board.shown) <= FEW,
        width=fixed + len(board.shown),
        kinds=sorted({row.facts.kind for row in board.rows}),
        licences=sorted({formatting.fact(row, "licence") for row in board.rows}),
        cards=_cards(board),
    )


def _cards(board: Board) -> dict[str, Any]:
    return {
        "systems": [row.system for row in board.rows],
        "tasks": [column.title for column in board.shown],
        "cells": [
            [card(column, cell) for column, cell in zip(board.shown, row.shown, strict=True)] for row in board.rows
        ],
    }


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
