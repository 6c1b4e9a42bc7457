"""`harness export [FORMAT] [to=PATH]`: records in the format of other tools."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compose.command import command
from harness.config.schema import Data
from harness.errors import ConfigError
from harness.report import export as formats

if TYPE_CHECKING:
    from harness.records.record import Record
    from harness.types import Qrels

__doc__ += "\n\n" + "\n".join(f"{name}: {line}" for name, line in formats.names().items())


@dataclass
class Options:
    """`harness export FORMAT KEY=VALUE …`"""

    format: str = "mteb"
    """Which of those above."""
    to: str | None = None
    """Folder, or for latex the file, to write; by default of the format's name."""
    task: str | None = None
    """This task alone, or those that a pattern fits: 'mteb/*'."""
    system: str | None = None
    """This system alone, or those that a pattern fits."""
    measure: str | None = None
    """latex: this measure instead of each task's own."""
    organization: str = ""
    """every-eval-ever: who evaluated."""
    results: str = "results"
    """Folder of the records."""
    data: Data = field(default_factory=Data)
    """data.mirror=DIR, data.cache=DIR: where data sets come from, for trec's judgments, as in an evaluation."""


@command(Options, "format")
def main(options: Options) -> None:
    """Write the files and say which."""
    from harness.compose.session import context_of
    from harness.evaluation.rescoring import reopened
    from harness.measures.names import parse
    from harness.records.archive import Archive
    from harness.report.view import View

    chosen = formats.format_named(options.format)
    refuse_unused(options)
    view = View(
        (parse(options.measure).name,) if options.measure else (),
        (options.system,) if options.system else (),
        (options.task,) if options.task else (),
    )
    archive = Archive.at(options.results)

    def qrels(record: Record) -> Qrels:
        return reopened(record, context_of(options.data, results=options.results)).qrels

    source = formats.Source(archive, view, qrels, options.organization)
    for file in chosen.export(source, Path(options.to or chosen.TO)):
        print(file)  # noqa: T201


def refuse_unused(options: Options) -> None:
    """An option that this format does not look at."""
    for name, format in (("measure", "latex"), ("organization", "every-eval-ever")):
        if getattr(options, name) and options.format != format:
            raise ConfigError(f"{name}= is for harness export {format}; {options.format} has no use for it.")
