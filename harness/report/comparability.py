"""What two records must share to stand side by side, and what of it they do not.

Two weights. `other experiment`: the data set, the split, the depth, the policy on self-matches; such a number says nothing
beside the others, and enters no mean. `other version`: the prompt, the length, the runtime of the same model, or the version
of the harness or of a library that can move a number; it is marked, and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """What most records of a board share; each record is looked at a fixed number of times, however many there are.

    Args:
        records: Successful ones, in the order of their dates. Where two values are as frequent, the later data set is the
            column's, and of two versions neither is the board's: both are marked.
    """

    def __init__(self, records: Sequence[Record]) -> None:
        self._usual: dict[tuple[str, str, str], list[Any]] = {}
        for task, column in grouped(records, lambda record: record.task).items():
            self._note("data", task, DATA, [record.dataset for record in column])
        self._facts = {id(record): record.facts.flat() for record in records}
        self._usage: dict[str, list[str]] = {}
        for system, row in grouped(records, lambda record: record.system).items():
            facts = [self._facts[id(record)] for record in row]
            self._usage[system] = [
                key for key in dict.fromkeys(key for flat in facts for key in flat) if key not in ABOUT
            ]
            self._note("usage", system, self._usage[system], facts)
        self._note("harness", "", ("harness",), [record.provenance for record in records])
        moved: dict[str, list[Mapping[str, Any]]] = {}
        for record in records:
            for library in _moving(record):
                moved.setdefault(library, []).append(_libraries(record))
        for library, versions in moved.items():
            self._note("library", "", (library,), versions)
        self._differences = {id(record): tuple(self._of(record)) for record in records}

    def differences(self, record: Record) -> tuple[Mismatch, ...]:
        """Everything in which a record differs from most of its column (data), of its row (usage), of the board (versions)."""
        return self._differences[id(record)]

    def _of(self, record: Record) -> Iterator[Mismatch]:
        usage = self._usage[record.system]
        yield from self._mismatches("data", record.task, DATA, record.dataset, experiment=True)
        yield from self._mismatches("usage", record.system, usage, self._facts[id(record)])
        yield from _unlike_itself(record)
        yield from self._mismatches("harness", "", ("harness",), record.provenance)
        yield from self._mismatches("library", "", _moving(record), _libraries(record))

    def _note(self, what: str, group: str, keys: Sequence[str], members: Sequence[Mapping[str, Any]]) -> None:
        for key in keys if members else ():
            self._usual[what, group, key] = most([member.get(key, UNKNOWN) for member in members])

    def _mismatches(
        self, what: str, group: str, keys: Sequence[str], own: Mapping[str, Any], *, experiment: bool = False
    ) -> Iterator[Mismatch]:
        for key in keys:
            here, usual = own.get(key, UNKNOWN), self._usual[what, group, key]
            if here != usual[0] or (len(usual) > 1 and not experiment):
                yield Mismatch(key, here, usual[1] if here == usual[0] else usual[0], experiment)


def most(values: Sequence[Any]) -> list[Any]:
    """The value that most have; where several are as frequent all of those, that of the latest record first."""
    written = [*map(repr, values)]
    counts = Counter(written)
    latest = {name: at for at, name in enumerate(written)}
    greatest = max(counts.values())
    frequent = [name for name in latest if counts[name] == greatest]
    return [values[latest[name]] for name in sorted(frequent, key=lambda name: -latest[name])]


def grouped(records: Sequence[Record], by: Callable[[Record], str]) -> dict[str, list[Record]]:
    """The records by what `by` says of each, in the order in which they come."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(by(record), []).append(record)
    return groups


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
