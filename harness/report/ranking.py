"""Means, tie groups and places: which rows are ranked, in which order, and how sure that order is.

No cell is averaged away: a mean stands only where every column has a number, and beside it, where some rows are
incomplete, a mean over the tasks that all of them have, labelled as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from harness.report.grid import BoardCell, Column, Row
from harness.report.rank_intervals import aligned, leading, rank_intervals
from harness.types import Scores

AVERAGEABLE = {"share", "mteb"}
"""Units that may be averaged over tasks: all fractions of 1."""

Floats = NDArray[np.float64]
Known = Mapping[int, Mapping[str, Scores]]
"""Scores per query of each record, by the record's `id`."""


def ranked_rows(rows: Sequence[Row], columns: Sequence[Column], known: Known) -> list[Row]:
    """The rows in their order, with their means, marks and rank intervals; the incomplete ones last and unranked."""
    shared = common(columns, rows)
    ranked = _ranked([_with_means(row, columns, shared) for row in rows], columns)
    return _with_rank_intervals(_tie_groups(ranked, columns, known), columns, known)


def common(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns in which every row that has any number has one."""
    counted = [row for row in rows if row.done]
    return [
        column for place, column in enumerate(columns) if counted and all(row.cells[place].counts for row in counted)
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
    )


def _average(cells: Sequence[BoardCell], columns: Sequence[Column]) -> float | None:
    averageable = all(column.direction == "higher" and column.unit in AVERAGEABLE for column in columns)
    return float(np.mean([_mean(cell) for cell in cells])) if cells and averageable else None


def _ranked(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Complete rows first, best first and numbered; the incomplete ones below, unranked. One column needs no mean."""
    whole = [row for row in rows if row.cells and row.weights <= 1 and all(cell.counts for cell in row.cells)]
    rest = [row for row in rows if row not in whole]
    if len(columns) == 1 or all(row.mean is not None for row in whole):
        better = 1 if len(columns) == 1 and columns[0].direction == "lower" else -1
        whole.sort(
            key=lambda row: (better * (_mean(row.cells[0]) if len(columns) == 1 else row.mean or 0.0), row.system)
        )
        whole = [replace(row, rank=place) for place, row in enumerate(whole, start=1)]
    rest.sort(key=lambda row: (-row.done, -(row.common or 0.0), row.system))
    return [*whole, *rest]


def _tie_groups(rows: Sequence[Row], columns: Sequence[Column], known: Known) -> list[Row]:
    """Mark the best of each column and all that its queries cannot tell from it."""
    tied: dict[tuple[str, int], bool] = {}
    for place, column in enumerate(columns):
        counting = [row for row in rows if row.cells[place].counts]
        if not counting:
            continue
        higher = column.direction == "higher"
        means = [_mean(row.cells[place]) for row in counting]
        values = _per_query(counting, place, column, known)
        best = max(means) if higher else min(means)
        marks = leading(values, higher=higher) if values is not None else [mean == best for mean in means]
        tied |= {(row.system, place): mark for row, mark in zip(counting, marks, strict=True)}
    return [
        replace(
            row,
            cells=tuple(
                replace(cell, tied_for_best=tied.get((row.system, place), False))
                for place, cell in enumerate(row.cells)
            ),
        )
        for row in rows
    ]


def _with_rank_intervals(rows: Sequence[Row], columns: Sequence[Column], known: Known) -> list[Row]:
    """How sure the places of the ranked rows are."""
    ranked = [row for row in rows if row.rank is not None]
    if not ranked:
        return list(rows)
    tasks = [_per_query(ranked, place, column, known) for place, column in enumerate(columns)]
    means = np.array([[_mean(row.cells[place]) for row in ranked] for place in range(len(columns))])
    intervals = rank_intervals(tasks, means, higher=columns[0].direction == "higher")
    return [
        *(replace(row, rank_interval=one) for row, one in zip(ranked, intervals, strict=True)),
        *rows[len(ranked) :],
    ]


def _per_query(rows: Sequence[Row], place: int, column: Column, known: Known) -> Floats | None:
    return aligned([known[id(row.cells[place].record)].get(column.measure) for row in rows])


def _mean(cell: BoardCell) -> float:
    assert cell.measured is not None
    return cell.measured.mean
