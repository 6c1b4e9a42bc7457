"""Columns that stand beside the tasks' own and enter no mean and no rank: further measures, and slices of the queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.records.memo import Memo
from harness.records.record import Measured, number
from harness.report.column_scores import ScoresOf, column_scores
from harness.report.grid import BoardCell, Column, Row
from harness.report.rank_intervals import leading
from harness.report.view import Slicing
from harness.stats.bootstrap import estimates
from harness.types import Scores

FEWEST = 2
"""Queries from which on a slice is a column."""

Beside = tuple[Column, list[BoardCell]]


def further_measure(rows: Sequence[Row], position: int, column: Column, scores_of: ScoresOf, memo: Memo) -> Beside:
    """The cells of another measure of the task in that position, with its tie group."""
    cells = [_measured(row.cells[position], column.measure) for row in rows]
    alone = [Row(row.system, (cell,), row.facts, None) for row, cell in zip(rows, cells, strict=True)]
    (scored,) = column_scores(alone, [column], scores_of, memo)
    tied = dict(zip(scored.systems, scored.leading, strict=True))
    return column, [
        replace(cell, tied_for_best=tied.get(row.system, False)) for row, cell in zip(rows, cells, strict=True)
    ]


def slices(rows: Sequence[Row], position: int, column: Column, slicing: Slicing, scores_of: ScoresOf) -> list[Beside]:
    """One column per value of the property, of the systems whose number on the task counts; largest slice first."""
    counting = [row for row in rows if row.cells[position].counts and row.cells[position].record is not None]
    scores: dict[str, Scores] = {}
    values: dict[str, list[str]] = {}
    for row in counting:
        record = row.cells[position].record
        own = scores_of(record).get(column.measure) if record is not None else None
        if own is not None:
            scores[row.system] = own
            values[row.system] = [slicing.values.get(query_id, "") for query_id in own.query_ids]
    counts = Counter(next(iter(values.values()), []))
    return [
        _slice(rows, column, f"{slicing.name}={value}", {
            system: own.values[np.array(values[system]) == value] for system, own in scores.items()
        })
        for value, count in sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
        if value and count >= FEWEST
    ]  # fmt: skip


def _slice(rows: Sequence[Row], column: Column, what: str, values: dict[str, NDArray[np.float64]]) -> Beside:
    """The cells of one slice; systems share its resamples."""
    estimated = dict(zip(values, estimates(list(values.values())), strict=True))
    tied = dict(
        zip(values, leading(np.column_stack(list(values.values())), higher=column.direction == "higher"), strict=True)
    )
    cells = []
    for row in rows:
        if row.system not in estimated:
            cells.append(BoardCell("not run"))
            continue
        mean = estimated[row.system]
        measured = Measured(
            column.measure, mean.mean, number(mean.low), number(mean.high), mean.n, mean.method, column.unit,
            column.direction, column.source,
        )  # fmt: skip
        record = next(cell.record for cell in row.cells if cell.record is not None and cell.record.task == column.task)
        cells.append(BoardCell("ok", measured, record, tied_for_best=tied[row.system]))
    return replace(column, slice=what), cells


def _measured(cell: BoardCell, measure: str) -> BoardCell:
    measured = cell.record.get(measure) if cell.record is not None and cell.record.status == "ok" else None
    if measured is None:
        return cell if cell.status != "ok" else BoardCell("not measured", record=cell.record)
    return BoardCell("ok", measured, cell.record, cell.differences)
