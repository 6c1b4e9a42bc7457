"""`harness check task=NAME [task.KEY=VALUE …]`: what is wrong with a data set, before any model is loaded.

Looks for dangling judgments, copies, empty and overlong texts, queries that stand in the corpus or in another split,
and says what a perfect system could reach. `model=NAME` takes that model's max_length as the limit of a text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.checks.ceiling import Ceiling, ceilings
from harness.checks.faults import WORDS, faults
from harness.checks.leaks import WORDS_SHARED, leaks
from harness.checks.profile import DatasetProfile, Finding
from harness.checks.repeats import NEARLY, repeats
from harness.checks.spelling import spellings
from harness.compose.command import command
from harness.compose.composition import job
from harness.compose.exit_codes import FAILURE
from harness.compose.session import context_of
from harness.config.jobs import Job
from harness.config.schema import Data
from harness.errors import ConfigError, HarnessError, NotApplicable
from harness.evaluation.opening import Opener
from harness.measures.names import parse
from harness.refs import TaskRef
from harness.types import Dataset, Task

SPLITS = ("train", "dev", "validation", "test")


@dataclass
class Options:
    """`harness check task=NAME KEY=VALUE …`"""

    task: str | None = None
    """The task, as in an evaluation; its options as task.KEY=VALUE."""
    model: str | None = None
    """A model whose max_length is the limit of a text."""
    measures: str | None = None
    """The measures of the ceiling, instead of the task's own."""
    depth: int | None = None
    """How many documents are ranked, instead of the task's own depth."""
    words: int | None = None
    """A text of more words is overlong: 6000, or the max_length of model=NAME."""
    examples: int = 3
    """How many examples of each fault are shown."""
    strict: bool = False
    """Exit with 1 where a fault was found."""
    splits: bool = True
    """Compare with the other splits of the task."""
    results: str = "results"
    """Folder of the records, where a task of the same name may stand already."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options, composed=True)
def main(options: Options, words: Sequence[str]) -> int:
    """Check the tasks that the words name and print what was found; 1 with strict=true where there is a fault."""
    if not any(word.startswith("task=") for word in words):
        raise ConfigError("Say which task: harness check task=NAME. harness --help lists them.")
    for key, value in (("words", options.words), ("examples", options.examples)):
        if value is not None and value < (key == "words"):
            raise ConfigError(f"{key}={value} is too small: at least {int(key == 'words')}.")
    composed = job(words)
    opener = Opener(context_of(options.data, results=options.results))
    limit = _limit(options.words, composed, any(word.startswith("model=") for word in words))
    count = 0
    for cell in opener.cells(composed):
        task = opener.task(cell.task, whatever=True)
        if not isinstance(task, Task):
            raise NotApplicable(f"{task.name} is scored by its own evaluator; a check looks at ranked retrieval only.")
        count += report(task, cell.task, options, opener, *limit)
    return FAILURE if options.strict and count else 0


def report(task: Task, ref: TaskRef, options: Options, opener: Opener, words: int, limit: str) -> int:
    """Look at one task and print it; how many faults there are."""
    profile = DatasetProfile(task.dataset, options.examples)
    cutoff = next((k for k in (parse(name).k for name in task.measures) if k), None)
    others, absent = _other_splits(ref, task.dataset, opener) if options.splits else ({}, {})
    findings = [*faults(profile, words, limit, cutoff), *repeats(profile, exclude_self=task.exclude_self)]
    findings += [*leaks(profile, others), *(finding for finding in [spellings(profile)] if finding.count)]
    for line in _lines(task, findings, ceilings(task, profile), others, absent):
        print(line)  # noqa: T201
    return sum(finding.fault for finding in findings)


def _limit(words: int | None, chosen: Job, named: bool) -> tuple[int, str]:
    length = chosen.system.options.get("max_length") if named else None
    if words is not None:
        return words, ""
    if named and length is None:
        raise ConfigError(f"model={chosen.system.label} does not say its max_length here. Give words=N instead.")
    # a word is at least one token: what is named was cut for certain, and other texts may have been
    return (int(length), f" ({chosen.system.label} reads {length} tokens)") if length else (WORDS, "")


def _other_splits(ref: TaskRef, dataset: Dataset, opener: Opener) -> tuple[dict[str, Dataset], dict[str, str]]:
    """The task's other splits, and why the rest of the usual names cannot be read."""
    splits: dict[str, Dataset] = {}
    absent: dict[str, str] = {}
    for split in SPLITS if "split" in ref.options else ():
        if split == dataset.split:
            continue
        other = TaskRef(ref.plugin, {**ref.options, "split": split}, ref.label)
        try:
            task = opener.task(other, whatever=True)
        except HarnessError as error:
            absent[split] = str(error).partition(". ")[0]
            continue
        if isinstance(task, Task):
            splits[split] = task.dataset
    return splits, absent


def _lines(
    task: Task,
    findings: Sequence[Finding],
    reached: Sequence[Ceiling],
    others: dict[str, Dataset],
    absent: dict[str, str],
) -> Iterator[str]:
    counts = task.dataset.counts
    yield (
        f"{task.name}, split {task.dataset.split}: {counts['documents']:,} documents, {counts['queries']:,} queries asked of "
        f"{counts['queries_read']:,} read, {counts['judgments']:,} judgments"
    )
    for title, fault in (("FAULTS", True), ("REMARKS", False)):
        shown = [finding for finding in findings if finding.fault == fault]
        if shown or fault:
            yield f"\n{title}" + ("" if shown else ": none")
        for finding in shown:
            yield f"  {finding.count:,} × {finding.kind}: {finding.what}"
            yield f"      score     {finding.score}"
            for index, example in enumerate(finding.examples):
                yield f"      {'' if index else 'such as':<9} {example}"
            yield f"      mend      {finding.mend}"
    yield "\nCOMPARED"
    yield from _compared(task, others, absent)
    if reached:
        yield "\nCEILING  the mean that a perfect system gets"
        yield f"  {'measure':<18} {'without faults':>14} {'with them':>10} {'at worst':>10}"
        for line in reached:
            yield f"  {line.measure:<18} {line.judged:>14.4f} {line.by_id:>10.4f} {line.worst:>10.4f}"
        yield "  With them: copies of one text tie, and ties stand by document id, descending. At worst: each unjudged copy"
        yield "  stands before its original. A first column below 1: the cutoff, or queries without a relevant document."


def _compared(task: Task, others: dict[str, Dataset], absent: dict[str, str]) -> Iterator[str]:
    read = ", ".join(f"{name} ({len(other.queries):,} queries)" for name, other in others.items())
    yield f"  {len(task.dataset.queries):,} queries with the documents, and with other splits: {read or 'none'}"
    for name, why in absent.items():
        yield f"  not there: {name} ({why})"
    yield f"  nearly the same: {NEARLY}"
    yield f"  most of their words: a Jaccard of the words of at least {WORDS_SHARED}"
