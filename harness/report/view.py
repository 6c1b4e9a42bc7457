"""What of the records a board is to show: which systems and tasks, which measures, and slices of the queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from harness.errors import ResultsError, UnknownName, nearest
from harness.records.record import Record


@dataclass(frozen=True)
class Slicing:
    """A property of a task's queries: its name, and query id → its value."""

    name: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class View:
    """Everything, with each task's own measure, where nothing else is said.

    Attributes:
        measures: Shown wherever they are recorded instead of each task's own; the first is what rows are ranked by.
        systems, tasks: Names or patterns such as `bm25*`; empty for all.
        slices: Task → the property whose values become columns beside its own.
    """

    measures: tuple[str, ...] = ()
    systems: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    slices: Mapping[str, Slicing] = field(default_factory=dict)

    def chosen(self, records: Sequence[Record]) -> list[Record]:
        """The records of the systems and tasks that are shown.

        Raises:
            UnknownName: A name or pattern that fits none.
            ResultsError: A measure that no record holds.
        """
        systems = _matching("system", self.systems, {record.system for record in records})
        tasks = _matching("task", self.tasks, {record.task for record in records})
        chosen = [record for record in records if record.system in systems and record.task in tasks]
        for name in self.measures:
            if not any(record.get(name) for record in chosen):
                _refuse(name, chosen)
        return chosen


def _matching(kind: str, patterns: Sequence[str], names: Iterable[str]) -> set[str]:
    known = set(names)
    if not patterns:
        return known
    matching = set()
    for pattern in patterns:
        fitting = {name for name in known if name == pattern or fnmatchcase(name, pattern)}
        if not fitting:
            raise UnknownName(kind, pattern, known, "Patterns such as 'bm25*' are taken too.")
        matching |= fitting
    return matching


def _refuse(name: str, records: Sequence[Record]) -> None:
    recorded = sorted({measured.measure for record in records for measured in record.measures})
    near = nearest(name, recorded)
    guess = f" Recorded and near: {' or '.join(near)}." if near else ""
    raise ResultsError(
        f"No record holds {name}.{guess} Compute it from the stored runs: harness rescore measures=['{name}']"
    )
