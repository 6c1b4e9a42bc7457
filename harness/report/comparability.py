"""What two records must share to stand side by side, and what of it they do not.

Two weights. `other experiment`: the data set, the split, the depth, the policy on self-matches; such a number says nothing
beside the others, and enters no mean. `other version`: the prompt, the length, the runtime of the same model, or the version
of the harness or of a library that can move a number; it is marked, and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.models.prompts import prompt
from harness.records.record import Record
from harness.types import Role

DATA = ("fingerprint", "split", "depth", "exclude_self")
ABOUT = {"licence", "libraries", "parity", "executes", "parameters", "bytes"}
"""Facts that move no number; all others of a system are the same in all its cells, whatever the task."""
ROLES: dict[str, Role] = {"query": "query", "document": "document"}
UNKNOWN = "not recorded"

Values = Callable[[Record], Mapping[str, Any]]


@dataclass(frozen=True)
class Mismatch:
    """One thing that a record does not share with the rest.

    Attributes:
        what: `split`, `prompts`, `torch` …
        here, rest: Its value in this record, and in most others.
        experiment: Whether it is another experiment, rather than another version of the same.
    """

    what: str
    here: Any
    rest: Any
    experiment: bool = False

    def __str__(self) -> str:
        return f"{self.what} {_short(self.here)}, elsewhere {_short(self.rest)}"


class Comparability:
    """What most records of a board share.

    Args:
        records: Successful ones, in the order of their dates. Where two values are as frequent, the later data set is the
            column's, and of two versions neither is the board's: both are marked.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._columns = _grouped(records, lambda one: one.task)
        self._rows = _grouped(records, lambda one: one.system)
        self._all = list(records)
        self._known: dict[tuple[str, str, str], list[Any]] = {}

    def differences(self, record: Record) -> list[Mismatch]:
        """Everything in which a record differs from most of its column (data), of its row (usage), of the board (versions)."""
        row = self._rows[record.system]
        usage = dict.fromkeys(key for one in row for key in _facts(one) if key not in ABOUT)
        mismatches = [
            *(self._one(key, record.task, self._columns[record.task], record, _data, True) for key in DATA),
            *(self._one(key, record.system, row, record, _facts) for key in usage),
            *_unlike_itself(record),
            self._one("harness", "", self._all, record, _made),
            *(self._one(name, "", self._moved_by(name), record, _libraries) for name in _moving(record)),
        ]
        return [match for match in mismatches if match is not None]

    def _moved_by(self, library: str) -> list[Record]:
        return [one for one in self._all if library in _moving(one)]

    def _one(
        self, key: str, group: str, records: Sequence[Record], record: Record, of: Values, experiment: bool = False
    ) -> Mismatch | None:
        key_of_group = (of.__name__, group, key)
        if key_of_group not in self._known:
            self._known[key_of_group] = most([of(one).get(key, UNKNOWN) for one in records])
        here, usual = of(record).get(key, UNKNOWN), self._known[key_of_group]
        if here == usual[0] and (len(usual) == 1 or experiment):
            return None
        return Mismatch(key, here, usual[1] if here == usual[0] else usual[0], experiment)


def most(values: Sequence[Any]) -> list[Any]:
    """The value that most have; where several are as frequent all of those, that of the latest record first."""
    counts = Counter(map(repr, values))
    latest = {repr(value): value for value in values}
    frequent = [name for name in latest if counts[name] == max(counts.values())]
    return [latest[name] for name in sorted(frequent, key=[*map(repr, values)][::-1].index)]


def _grouped(records: Sequence[Record], by: Callable[[Record], str]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(by(record), []).append(record)
    return groups


def _data(record: Record) -> Mapping[str, Any]:
    return record.dataset


def _facts(record: Record) -> Mapping[str, Any]:
    return record.facts.flat()


def _made(record: Record) -> Mapping[str, Any]:
    return record.provenance


def _libraries(record: Record) -> Mapping[str, Any]:
    return dict(record.provenance.get("libraries", {}))


def _unlike_itself(record: Record) -> list[Mismatch]:
    """What the tokenizer was given, where it is not what the prompts that are stated make of this task."""
    stated, used = record.facts.prompts, record.checks.prompts
    if stated is None:
        return []
    kind, first = str(record.dataset.get("kind", "")), record.checks.first
    mismatches = []
    for role, text in used.items():
        expected = prompt(stated, ROLES.get(role, ""), str(record.dataset.get("name", "")), kind)
        if text != expected:
            mismatches.append(Mismatch(f"{role} prompt", repr(text), f"{expected!r} by the prompts that are stated"))
        elif not str(first.get(role, text)).startswith(text):
            mismatches.append(Mismatch(f"first {role}", repr(first[role]), f"it begins with {text!r}"))
    return mismatches


def _moving(record: Record) -> tuple[str, ...]:
    """Libraries that can move this record's number: those that the system names, mteb's for its tasks, the evaluator's."""
    theirs = ("mteb",) if record.task.startswith("mteb") else ()
    return (*record.facts.libraries, *theirs, "pytrec-eval-terrier")


def _short(value: Any) -> str:
    text = "none" if value in (None, "", {}, []) else str(value)
    return text if len(text) <= 60 else text[:57] + "…"
