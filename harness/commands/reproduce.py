"""`harness reproduce [model=NAME] [task=NAME] [data.mirror=DIR]`: do we get the scores that were published?

Evaluates the entries of a file of published scores whose data and weights are at hand, holds ours against theirs, and
says of each gap beyond its tolerance which stated setting explains it: evaluated once more with that setting. Writes
reproduction.md into the results folder. Exit code 1 where a score is off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.compose import plugins
from harness.compose.command import command
from harness.compose.composition import job
from harness.compose.exit_codes import FAILURE
from harness.compose.rerun import Rerun, with_place
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.context import Context
from harness.errors import HarnessError, UnknownName, Unreachable
from harness.evaluation.display import Display
from harness.hub import is_unreachable
from harness.measures.names import parse
from harness.published.causes import causes
from harness.published.differences import differences
from harness.published.scores import Published, read
from harness.published.table import Outcome, markdown, show
from harness.records.atomic import write_text
from harness.records.provenance import provenance
from harness.records.record import Record


@dataclass
class Options:
    """`harness reproduce KEY=VALUE …`"""

    file: str | None = None
    """A YAML list of published scores, instead of conf/published.yaml."""
    model: str | None = None
    """Only this model's scores."""
    task: str | None = None
    """Only this task's."""
    prove: bool = True
    """Evaluate again with the published settings where a score is off."""
    results: str = "results"
    """Folder of the records and of reproduction.md; evaluations that only prove a cause go into its reproduction/."""
    overwrite: bool = False
    """Evaluate again what is recorded."""
    device: str = "auto"
    """`cpu`, `cuda`, `mps`, or `auto` for the best one present."""
    progress: bool = True
    """Show a progress display on standard error."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.models=DIR, data.cache=DIR: as in an evaluation."""


@command(Options)
def main(options: Options) -> int:
    """Evaluate, compare, print and write; the exit code."""
    path = Path(options.file) if options.file is not None else plugins.home() / "conf" / "published.yaml"
    entries = chosen(read(path), options.model, options.task)
    context = context_of(options.data, results=options.results, device=options.device)
    aside = dataclasses.replace(context, results=context.results / "reproduction")
    jobs = {entry.words: with_place(entry, job, entry.words) for entry in entries}
    with Display(len(jobs), shown=options.progress) as display:
        rerun = Rerun(display, overwrite=options.overwrite)
        results = {words: rerun.tried(composed, _of(entries, words), context) for words, composed in jobs.items()}
        outcomes = [
            _outcome(entry, results[entry.words], _of(entries, entry.words), rerun, aside if options.prove else None)
            for entry in entries
        ]
    show(outcomes)
    origin = provenance("")
    about = f"From {path.name}, by version {origin['harness']} (commit {origin['commit']}), {str(origin['date'])[:10]}."
    write_text(context.results / "reproduction.md", markdown(outcomes, about))
    return FAILURE if any(outcome.verdict in ("off", "failed") for outcome in outcomes) else 0


def chosen(entries: Sequence[Published], model: str | None, task: str | None) -> list[Published]:
    """The entries of that model and task, measures in canonical form; `UnknownName` where there is none.

    `model=bm25` also takes `bm25(k1=0.9)`.
    """
    selected = list(entries)
    for kind, name in (("model", model), ("task", task)):
        if name is not None:
            names = {getattr(entry, kind) for entry in selected}
            selected = [
                entry for entry in selected if name in (getattr(entry, kind), getattr(entry, kind).partition("(")[0])
            ]
            if not selected:
                raise UnknownName(f"published {kind}", name, names)
    return [dataclasses.replace(entry, measure=_canonical(entry.measure)) for entry in selected]


def _outcome(
    entry: Published, result: Record | Exception, cell: Sequence[Published], rerun: Rerun, aside: Context | None
) -> Outcome:
    """Ours beside theirs; where it is off, evaluated again with the published settings, into `aside`."""
    if isinstance(result, Exception):
        absent = isinstance(result, Unreachable) or is_unreachable(result)
        message = str(result) if isinstance(result, HarnessError) else f"{type(result).__name__}: {result}"
        return Outcome(entry, reason=" ".join(message.partition(". ")[0].split()).rstrip("."), failed=not absent)
    measured = result.get(entry.measure)
    assert measured is not None
    outcome = Outcome(entry, measured.mean)
    if outcome.verdict != "off":
        differ = [str(difference) for difference in differences(entry, result) if not difference.version]
        return dataclasses.replace(outcome, despite=tuple(differ))

    def again(words: Sequence[str]) -> Record:
        assert aside is not None
        record = rerun.tried(job([*entry.words, *words]), cell, aside)
        if isinstance(record, HarnessError):
            raise record
        if isinstance(record, Exception):
            raise HarnessError(f"{type(record).__name__}: {record}") from record
        return record

    return dataclasses.replace(outcome, causes=tuple(causes(entry, result, again if aside is not None else None, cell)))


def _of(entries: Sequence[Published], words: Sequence[str]) -> list[Published]:
    return [entry for entry in entries if entry.words == words]


def _canonical(measure: str) -> str:
    """A measure's canonical name; mteb's own words for its scores stay as they are."""
    try:
        return parse(measure).name
    except HarnessError:
        return measure
