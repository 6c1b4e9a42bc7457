"""The scores per query behind a column of the board, and which of its systems they cannot tell from the best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.records.memo import Arrays, Memo
from harness.records.record import Record
from harness.report.grid import Column, Row
from harness.report.rank_intervals import aligned, leading
from harness.types import Scores

Floats = NDArray[np.float64]
ScoresOf = Callable[[Record], Mapping[str, Scores]]
THREADS = 2
"""Columns computed at once: numpy lets go of Python's lock in each."""


@dataclass(frozen=True)
class ColumnScores:
    """The systems of a column whose numbers count, by name.

    Attributes:
        values: Scores per query, shape (queries, systems); None where there are none, or they are of unlike queries.
        leading: Which systems the queries cannot tell from the best.
        key: Changes whenever these do.
    """

    systems: tuple[str, ...]
    values: Floats | None
    leading: tuple[bool, ...]
    key: str

    def of(self, systems: Sequence[str]) -> Floats | None:
        """The columns of these systems, in this order."""
        if self.values is None:
            return None
        positions = {system: position for position, system in enumerate(self.systems)}
        return self.values[:, [positions[system] for system in systems]]


def column_scores(
    rows: Sequence[Row], columns: Sequence[Column], scores_of: ScoresOf, memo: Memo
) -> list[ColumnScores]:
    """Of each column; what is known of one whose records did not change is not computed again."""

    def scored(position: int) -> ColumnScores:
        counting = sorted((row for row in rows if row.cells[position].counts), key=lambda row: row.system)
        return _scored(counting, position, columns[position], scores_of, memo)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(scored, range(len(columns))))


def _scored(counting: Sequence[Row], position: int, column: Column, scores_of: ScoresOf, memo: Memo) -> ColumnScores:
    records = [row.cells[position].record for row in counting]
    present = [record for record in records if record is not None]
    means = [cell.measured.mean for row in counting if (cell := row.cells[position]).measured is not None]
    key = memo.key(present, column.task, column.measure, column.direction, means)

    def compute() -> Arrays:
        values = aligned([scores_of(record).get(column.measure) for record in present])
        higher = column.direction == "higher"
        if values is None:
            best = (max if higher else min)(means, default=0.0)
            return {"leading": np.array([mean == best for mean in means], dtype=np.bool_)}
        return {"leading": np.array(leading(values, higher=higher)), "values": values}

    arrays = memo.arrays(f"{column.task} {column.measure}", key, compute)
    systems = tuple(row.system for row in counting)
    return ColumnScores(systems, arrays.get("values"), tuple(arrays["leading"].tolist()), key)
