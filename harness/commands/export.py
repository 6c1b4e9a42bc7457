"""`harness export [mteb|trec] [to=DIR]`: records in the format of other tools.

mteb: records of mteb's tasks as mteb's own result files. trec: a run per system and the judgments of each task, for
trec_eval.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.compose.command import command
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.errors import ConfigError, ResultsError, UnknownName
from harness.evaluation.rescoring import reopened
from harness.records.archive import Archive, slug
from harness.records.record import Record
from harness.report.mteb_format import export
from harness.report.trec_format import write_qrels, write_run

FORMATS = {"mteb": "mteb-results", "trec": "trec"}
"""Format → its folder."""


@dataclass
class Options:
    """`harness export FORMAT KEY=VALUE …`"""

    format: str = "mteb"
    """mteb: `mteb.ResultCache(DIR).load_results()` reads it. trec: trec_eval does."""
    to: str | None = None
    """Folder to write into: mteb-results or trec."""
    task: str | None = None
    """trec: this task alone, by its name on the board."""
    results: str = "results"
    """Folder of the records."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options, "format")
def main(options: Options) -> None:
    """Write the files and say which."""
    if options.format not in FORMATS:
        raise UnknownName("format", options.format, FORMATS)
    folder = Path(options.to or FORMATS[options.format])
    archive = Archive.at(options.results)
    if options.format == "trec":
        for file in _trec(archive, folder, options):
            print(file)  # noqa: T201
        return
    if options.task is not None:
        raise ConfigError("task=NAME is for harness export trec; mteb's files are written for every one of its tasks.")
    files = export(archive.read(), folder / "results")
    if not files:
        raise ResultsError(
            f"{options.results} holds no record of one of mteb's tasks. Evaluate one: task=mteb task.name=NAME"
        )
    for file in files:
        print(file)  # noqa: T201


def _trec(archive: Archive, folder: Path, options: Options) -> Iterator[Path]:
    """Per task a folder with the judgments and the newest run of each system on the newest data set."""
    ranked = [record for record in archive.read() if record.status == "ok" and record.form == "ranked"]
    tasks = {record.task for record in ranked}
    if not ranked:
        raise ResultsError(f"{options.results} holds no run. Evaluate a system on a task that ranks documents.")
    if options.task is not None and options.task not in tasks:
        raise UnknownName("task", options.task, tasks, "Only tasks with a run can be exported.")
    context = context_of(options.data, results=options.results)
    for task in sorted(tasks if options.task is None else {options.task}):
        records = _newest([record for record in ranked if record.task == task])
        qrels = reopened(records[-1], context).qrels
        yield write_qrels(qrels, folder / slug(task) / "qrels.txt")
        names: set[str] = {"qrels"}
        for record in records:
            name = slug(record.system)
            name = name if name not in names else f"{name}-{record.key[:8]}"
            names.add(name)
            yield write_run(archive.run(record), record.system, folder / slug(task) / f"{name}.run")


def _newest(records: Sequence[Record]) -> list[Record]:
    """The newest record of each system, on the data set of the newest of all; that one last."""
    records = sorted(records, key=lambda record: str(record.provenance.get("date", "")))
    fingerprint = records[-1].dataset["fingerprint"]
    newest = {record.system: record for record in records if record.dataset["fingerprint"] == fingerprint}
    return sorted(newest.values(), key=lambda record: str(record.provenance.get("date", "")))
