"""Records → a board: rows are systems, columns tasks. Everything that a renderer shows is decided here, once."""

from __future__ import annotations

from collections.abc import Sequence

from harness.facts import Facts
from harness.records.memo import Memo
from harness.records.record import Record
from harness.report.column_scores import ScoresOf
from harness.report.comparability import Comparability, grouped
from harness.report.grid import NOT_RUN, Board, BoardCell, Column, Row
from harness.report.ranking import common, ranked_rows
from harness.report.speed import texts_per_second


def board(
    records: Sequence[Record], scores_of: ScoresOf, measure: str | None = None, memo: Memo | None = None
) -> Board:
    """The board of some records.

    Args:
        scores_of: Per-query scores of a record by measure, for the tie groups.
        measure: Show this measure wherever it is recorded, instead of each task's own.
        memo: Where what was computed of columns that did not change is kept.
    """
    latest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: str(record.provenance.get("date", ""))):
        latest[record.system, record.task] = record
    done = [record for record in latest.values() if record.status == "ok"]
    comparability = Comparability(done)
    by_task, by_system = grouped(done, lambda record: record.task), grouped(done, lambda record: record.system)
    tasks, systems = sorted({task for _, task in latest}), sorted({system for system, _ in latest})
    columns = [_column(task, by_task.get(task, []), comparability, measure) for task in tasks]
    columns.sort(key=lambda column: (column.kind, column.task))
    rows = [
        _row(
            system,
            tuple(_cell(latest.get((system, column.task)), column, comparability) for column in columns),
            by_system.get(system, []),
        )
        for system in systems
    ]
    ranked = ranked_rows(rows, columns, scores_of, memo or Memo())
    incomplete = any(row.rank is None and row.done for row in ranked)
    shared = common(columns, rows) if incomplete else []
    return Board(
        tuple(columns), tuple(ranked), tuple(column.task for column in shared),
        len(records) - len(latest), tuple(latest.values()),
    )  # fmt: skip


def _column(task: str, records: Sequence[Record], comparability: Comparability, measure: str | None) -> Column:
    measured = [record for record in records if record.primary]
    if not measured:
        return Column(task, measure or "", "higher", "share", "", None)
    usual = [
        record
        for record in measured
        if not any(difference.experiment for difference in comparability.differences(record))
    ]
    reference = (usual or measured)[-1]
    shown_measure = next(
        (named for record in reversed(measured) if measure and (named := record.get(measure))), reference.primary
    )
    assert shown_measure is not None
    return Column(
        task, shown_measure.measure, shown_measure.direction, shown_measure.unit, shown_measure.source, reference
    )


def _cell(record: Record | None, column: Column, comparability: Comparability) -> BoardCell:
    if record is None:
        return NOT_RUN
    if record.status != "ok":
        return BoardCell(record.status, record=record)
    measured = record.get(column.measure)
    if measured is None:
        return BoardCell("not measured", record=record)
    return BoardCell("ok", measured, record, comparability.differences(record))


def _row(system: str, cells: tuple[BoardCell, ...], records: Sequence[Record]) -> Row:
    return Row(system, cells, records[-1].facts if records else Facts(), texts_per_second(records))
