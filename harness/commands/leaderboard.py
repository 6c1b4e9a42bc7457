"""`harness leaderboard`: tables and plots again, from the records alone; no torch, no model.

`measures=[recall@5,MRR@10]` shows several side by side, the rows ranked by the first; `by=stratum` adds a column for each value
of that property of a task's queries (their data are read again for it). `--explain SYSTEM` says instead what of a system's
numbers is not comparable with the rest, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.compose import plugins
from harness.compose.command import command
from harness.config.schema import Data
from harness.errors import ResultsError, UnknownName

if TYPE_CHECKING:
    from harness.records.record import Record
    from harness.report.view import Slicing


@dataclass
class Options:
    """`harness leaderboard KEY=VALUE …`"""

    results: str = "results"
    """Folder of the records; the leaderboard is written there."""
    measure: str | None = None
    """Show this measure instead of each task's own."""
    measures: list[str] = field(default_factory=list)
    """Show these side by side: [recall@5,MRR@10]; rows are ranked by the first."""
    systems: list[str] = field(default_factory=list)
    """Only these systems: names or patterns, ['bm25*',minilm]."""
    tasks: list[str] = field(default_factory=list)
    """Only these tasks: names or patterns."""
    by: str | None = None
    """A property of the queries, such as product: each of its values becomes a column."""
    show: bool = True
    """Print the table."""
    strict: bool = False
    """Refuse a board on which anything is not comparable, instead of marking it."""
    explain: str | None = None
    """Only say of this system what is not comparable, and which command would mend it."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, for by=."""


@command(Options, plugged=False)
def main(options: Options) -> None:
    """Tables and plots from records."""
    from harness.measures.names import parse
    from harness.records.archive import Archive
    from harness.report.board import board
    from harness.report.explain import explanation
    from harness.report.publish import publish
    from harness.report.view import View

    if options.measure or options.measures or options.by:  # which may be a plug-in's
        plugins.discover()
    names = [*([options.measure] if options.measure else []), *options.measures]
    view = View(tuple(dict.fromkeys(parse(name).name for name in names)), tuple(options.systems), tuple(options.tasks))
    archive = Archive.at(options.results)
    records = archive.read()
    if not records:
        raise ResultsError(f"{options.results} holds no record. Evaluate first: harness model=NAME task=NAME")
    if options.by is not None:
        view = View(view.measures, view.systems, view.tasks, _slices(options.by, view.chosen(records), options))
    if options.explain is not None:
        print("\n".join(explanation(board(records, archive.scores, view), options.explain)))  # noqa: T201
        return
    publish(archive, view, show=options.show, strict=options.strict, records=records)


def _slices(name: str, records: Sequence[Record], options: Options) -> dict[str, Slicing]:
    """Of each task that has the property, its value for each query; the tasks' data are read again."""
    from harness.compose.session import context_of
    from harness.evaluation.rescoring import reopened
    from harness.report.view import Slicing

    ranked = [record for record in records if record.status == "ok" and record.form == "ranked"]
    known = sorted({key for record in ranked for key in record.dataset.get("slices", ())})
    if name not in known:
        raise UnknownName("property", name, known, "A property is a column of a task's queries.")
    context = context_of(options.data, results=options.results)
    slices: dict[str, Slicing] = {}
    for record in ranked:
        if record.task not in slices and name in record.dataset.get("slices", ()):
            queries = reopened(record, context).queries
            slices[record.task] = Slicing(name, dict(zip(queries.ids, queries.properties[name], strict=True)))
    return slices
