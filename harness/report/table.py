"""A board as CSV: one row per cell; and every measure of every record, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from harness.records.record import Measured
from harness.report.grid import Board

CELLS = ("system", "task", "measure", "value", "low", "high", "n", "status")


def cells_csv(board: Board) -> str:
    """system, task, measure, value, low, high, n, status: every cell of the board, those without a number too."""
    rows = []
    for row in board.rows:
        for column, cell in zip(board.shown, row.shown, strict=True):
            status = cell.status if cell.comparable else "incomparable"
            rows.append([row.system, column.title, column.measure, *_numbers(cell.measured), status])
    return _csv(CELLS, rows)


def measures_csv(board: Board) -> str:
    """The same columns for every measure of every record that is shown."""
    rows = [
        [record.system, record.task, measure.measure, *_numbers(measure), record.status]
        for record in sorted(board.records, key=lambda record: (record.task, record.system))
        for measure in record.measures
    ]
    return _csv(CELLS, rows)


def _numbers(one: Measured | None) -> list[object]:
    return [one.mean, one.low, one.high, one.n] if one is not None else [None, None, None, None]


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if one is None else one for one in row] for row in rows)
    return out.getvalue()
