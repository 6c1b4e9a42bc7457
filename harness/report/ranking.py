"""Means, tie groups and places: which rows are ranked, in which order, and how sure that order is.

No cell is averaged away: a mean stands only where every column has a number, and beside it, where some rows are
incomplete, a mean over the tasks that all of them have, labelled as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.records.memo import Arrays, Memo
from harness.report.column_scores import ColumnScores, ScoresOf, column_scores
from harness.report.grid import BoardCell, Column, Row
from harness.report.rank_intervals import as_array, from_array, rank_intervals

AVERAGEABLE = {"share", "mteb"}
"""Units that may be averaged over tasks: all fractions of 1."""


def ranked_rows(rows: Sequence[Row], columns: Sequence[Column], scores_of: ScoresOf, memo: Memo) -> list[Row]:
    """The rows in their order, with their means, marks and rank intervals; the incomplete ones last and unranked."""
    shared = common(columns, rows)
    ranked = _ranked([_with_means(row, columns, shared) for row in rows], columns)
    scored = column_scores(ranked, columns, scores_of, memo)
    return _with_rank_intervals(_tie_groups(ranked, scored), columns, scored, memo)


def common(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns in which every row that has any number has one."""
    counted = [row for row in rows if row.done]
    return [
        column
        for position, column in enumerate(columns)
        if counted and all(row.cells[position].counts for row in counted)
    ]


def _with_means(row: Row, columns: Sequence[Column], common: Sequence[Column]) -> Row:
    shared = {column.task for column in common}
    complete = row.done == len(columns) and row.weights <= 1
    return replace(
        row,
        mean=_average(list(row.cells), columns) if complete else None,
        common=_average(
            [cell for cell, column in zip(row.cells, columns, strict=True) if column.task in shared],
            [column for column in columns if column.task in shared],
        )
        if row.done and row.weights <= 1
        else None,
        kinds=_by_kind(row, columns) if row.weights <= 1 else {},
    )


def _by_kind(row: Row, columns: Sequence[Column]) -> dict[str, float]:
    """The mean over the tasks of each kind, as MTEB shows it; of a kind only where no cell of it is missing."""
    kinds = list(dict.fromkeys(column.kind for column in columns))
    means: dict[str, float] = {}
    for kind in kinds if len(kinds) > 1 else ():
        own = [(cell, column) for cell, column in zip(row.cells, columns, strict=True) if column.kind == kind]
        if all(cell.counts for cell, _ in own):
            mean = _average([cell for cell, _ in own], [column for _, column in own])
            means |= {kind: mean} if mean is not None else {}
    return means


def _average(cells: Sequence[BoardCell], columns: Sequence[Column]) -> float | None:
    averageable = all(column.direction == "higher" and column.unit in AVERAGEABLE for column in columns)
    return float(np.mean([_mean(cell) for cell in cells])) if cells and averageable else None


def _ranked(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Complete rows first, best first and numbered; the incomplete ones below, unranked. One column needs no mean."""
    whole = [row for row in rows if row.cells and row.weights <= 1 and all(cell.counts for cell in row.cells)]
    ranked = {row.system for row in whole}
    rest = [row for row in rows if row.system not in ranked]
    if len(columns) == 1 or all(row.mean is not None for row in whole):
        better = 1 if len(columns) == 1 and columns[0].direction == "lower" else -1
        whole.sort(
            key=lambda row: (better * (_mean(row.cells[0]) if len(columns) == 1 else row.mean or 0.0), row.system)
        )
        whole = [replace(row, rank=rank) for rank, row in enumerate(whole, start=1)]
    rest.sort(key=lambda row: (-row.done, -(row.common or 0.0), row.system))
    return [*whole, *rest]


def _tie_groups(rows: Sequence[Row], scored: Sequence[ColumnScores]) -> list[Row]:
    """Mark the best of each column and all that its queries cannot tell from it."""
    leading = [dict(zip(column.systems, column.leading, strict=True)) for column in scored]
    return [
        replace(
            row,
            cells=tuple(
                replace(cell, tied_for_best=marks.get(row.system, False))
                for cell, marks in zip(row.cells, leading, strict=True)
            ),
        )
        for row in rows
    ]


def _with_rank_intervals(
    rows: Sequence[Row], columns: Sequence[Column], scored: Sequence[ColumnScores], memo: Memo
) -> list[Row]:
    """How sure the places of the ranked rows are."""
    ranked = [row for row in rows if row.rank is not None]
    if not ranked:
        return list(rows)
    systems = [row.system for row in ranked]
    higher = columns[0].direction == "higher"

    def compute() -> Arrays:
        tasks = [column.of(systems) for column in scored]
        means = np.array([[_mean(row.cells[position]) for row in ranked] for position in range(len(columns))])
        return as_array(rank_intervals(tasks, means, higher=higher))

    key = memo.key([], [column.key for column in scored], systems, higher)
    intervals = from_array(memo.arrays("rank intervals", key, compute))
    return [
        *(replace(row, rank_interval=interval) for row, interval in zip(ranked, intervals, strict=True)),
        *rows[len(ranked) :],
    ]


def _mean(cell: BoardCell) -> float:
    assert cell.measured is not None
    return cell.measured.mean
