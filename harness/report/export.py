"""What every export format is written from, and which formats there are: a file of `formats/` with `TO` and `export`."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from harness.errors import UnknownName
from harness.records.archive import Archive, slug
from harness.records.digest import digest
from harness.records.record import Record
from harness.report.view import View
from harness.types import Qrels

FOLDER = "harness.report.formats"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """The records that are exported, and what belongs to them.

    Attributes:
        view: Which systems and tasks, and the measure that a board shows.
        qrels: The judgments of a record's data set, which is read again.
        organization: Who evaluated, for formats that name a publisher; empty where it was not said.
    """

    archive: Archive
    view: View
    qrels: Callable[[Record], Qrels]
    organization: str = ""

    def records(self) -> list[Record]:
        """The newest successful record of each system and task, as a board shows them, in the order of task and system."""
        every = self.archive.read()
        newest: dict[tuple[str, str], Record] = {}
        for record in sorted(self.view.chosen(every) if every else [], key=_date):
            newest[record.task, record.system] = record
        return [newest[names] for names in sorted(newest) if newest[names].status == "ok"]

    def complete(self) -> list[Record]:
        """`records` without try-outs on the first queries, whose numbers would pass for those of the whole task."""
        records = self.records()
        whole = [record for record in records if record.dataset.get("asked", {}).get("limit") is None]
        tell_left_out("evaluated with limit=, which is no result of the task", records, whole)
        return whole


class Format(Protocol):
    """What a file of `formats/` holds."""

    TO: str
    """Where it is written unless to= says otherwise."""

    def export(self, source: Source, to: Path) -> Iterator[Path]:
        """Write the files and name each; `ResultsError` where there is nothing that this format can say."""


def names() -> dict[str, str]:
    """The formats that there are and what each is, from the first line of its file; none is imported."""
    package = importlib.import_module(FOLDER)
    files = {
        module.name: Path(package.__path__[0], f"{module.name}.py") for module in pkgutil.iter_modules(package.__path__)
    }
    return {name.replace("_", "-"): _first_line(file) for name, file in sorted(files.items())}


def format_named(name: str) -> Format:
    """The format of that name; `UnknownName` with the nearest for any other."""
    if name not in names():
        raise UnknownName("format", name, names())
    module: Any = importlib.import_module(f"{FOLDER}.{name.replace('-', '_')}")
    return module  # type: ignore[no-any-return]


def tell_left_out(reason: str, records: Sequence[Record], kept: Sequence[Record]) -> None:
    """Say which records are not exported, and why."""
    keys = {id(record) for record in kept}
    lost = [f"{record.system} on {record.task}" for record in records if id(record) not in keys]
    if lost:
        more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
        log.warning("left out: %s%s: %s", ", ".join(lost[:3]), more, reason)


def on_hub(record: Record) -> bool:
    """True if the system is a model of the hub as it is: no system of several parts, no option, no packed variant."""
    facts, plain = record.facts, "(" not in record.system
    packed = facts.dims is not None or facts.precision not in ("", "float32") or facts.rescore
    return plain and not packed and facts.model.count("/") == 1


def model_names(records: Sequence[Record]) -> dict[str, str]:
    """System → ORG/NAME: the hub's name where it is that model as it is, `harness/SYSTEM` else; no two share one.

    Two systems under one name would stand in one file as one model, with two scores for each task.
    """
    called: dict[str, str] = {}
    taken: set[str] = set()
    for record in records:
        if record.system in called:
            continue
        plain = f"harness/{slug(record.system)}"
        choices = [record.facts.model] if on_hub(record) else []
        choices += [plain, f"{plain}-{digest(record.system)[:8]}"]
        called[record.system] = next(name for name in choices if name not in taken)
        taken.add(called[record.system])
    return called


def _date(record: Record) -> str:
    return str(record.provenance.get("date", ""))


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        return lines.readline().strip().strip('"')
