"""Why a system's numbers are marked: what differs, cell by cell, and the command that would make each comparable."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from harness.errors import ResultsError, UnknownName
from harness.records.record import Record
from harness.report.grid import Board, BoardCell, Column


def explanation(board: Board, system: str) -> list[str]:
    """Lines on one system; `UnknownName` where the board has no such row."""
    row = next((one for one in board.rows if one.system == system), None)
    if row is None:
        raise UnknownName("system", system, [one.system for one in board.rows])
    lines = [system]
    for column, cell in zip(board.columns, row.cells, strict=True):
        lines += [f"  {column.task}: {_verdict(cell)}"]
        lines += [f"    {difference}" for difference in cell.differences]
        if cell.differences:
            lines.append(f"    → {remedy(cell, column)}")
    return lines


def refuse_differences(board: Board) -> None:
    """With `strict=true`: a board that holds anything marked is not made; `ResultsError` names the first."""
    marked = [
        (row.system, column.task, cell)
        for row in board.rows
        for column, cell in zip(board.columns, row.cells, strict=True)
        if cell.differences
    ]
    if marked:
        system, task, cell = marked[0]
        raise ResultsError(
            f"{len(marked)} cells are not comparable with the rest, such as {system} on {task}: {cell.differences[0]}. "
            f"See harness leaderboard --explain {shlex.quote(system)}, or leave strict=true away: they are marked then."
        )


def remedy(cell: BoardCell, column: Column) -> str:
    """The command that makes a cell comparable."""
    assert cell.record is not None and column.reference is not None
    own, rest = _words(cell.record), _words(column.reference)
    if not cell.comparable:  # the column's data and depth, with this row's model
        words = [word for word in rest if not _of_model(word)]
        own = [*(word for word in own if _of_model(word)), *words]
    others = [
        f"{difference.what}=={difference.rest}"
        for difference in cell.differences
        if _is_library(difference.what, cell.record)
    ]
    before = f"pip install {' '.join(others)}, then " if others else ""
    return f"{before}harness {shlex.join(own)} overwrite=true"


def _verdict(cell: BoardCell) -> str:
    if cell.status != "ok":
        return cell.status
    if not cell.comparable:
        return "another experiment than the rest of the column; in no mean"
    return "another version than the rest of the board; it counts" if cell.differences else "comparable"


def _words(record: Record) -> Sequence[str]:
    command = shlex.split(str(record.provenance.get("command", "")))
    return [word for word in command if "=" in word]


def _of_model(word: str) -> bool:
    return word.startswith(("model=", "model."))


def _is_library(name: str, record: Record) -> bool:
    return name in record.provenance.get("libraries", {})
