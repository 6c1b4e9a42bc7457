"""Records → a board: rows are systems, columns tasks. Everything that a renderer shows is decided here, once.

No cell is averaged away: a mean stands only where every column has a number, and beside it, where some rows are
incomplete, a mean over the tasks that all of them have, labelled as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.records.record import Measured, Record
from harness.report.speed import texts_per_second
from harness.stats.bootstrap import level_with_best
from harness.types import Scores

AVERAGEABLE = {"share", "mteb"}
"""Units that may be averaged over tasks: all fractions of 1."""


@dataclass(frozen=True)
class Cell:
    """One system on one task.

    Attributes:
        status: `ok`, `failed`, `not applicable`, `not run`, or `not measured` (the record lacks this measure).
        comparable: False where data set, split or depth are not those of the rest of the column.
        level: Whether the queries cannot tell it from the column's best: the tie group, shown in bold.
    """

    status: str
    measured: Measured | None = None
    record: Record | None = None
    comparable: bool = True
    level: bool = False

    @property
    def counts(self) -> bool:
        """Whether its number may enter a mean."""
        return self.status == "ok" and self.comparable


NOT_RUN = Cell("not run")


@dataclass(frozen=True)
class Column:
    """One task: its measure and what its numbers were measured on."""

    task: str
    measure: str
    direction: str
    unit: str
    source: str
    reference: Record | None


@dataclass(frozen=True)
class Row:
    """One system over all columns.

    Attributes:
        mean: Over all columns; None where a cell is missing.
        common: Over the columns that every row with a number has; None where rows are all complete.
        rank: From 1 among the complete rows; None for the others, which stand below the line.
    """

    system: str
    cells: tuple[Cell, ...]
    facts: Mapping[str, object]
    speed: float | None
    mean: float | None = None
    common: float | None = None
    rank: int | None = None

    @property
    def done(self) -> int:
        """How many columns it has a number in."""
        return sum(cell.counts for cell in self.cells)


@dataclass(frozen=True)
class Board:
    """What a leaderboard shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    common_tasks: tuple[str, ...] = ()
    superseded: int = 0
    records: tuple[Record, ...] = field(default=())


ScoresOf = Callable[[Record], Mapping[str, Scores]]


def board(records: Sequence[Record], scores_of: ScoresOf, measure: str | None = None) -> Board:
    """The board of some records.

    Args:
        scores_of: Per-query scores of a record by measure, for the tie groups.
        measure: Show this measure wherever it is recorded, instead of each task's own.
    """
    latest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda one: str(one.provenance.get("date", ""))):
        latest[record.system, record.task] = record
    systems = sorted({system for system, _ in latest})
    columns = [_column(task, [one for one in latest.values() if one.task == task], measure) for task in _tasks(latest)]
    grid = {
        column.task: _tie_group(
            column, [_cell(latest.get((system, column.task)), column) for system in systems], scores_of
        )
        for column in columns
    }
    rows = [
        _row(system, tuple(grid[column.task][place] for column in columns), latest)
        for place, system in enumerate(systems)
    ]
    common = _common(columns, rows)
    ranked = _ranked([_with_means(row, columns, common) for row in rows])
    incomplete = any(row.rank is None and row.done for row in ranked)
    return Board(
        tuple(columns), tuple(ranked), tuple(column.task for column in common) if incomplete else (),
        len(records) - len(latest), tuple(latest.values()),
    )  # fmt: skip


def _tasks(latest: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({task for _, task in latest})


def _column(task: str, records: Sequence[Record], measure: str | None) -> Column:
    done = [one for one in records if one.status == "ok" and one.primary]
    if not done:
        return Column(task, measure or "", "higher", "share", "", None)
    grounds = Counter(_ground(one) for one in done)
    most = max(grounds.values())
    reference = next(one for one in reversed(done) if grounds[_ground(one)] == most)
    shown = next((found for one in reversed(done) if measure and (found := one.get(measure))), reference.primary)
    assert shown is not None
    return Column(task, shown.measure, shown.direction, shown.unit, shown.source, reference)


def _ground(record: Record) -> tuple[object, ...]:
    """What two records of one column must share to be one experiment."""
    data = record.dataset
    return data.get("fingerprint"), data.get("split"), data.get("depth"), data.get("exclude_self")


def _cell(record: Record | None, column: Column) -> Cell:
    if record is None:
        return NOT_RUN
    if record.status != "ok":
        return Cell(record.status, record=record)
    measured = record.get(column.measure)
    if measured is None:
        return Cell("not measured", record=record)
    same = column.reference is None or _ground(record) == _ground(column.reference)
    return Cell("ok", measured, record, comparable=same)


def _tie_group(column: Column, cells: Sequence[Cell], scores_of: ScoresOf) -> list[Cell]:
    """Mark the best of a column and all that its queries cannot tell from it."""
    places = [place for place, cell in enumerate(cells) if cell.counts]
    if not places:
        return list(cells)
    higher = column.direction == "higher"
    means = [_mean(cells[place]) for place in places]
    best = max(means) if higher else min(means)
    level = [mean == best for mean in means]
    scores = [dict(scores_of(record)).get(column.measure) for place in places if (record := cells[place].record)]
    if all(one is not None and list(one.query_ids) == list(scores[0].query_ids) for one in scores if scores[0]):
        values = [one.values for one in scores if one is not None]
        if len(values) == len(places) and len(values) > 1:
            level = level_with_best(np.column_stack(values), higher=higher)
    marked = list(cells)
    for place, is_level in zip(places, level, strict=True):
        marked[place] = replace(cells[place], level=is_level)
    return marked


def _row(system: str, cells: tuple[Cell, ...], latest: Mapping[tuple[str, str], Record]) -> Row:
    own = [record for (name, _), record in latest.items() if name == system and record.status == "ok"]
    return Row(system, cells, own[-1].facts if own else {}, texts_per_second(own))


def _common(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    """The columns in which every row that has any number has one."""
    counted = [row for row in rows if row.done]
    return [
        column for place, column in enumerate(columns) if counted and all(row.cells[place].counts for row in counted)
    ]


def _with_means(row: Row, columns: Sequence[Column], common: Sequence[Column]) -> Row:
    shared = {column.task for column in common}
    complete = row.done == len(columns)
    return replace(
        row,
        mean=_average(list(row.cells), columns) if complete else None,
        common=_average(
            [cell for cell, column in zip(row.cells, columns, strict=True) if column.task in shared],
            [column for column in columns if column.task in shared],
        )
        if row.done
        else None,
    )


def _average(cells: Sequence[Cell], columns: Sequence[Column]) -> float | None:
    averageable = all(column.direction == "higher" and column.unit in AVERAGEABLE for column in columns)
    return float(np.mean([_mean(cell) for cell in cells])) if cells and averageable else None


def _ranked(rows: Sequence[Row]) -> list[Row]:
    """Complete rows first, best mean first and numbered; the incomplete ones below, unranked."""
    whole = [row for row in rows if row.cells and all(cell.counts for cell in row.cells)]
    rest = [row for row in rows if row not in whole]
    if all(row.mean is not None for row in whole):
        whole.sort(key=lambda row: (-(row.mean or 0.0), row.system))
        whole = [replace(row, rank=place) for place, row in enumerate(whole, start=1)]
    rest.sort(key=lambda row: (-row.done, -(row.common or 0.0), row.system))
    return [*whole, *rest]


def _mean(cell: Cell) -> float:
    assert cell.measured is not None
    return cell.measured.mean
