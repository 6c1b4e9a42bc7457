"""`harness rescore measures=[nDCG@20,Rprec]`: further measures from stored runs; no model is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.compose.command import command
from harness.compose.session import context_of
from harness.config.schema import Data
from harness.errors import ConfigError, ResultsError


@dataclass
class Options:
    """`harness rescore KEY=VALUE …`"""

    measures: list[str] = field(default_factory=list)
    """The measures to compute, such as [nDCG@20,success(rel=2)@5]."""
    results: str = "results"
    """Folder of the records."""
    system: str | None = None
    """Only this system's records."""
    task: str | None = None
    """Only this task's records."""
    board: bool = True
    """Write the leaderboard afterwards."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, as in an evaluation."""


@command(Options)
def main(options: Options) -> None:
    """Compute measures for every stored run that fits, and add them to its record."""
    from harness.evaluation.rescoring import rescore
    from harness.measures.names import parse
    from harness.records.archive import Archive
    from harness.report import formatting
    from harness.report.publish import publish

    if not options.measures:
        raise ConfigError("measures=[NAME,…] has to be given, such as measures=[nDCG@20].")
    names = [parse(name).name for name in options.measures]
    context = context_of(options.data, results=options.results)
    archive = Archive.at(options.results)
    records = [
        record
        for record in archive.read()
        if record.status == "ok"
        and record.form == "ranked"
        and options.system in (None, record.system)
        and options.task in (None, record.task)
    ]
    if not records:
        raise ResultsError(f"{options.results} holds no stored run that fits. Evaluate first: harness model=… task=…")
    for record in records:
        rescored = rescore(record, names, context)
        values = [formatting.estimate(measured) for name in names if (measured := rescored.get(name)) is not None]
        print(f"{record.system} × {record.task}: {', '.join(values)}")  # noqa: T201
    if options.board:
        publish(archive)
