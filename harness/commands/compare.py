"""`harness compare A B task=legal`: two systems query by query: the difference, how sure it is, where it lives.

A and B are systems with a record in the results folder, or files in TREC run format of any other system. Two files need no
record: task=beir task.path=DIR is then any task, as in an evaluation.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose.command import command
from harness.compose.composition import job
from harness.compose.session import context_of
from harness.config.literal import located
from harness.config.schema import Data
from harness.errors import ConfigError, NotApplicable, ResultsError, UnknownName
from harness.evaluation.opening import Opener, label_of
from harness.evaluation.rescoring import reopened
from harness.records.archive import Archive, slug
from harness.records.atomic import write_bytes, write_text
from harness.records.foreign import read_run_file
from harness.records.record import Record
from harness.refs import TaskRef
from harness.types import Dataset, Run, Scores, Task

if TYPE_CHECKING:
    from harness.report.comparison.build import Contestant
    from harness.report.comparison.values import Comparison


@dataclass
class Options:
    """`harness compare A B KEY=VALUE …`"""

    a: str = ""
    """A recorded system, or a TREC run file."""
    b: str = ""
    """What it is compared with; the difference is A less B."""
    task: str | None = None
    """The task, its options as task.KEY=VALUE; may be left out where only one recorded task holds both."""
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


@command(Options, "a", "b", composed=True)
def main(options: Options, words: Sequence[str] = ()) -> None:
    """Compare two systems, print it, and write Markdown and HTML."""
    from harness.measures.names import parse
    from harness.report.comparison.build import compare

    if not options.a or not options.b:
        raise ConfigError("Two systems have to be named: harness compare A B task=TASK.")
    files = all(_is_file(name) for name in (options.a, options.b))
    folder = Path(options.to) if options.to else Path(options.results) / "compare"
    archive = Archive(options.results) if files and words else Archive.at(options.results)
    records = [record for record in archive.read() if record.status == "ok"]
    context = context_of(options.data, results=options.results)
    task, ref = _named(words, {record.task for record in records}, files=files)
    task = task or options.task or _task(records, options)
    by_system = {
        record.system: record for record in records if record.task == task and (ref is None or _is_of(record, ref))
    }
    pair: list[Record | None] = [None, None]
    notes: list[str] = []
    if ref is not None and files and not by_system:
        opened = Opener(context).task(ref)
        if not isinstance(opened, Task):
            raise NotApplicable(f"{task} is scored whole by mteb: there are no scores per query to compare.")
        dataset, first = opened.dataset, opened.measures[0]
    else:
        if not by_system:
            names = {record.task for record in records}
            absent = next((f" {name} is none." for name in (options.a, options.b) if not _is_file(name)), "")
            hint = f"Only tasks with a record can be compared, or two run files on any task.{absent}"
            raise UnknownName("task", task, names, hint)
        pair = [_record(name, by_system) for name in (options.a, options.b)]
        if _same(options, pair):
            print(f"The two are the same on {task}: {options.a} and {options.b} name one run.")  # noqa: T201
            return
        reference = next((record for record in pair if record is not None), None) or next(iter(by_system.values()))
        if reference.primary is None:
            raise NotApplicable(f"{reference.system} on {task} has no number to compare.")
        notes = _differences(pair, strict=options.strict)
        if reference.form == "delegated":
            _publish(_by_item(pair, task, archive, options, notes), folder)
            return
        dataset, first = reopened(reference, context), reference.primary.measure
    measure = parse(options.measure or first)
    sides = [
        _contestant(name, record, archive, dataset, measure.k or 0, notes)
        for name, record in zip((options.a, options.b), pair, strict=True)
    ]
    comparison = compare(sides[0], sides[1], task, dataset, measure, shown=options.shown, notes=notes)
    _publish(comparison, folder)


def _named(words: Sequence[str], recorded: set[str], *, files: bool) -> tuple[str, TaskRef | None]:
    """The label of the task that the words name, and its reference where they say more than a recorded name."""
    label = next((word.partition("=")[2] for word in reversed(words) if word.startswith("task=")), "")
    own = [word for word in words if not word.startswith("task=")]
    if other := next((word for word in own if not word.startswith("task.")), ""):
        raise ConfigError(f"'{other}' is no option of a comparison. Its systems are named first: harness compare A B.")
    if own and not label:
        raise ConfigError(f"'{own[0]}' is an option of which task? Say task=NAME too.")
    if not own and (label in recorded or not (label and files)):
        return label, None
    ref = job(words).task
    return label_of(ref), ref


def _is_of(record: Record, ref: TaskRef) -> bool:
    return dict(record.dataset["asked"]["options"]) == dict(ref.options)


def _is_file(name: str) -> bool:
    return Path(located("a file", name)).is_file()


def _task(records: Sequence[Record], options: Options) -> str:
    """The one task that every named system has a record of."""
    names = {name for name in (options.a, options.b) if not _is_file(name)}
    systems = {record.system for record in records}
    for name in sorted(names - systems):
        raise UnknownName("system", name, systems, "Nor is it a file.")
    tasks = {record.task for record in records}
    shared = [task for task in tasks if names <= {record.system for record in records if record.task == task}]
    if len(shared) != 1:
        raise ConfigError(f"Say which task: task={' or task='.join(sorted(shared or tasks)) or 'NAME'}.")
    return shared[0]


def _record(name: str, recorded: dict[str, Record]) -> Record | None:
    if name in recorded:
        return recorded[name]
    if _is_file(name):
        return None
    raise UnknownName("system", name, recorded, "Nor is it a file.")


def _same(options: Options, pair: Sequence[Record | None]) -> bool:
    """True for one system twice, for two names of one record key, and for one file twice."""
    a, b = pair
    if a is None or b is None:
        return a is b and Path(options.a).resolve() == Path(options.b).resolve()
    return a.key == b.key


def _differences(pair: Sequence[Record | None], *, strict: bool) -> list[str]:
    """Notes on what else differs between two records; `ResultsError` where they are different experiments."""
    from harness.report.comparability import Comparability

    records = [record for record in pair if record is not None]
    if len(records) < 2:
        return []
    newest = max(records, key=lambda record: str(record.provenance.get("date", "")))
    other = next(record for record in records if record is not newest)
    mismatches = Comparability([other, newest]).differences(other)
    for mismatch in mismatches:
        if mismatch.experiment or strict:
            raise ResultsError(
                f"{other.system} and {newest.system} are not comparable on {other.task}: {mismatch}. Evaluate again: "
                f"{other.provenance.get('command')} overwrite=true"
            )
    return [
        f"Another {mismatch.what}: {other.system} {mismatch.here}, {newest.system} {mismatch.rest}."
        for mismatch in mismatches
    ]


def _by_item(
    pair: Sequence[Record | None], task: str, archive: Archive, options: Options, notes: Sequence[str]
) -> Comparison:
    """The comparison on a task that mteb scored, from the values per item that the records keep."""
    from harness.report.comparison.items import compare_items

    one, other = pair
    if one is None or other is None:
        raise NotApplicable(f"{task} ranks no documents: a run file has nothing to be compared on there.")
    assert one.primary is not None
    measure = options.measure or one.primary.measure
    sides = [_values(record, measure, archive) for record in (one, other)]
    if list(sides[0].query_ids) != list(sides[1].query_ids):
        raise ResultsError(f"{one.system} and {other.system} were scored on other items of {task}: nothing pairs them.")
    measured = one.get(measure)
    assert measured is not None
    items = str(one.dataset.get("items", "items"))
    return compare_items(
        (options.a, options.b), (sides[0], sides[1]), task, measured, items, shown=options.shown, notes=notes
    )


def _values(record: Record, measure: str, archive: Archive) -> Scores:
    """A record's values per item; `NotApplicable` with the reason where it has none."""
    scores = archive.scores(record)
    if measure in scores:
        return scores[measure]
    measured = record.get(measure)
    if measured is None:
        raise UnknownName("measure", measure, [one.measure for one in record.measures], f"{record.system} lacks it.")
    again = f"Evaluate again: {record.provenance.get('command')} overwrite=true"
    reason = measured.interval.removeprefix("none: ") or f"the record is older than they are. {again}"
    raise NotApplicable(f"{record.system} on {record.task} has no values per item of {measure}: {reason}")


def _contestant(
    name: str, record: Record | None, archive: Archive, dataset: Dataset, k: int, notes: list[str]
) -> Contestant:
    from harness.report.comparison.build import Contestant

    if record is not None:
        return Contestant(name, archive.run(record))
    run = _of_this_split(read_run_file(Path(name)), dataset, name, notes)
    if run.depth < k:
        notes.append(f"{name} ranks at most {run.depth} documents per query.")
    return Contestant(Path(name).name, dataclasses.replace(run, depth=max(run.depth, k)))


def _of_this_split(run: Run, dataset: Dataset, name: str, notes: list[str]) -> Run:
    """The part of a run file that answers this data set's queries; a note says what was left out or is missing."""
    query_ids, corpus = set(dataset.queries.ids), set(dataset.documents.ids)
    positions = [position for position, query_id in enumerate(run.query_ids) if query_id in query_ids]
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
    strange = sum(document not in corpus for position in positions for document in run.doc_ids[position])
    if strange:
        notes.append(f"{name} ranks {strange} documents that are not in the corpus; they count as wrong.")
    return Run(
        [run.query_ids[position] for position in positions],
        [run.doc_ids[position] for position in positions],
        [run.scores[position] for position in positions],
        run.depth,
    )


def _publish(comparison: Comparison, folder: Path) -> None:
    from rich.console import Console
    from rich.markdown import Markdown

    from harness.report.canvas import png, svg
    from harness.report.comparison.markdown import markdown
    from harness.report.comparison.page import page
    from harness.report.comparison.plots import draw

    stem = slug(f"{comparison.task}-{comparison.a.name}-{comparison.b.name}-{comparison.measure}")
    figures = draw(comparison)
    for number, figure in enumerate(figures.values(), start=1):
        write_bytes(folder / f"{stem}-{number}.png", png(figure))
    write_text(folder / f"{stem}.html", page(comparison, {caption: svg(figure) for caption, figure in figures.items()}))
    text = markdown(comparison)
    images = [f"![{caption}]({stem}-{number}.png)\n" for number, caption in enumerate(figures, start=1)]
    write_text(folder / f"{stem}.md", "\n".join([text, *images]))
    console = Console()
    console.print(Markdown(text))
    console.print(f"written: {folder / stem}.html and .md", style="dim")
