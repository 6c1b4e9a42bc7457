"""`harness failures SYSTEM task=legal`: where a system fails: by slice, query by query, and where every system does.

From records and stored runs alone. A query on which every recorded system fails is probably one whose judgments are wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose.command import command
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.errors import ConfigError, NotApplicable, UnknownName
from harness.evaluation.rescoring import reopened
from harness.records.archive import Archive, slug
from harness.records.atomic import write_text
from harness.records.record import Record

if TYPE_CHECKING:
    from harness.report.failures.values import Failures


@dataclass
class Options:
    """`harness failures SYSTEM KEY=VALUE …`"""

    system: str = ""
    """A recorded system."""
    task: str | None = None
    """The task; may be left out where the system has one."""
    measure: str | None = None
    """Instead of the task's own first measure; computed from the stored run where it is not recorded."""
    shown: int = 10
    """How many queries of either kind are shown with their documents; the CSV has all."""
    results: str = "results"
    """Folder of the records."""
    to: str | None = None
    """Folder of the pages, instead of failures/ in the results folder."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options, "system")
def main(options: Options) -> None:
    """Show the failures, and write Markdown, HTML and CSV."""
    from harness.measures.names import parse
    from harness.report.failures.build import failures

    if not options.system:
        raise ConfigError("A system has to be named: harness failures SYSTEM task=TASK.")
    if options.shown < 0:
        raise ConfigError(f"shown={options.shown}: it is a number of queries, at least 0.")
    archive = Archive(options.results)
    records = [record for record in archive.read() if record.status == "ok"]
    record = _record(records, options)
    if record.primary is None or record.form != "ranked":
        raise NotApplicable(f"{record.task} was scored whole by mteb: there are no scores per query to look into.")
    measure = parse(options.measure or record.primary.measure)
    dataset = reopened(record, context_of(options.data, results=options.results))
    others, notes = _others(records, record, measure.k or 0)
    runs = {one.system: archive.run(one) for one in (record, *others)}
    whole = failures(record.system, record.task, dataset, runs, measure, shown=options.shown, notes=notes)
    _publish(whole, Path(options.to) if options.to else archive.folder / "failures")


def _record(records: Sequence[Record], options: Options) -> Record:
    """The newest record of the system on the task; `UnknownName` or `ConfigError` where there is no one such."""
    own = [record for record in records if record.system == options.system]
    if not own:
        raise UnknownName("system", options.system, {record.system for record in records})
    tasks = sorted({record.task for record in own})
    if options.task is None and len(tasks) > 1:
        raise ConfigError(f"Say which task: task={' or task='.join(tasks)}.")
    if options.task is not None and options.task not in tasks:
        raise UnknownName(
            "task", options.task, tasks, f"Only tasks with a record of {options.system} have failures to show."
        )
    return _newest([record for record in own if record.task == (options.task or tasks[0])])


def _others(records: Sequence[Record], record: Record, k: int) -> tuple[list[Record], list[str]]:
    """The newest record of every other system over the same data, and which are left out."""
    newest: dict[str, Record] = {}
    for other in sorted(records, key=lambda one: str(one.provenance.get("date", ""))):
        if other.task == record.task and other.system != record.system and other.form == "ranked":
            newest[other.system] = other
    same = {
        name: other
        for name, other in sorted(newest.items())
        if other.dataset["fingerprint"] == record.dataset["fingerprint"] and int(other.dataset["depth"]) >= k
    }
    names = ", ".join(sorted(newest.keys() - same.keys()))
    return list(same.values()), [
        f"Not looked at, because evaluated on other data or less deep: {names}."
    ] if names else []


def _newest(records: Sequence[Record]) -> Record:
    return max(records, key=lambda record: str(record.provenance.get("date", "")))


def _publish(failures: Failures, folder: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from harness.report.failures.markdown import markdown
    from harness.report.failures.page import page
    from harness.report.failures.table import table

    stem = slug(f"{failures.task}-{failures.system}-{failures.measure}")
    text = markdown(failures)
    for ending, content in (("html", page(failures)), ("md", text), ("csv", table(failures))):
        write_text(folder / f"{stem}.{ending}", content)
    console = Console()
    console.print(Markdown(text))
    console.print(f"written: {folder / stem}.html, .md and .csv", style="dim", soft_wrap=True)
