"""Records → a board: rows are systems, columns tasks. Everything that a renderer shows is decided here, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from harness.facts import Facts
from harness.records.record import Record
from harness.report.comparability import Comparability
from harness.report.grid import NOT_RUN, Board, BoardCell, Column, Row
from harness.report.ranking import common, ranked_rows
from harness.report.speed import texts_per_second
from harness.types import Scores

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
    done = [one for one in latest.values() if one.status == "ok"]
    comparability, known = Comparability(done), {id(one): dict(scores_of(one)) for one in done}
    systems = sorted({system for system, _ in latest})
    columns = [
        _column(task, [one for one in done if one.task == task], comparability, measure) for task in _tasks(latest)
    ]
    rows = [
        _row(system, tuple(_cell(latest.get((system, one.task)), one, comparability) for one in columns), latest)
        for system in systems
    ]
    ranked = ranked_rows(rows, columns, known)
    incomplete = any(row.rank is None and row.done for row in ranked)
    shared = common(columns, rows) if incomplete else []
    return Board(
        tuple(columns), tuple(ranked), tuple(column.task for column in shared),
        len(records) - len(latest), tuple(latest.values()),
    )  # fmt: skip


def _tasks(latest: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({task for _, task in latest})


def _column(task: str, records: Sequence[Record], comparability: Comparability, measure: str | None) -> Column:
    measured = [record for record in records if record.primary]
    if not measured:
        return Column(task, measure or "", "higher", "share", "", None)
    usual = [one for one in measured if not any(found.experiment for found in comparability.differences(one))]
    reference = (usual or measured)[-1]
    shown_measure = next(
        (found for one in reversed(measured) if measure and (found := one.get(measure))), reference.primary
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
    return BoardCell("ok", measured, record, tuple(comparability.differences(record)))


def _row(system: str, cells: tuple[BoardCell, ...], latest: Mapping[tuple[str, str], Record]) -> Row:
    own = [record for (name, _), record in latest.items() if name == system and record.status == "ok"]
    return Row(system, cells, own[-1].facts if own else Facts(), texts_per_second(own))
