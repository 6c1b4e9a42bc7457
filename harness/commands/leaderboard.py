"""`harness leaderboard`: tables and plots again, from the records alone; no torch, no model.

`--explain SYSTEM` says instead what of a system's numbers is not comparable with the rest, and how to mend it.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.compose.command import command
from harness.errors import ResultsError


@dataclass
class Options:
    """`harness leaderboard KEY=VALUE …`"""

    results: str = "results"
    """Folder of the records; the leaderboard is written there."""
    measure: str | None = None
    """Show this measure wherever it is recorded, instead of each task's own."""
    show: bool = True
    """Print the table."""
    strict: bool = False
    """Refuse a board on which anything is not comparable, instead of marking it."""
    explain: str | None = None
    """Only say of this system what is not comparable, and which command would mend it."""


@command(Options)
def main(options: Options) -> None:
    """Tables and plots from records."""
    from harness.measures.names import parse
    from harness.records.archive import Archive
    from harness.report.board import board
    from harness.report.explain import explanation
    from harness.report.publish import publish

    measure = parse(options.measure).name if options.measure else None
    archive = Archive.at(options.results)
    if not any(archive.folder.glob("records/*/*/record.json")):
        raise ResultsError(f"{options.results} holds no record. Evaluate first: harness model=NAME task=NAME")
    if options.explain is not None:
        print("\n".join(explanation(board(archive.read(), archive.scores, measure), options.explain)))  # noqa: T201
        return
    publish(archive, measure, show=options.show, strict=options.strict)
