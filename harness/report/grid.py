"""The values of a board: rows are systems, columns tasks. Every renderer reads them; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.facts import Facts
from harness.records.record import Measured, Record
from harness.report.comparability import Mismatch
from harness.report.rank_intervals import NO_RANK_INTERVAL, RankInterval


@dataclass(frozen=True)
class BoardCell:
    """One system on one task.

    Attributes:
        status: `ok`, `failed`, `not applicable`, `not run`, or `not measured` (the record lacks this measure).
        differences: In what it is another experiment, or another version, than the rest of the board.
        tied_for_best: True if the queries cannot tell it from the column's best; shown in bold.
    """

    status: str
    measured: Measured | None = None
    record: Record | None = None
    differences: tuple[Mismatch, ...] = ()
    tied_for_best: bool = False

    @property
    def comparable(self) -> bool:
        """False where data set, split, depth or policy are not those of the rest of the column."""
        return not any(difference.experiment for difference in self.differences)

    @property
    def counts(self) -> bool:
        """True if its number may enter a mean."""
        return self.status == "ok" and self.comparable


NOT_RUN = BoardCell("not run")


@dataclass(frozen=True)
class Column:
    """One task: its measure and what its numbers were measured on; `slice` names the queries where it is not all of them."""

    task: str
    measure: str
    direction: str
    unit: str
    source: str
    reference: Record | None
    slice: str = ""

    @property
    def title(self) -> str:
        """What stands over it: the task, and the slice of its queries."""
        return f"{self.task}, {self.slice}" if self.slice else self.task

    @property
    def kind(self) -> str:
        """mteb's word for the type of task; empty where nothing is recorded."""
        return str(self.reference.dataset.get("kind", "")) if self.reference else ""


@dataclass(frozen=True)
class Row:
    """One system over all columns.

    Attributes:
        mean: Over all columns; None where a cell is missing, or where its cells come from different weights.
        common: Over the columns that every row with a number has; None where rows are all complete.
        kinds: Kind of task → mean over its columns, where the board has several kinds and the row has all of one.
        rank: Place from 1 by its number among the complete rows; None for the others, which stand below the line.
        rank_interval: How sure that place is.
        beside: Its cells in the columns that enter no mean.
    """

    system: str
    cells: tuple[BoardCell, ...]
    facts: Facts
    speed: float | None
    mean: float | None = None
    common: float | None = None
    kinds: Mapping[str, float] = field(default_factory=dict)
    rank: int | None = None
    rank_interval: RankInterval = NO_RANK_INTERVAL
    beside: tuple[BoardCell, ...] = ()

    @property
    def shown(self) -> tuple[BoardCell, ...]:
        """Its cells in every column that is shown."""
        return (*self.cells, *self.beside)

    @property
    def weights(self) -> int:
        """How many different weights its cells come from: more than one are several models under one name."""
        return len({cell.record.facts.weights for cell in self.cells if cell.counts and cell.record} - {""})

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
    beside: tuple[Column, ...] = ()

    @property
    def shown(self) -> tuple[Column, ...]:
        """Every column: one per task, by which rows are ranked, and those beside them."""
        return (*self.columns, *self.beside)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its tasks, in the order of the columns; empty where there is one kind only."""
        kinds = tuple(dict.fromkeys(column.kind for column in self.columns if column.kind))
        return kinds if len(kinds) > 1 else ()
