"""Records → a board: rows are systems, columns tasks. Everything that a renderer shows is decided here, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.facts import Facts
from harness.records.memo import Memo
from harness.records.record import Record
from harness.report.beside import Beside, further_measure, slices
from harness.report.column_scores import ScoresOf
from harness.report.comparability import Comparability, grouped
from harness.report.grid import NOT_RUN, Board, BoardCell, Column, Row
from harness.report.ranking import common, ranked_rows
from harness.report.speed import texts_per_second
from harness.report.view import View


def board(records: Sequence[Record], scores_of: ScoresOf, view: View | None = None, memo: Memo | None = None) -> Board:
    """The board of some records.

    Args:
        scores_of: Per-query scores of a record by measure, for the tie groups.
        view: Which of them are shown, by which measures.
        memo: Where what was computed of columns that did not change is kept.
    """
    memo, view = memo or Memo(), view or View()
    records = view.chosen(records)
    latest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: str(record.provenance.get("date", ""))):
        latest[record.system, record.task] = record
    done = [record for record in latest.values() if record.status == "ok"]
    comparability = Comparability(done)
    by_task, by_system = grouped(done, lambda record: record.task), grouped(done, lambda record: record.system)
    tasks, systems = sorted({task for _, task in latest}), sorted({system for system, _ in latest})
    columns = [_column(task, by_task.get(task, []), comparability, next(iter(view.measures), None)) for task in tasks]
    columns.sort(key=lambda column: (column.kind, column.task))
    rows = [
        _row(
            system,
            tuple(_cell(latest.get((system, column.task)), column, comparability) for column in columns),
            by_system.get(system, []),
        )
        for system in systems
    ]
    ranked = ranked_rows(rows, columns, scores_of, memo)
    incomplete = any(row.rank is None and row.done for row in ranked)
    shared = common(columns, rows) if incomplete else []
    beside = _beside(ranked, columns, view, scores_of, memo)
    if beside:
        ranked = [replace(row, beside=tuple(cells[at] for _, cells in beside)) for at, row in enumerate(ranked)]
    return Board(
        tuple(columns), tuple(ranked), tuple(column.task for column in shared),
        len(records) - len(latest), tuple(latest.values()),
        tuple(column for column, _ in beside),
    )  # fmt: skip


def _beside(
    rows: Sequence[Row], columns: Sequence[Column], view: View, scores_of: ScoresOf, memo: Memo
) -> list[Beside]:
    """Task by task: its further measures, then its slices."""
    found: list[Beside] = []
    for position, column in enumerate(columns):
        records = [cell.record for row in rows if (cell := row.cells[position]).record is not None]
        for name in view.measures[1:]:
            measured = next((known for record in records if record and (known := record.get(name))), None)
            if measured is not None:
                other = Column(column.task, name, measured.direction, measured.unit, measured.source, column.reference)
                found.append(further_measure(rows, position, other, scores_of, memo))
        if column.task in view.slices:
            found += slices(rows, position, column, view.slices[column.task], scores_of)
    return found


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
    shown_measure = next((named for record in reversed(measured) if measure and (named := record.get(measure))), None)
    if measure and shown_measure is None:  # no number of another measure stands in its place
        return Column(task, measure, "higher", "share", "", reference)
    shown_measure = shown_measure or reference.primary
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
