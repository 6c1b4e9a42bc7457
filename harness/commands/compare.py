"""`harness compare A B task=legal`: two systems query by query: the difference, how sure it is, where it lives.

A and B are systems with a record in the results folder, or files in TREC run format of any other system.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose.command import command
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.errors import ConfigError, NotApplicable, ResultsError, UnknownName
from harness.evaluation.rescoring import reopened
from harness.records.archive import Archive, slug
from harness.records.atomic import write_bytes, write_text
from harness.records.foreign import read_run_file
from harness.records.record import Record
from harness.types import Dataset, Run

if TYPE_CHECKING:
    from harness.report.comparison.build import Contestant


@dataclass
class Options:
    """`harness compare A B KEY=VALUE …`"""

    a: str = ""
    """A recorded system, or a TREC run file."""
    b: str = ""
    """What it is compared with; the difference is A less B."""
    task: str | None = None
    """The task; may be left out where only one holds both."""
    measure: str | None = None
    """Instead of the task's own first measure; computed from the stored runs where it is not recorded."""
    shown: int = 5
    """How many queries won and lost are shown with their documents."""
    results: str = "results"
    """Folder of the records."""
    to: str | None = None
    """Folder of the pages, instead of compare/ in the results folder."""
    strict: bool = False
    """Refuse two systems that differ in more than the system: versions, prompts of one model."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options, "a", "b")
def main(options: Options) -> None:
    """Compare two systems, print it, and write Markdown and HTML."""
    from harness.measures.names import parse
    from harness.report.comparison.build import compare

    if not options.a or not options.b:
        raise ConfigError("Two systems have to be named: harness compare A B task=TASK.")
    archive = Archive(options.results)
    records = [one for one in archive.read() if one.status == "ok"]
    task = options.task or _task(records, options)
    by_system = {one.system: one for one in records if one.task == task}
    if not by_system:
        raise UnknownName("task", task, {one.task for one in records}, "Only tasks with a record can be compared.")
    pair = [_record(name, by_system) for name in (options.a, options.b)]
    reference = next((one for one in pair if one is not None), None) or next(iter(by_system.values()))
    if reference.primary is None or reference.form != "ranked":
        raise NotApplicable(f"{task} was scored whole by mteb: there are no scores per query to compare.")
    measure = parse(options.measure or reference.primary.measure)
    notes = _differences(pair, strict=options.strict)
    dataset = reopened(reference, context_of(options.data, results=options.results))
    sides = [
        _contestant(name, record, archive, dataset, measure.k or 0, notes)
        for name, record in zip((options.a, options.b), pair, strict=True)
    ]
    comparison = compare(sides[0], sides[1], task, dataset, measure, shown=options.shown, notes=notes)
    _publish(comparison, Path(options.to) if options.to else archive.folder / "compare")


def _task(records: Sequence[Record], options: Options) -> str:
    """The one task that every named system has a record of."""
    names = {name for name in (options.a, options.b) if not Path(name).is_file()}
    systems = {record.system for record in records}
    for name in sorted(names - systems):
        raise UnknownName("system", name, systems, "Nor is it a file.")
    tasks = {one.task for one in records}
    shared = [task for task in tasks if names <= {one.system for one in records if one.task == task}]
    if len(shared) != 1:
        raise ConfigError(f"Say which task: task={' or task='.join(sorted(shared or tasks)) or 'NAME'}.")
    return shared[0]


def _record(name: str, known: dict[str, Record]) -> Record | None:
    if name in known:
        return known[name]
    if Path(name).is_file():
        return None
    raise UnknownName("system", name, known, "Nor is it a file.")


def _differences(pair: Sequence[Record | None], *, strict: bool) -> list[str]:
    """What else the two do not share; another experiment is refused."""
    from harness.report.comparability import Comparability

    records = [one for one in pair if one is not None]
    if len(records) < 2:
        return []
    newest = max(records, key=lambda record: str(record.provenance.get("date", "")))
    other = next(one for one in records if one is not newest)
    mismatches = Comparability([other, newest]).differences(other)
    for one in mismatches:
        if one.experiment or strict:
            raise ResultsError(
                f"{other.system} and {newest.system} are not comparable on {other.task}: {one}. Evaluate again: "
                f"{other.provenance.get('command')} overwrite=true"
            )
    return [f"Another {match.what}: {other.system} {match.here}, {newest.system} {match.rest}." for match in mismatches]


def _contestant(
    name: str, record: Record | None, archive: Archive, dataset: Dataset, k: int, notes: list[str]
) -> Contestant:
    from harness.report.comparison.build import Contestant

    if record is not None:
        return Contestant(name, archive.run(record))
    run = _known_queries(read_run_file(Path(name)), dataset, name, notes)
    if run.depth < k:
        notes.append(f"{name} ranks at most {run.depth} documents per query.")
    return Contestant(Path(name).name, dataclasses.replace(run, depth=max(run.depth, k)))


def _known_queries(run: Run, dataset: Dataset, name: str, notes: list[str]) -> Run:
    """The part of a run file that answers this data set's queries; what else there is, is said."""
    query_ids, corpus = set(dataset.queries.ids), set(dataset.documents.ids)
    positions = [place for place, query_id in enumerate(run.query_ids) if query_id in query_ids]
    if not positions:
        raise ResultsError(f"{name} answers no query of {dataset.name}, such as '{dataset.queries.ids[0]}'.")
    if len(positions) < len(run.query_ids):
        notes.append(
            f"{name} answers {len(run.query_ids) - len(positions)} queries more, which this split does not ask."
        )
    if len(positions) < len(query_ids):
        notes.append(
            f"{name} leaves {len(query_ids) - len(positions)} of {len(query_ids)} queries unanswered; they score as empty."
        )
    strange = sum(document not in corpus for place in positions for document in run.doc_ids[place])
    if strange:
        notes.append(f"{name} ranks {strange} documents that are not in the corpus; they count as wrong.")
    return Run(
        [run.query_ids[place] for place in positions],
        [run.doc_ids[place] for place in positions],
        [run.scores[place] for place in positions],
        run.depth,
    )


def _publish(comparison: object, folder: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from harness.report.comparison.markdown import markdown
    from harness.report.comparison.page import page
    from harness.report.comparison.plots import draw
    from harness.report.comparison.values import Comparison
    from harness.report.plots import png, svg

    assert isinstance(comparison, Comparison)
    stem = slug(f"{comparison.task}-{comparison.a.name}-{comparison.b.name}")
    figures = draw(comparison)
    for number, figure in enumerate(figures.values(), start=1):
        write_bytes(folder / f"{stem}-{number}.png", png(figure))
    write_text(folder / f"{stem}.html", page(comparison, {caption: svg(one) for caption, one in figures.items()}))
    text = markdown(comparison)
    images = [f"![{caption}]({stem}-{number}.png)\n" for number, caption in enumerate(figures, start=1)]
    write_text(folder / f"{stem}.md", "\n".join([text, *images]))
    console = Console()
    console.print(Markdown(text))
    console.print(f"written: {folder / stem}.html and .md", style="dim")
