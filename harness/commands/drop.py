"""`harness drop task=NAME`: take records off the board; they are moved aside, not deleted.

They lie in `dropped/` of the results folder then.

harness drop failed=true            every cell that failed
harness drop task=nfcorpus          a column
harness drop system='bm25*'         rows, by a pattern
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.compose.command import command
from harness.errors import ConfigError, ResultsError


@dataclass
class Options:
    """`harness drop KEY=VALUE …`"""

    system: str | None = None
    """Of this system, or of those that fit a pattern such as 'bm25*'."""
    task: str | None = None
    """Of this task, or of those that fit a pattern."""
    failed: bool = False
    """Only what failed."""
    results: str = "results"
    """Folder of the records."""
    board: bool = True
    """Write the leaderboard afterwards."""


@command(Options)
def main(options: Options) -> None:
    """Move records off the board."""
    from harness.records.archive import Archive
    from harness.report.publish import publish
    from harness.report.view import View

    if options.system is None and options.task is None and not options.failed:
        raise ConfigError("Say what to drop: task=NAME, system=NAME, failed=true, or several of them.")
    archive = Archive.at(options.results)
    view = View((), tuple(filter(None, [options.system])), tuple(filter(None, [options.task])))
    chosen = [record for record in view.chosen(archive.read()) if not options.failed or record.status == "failed"]
    if not chosen:
        raise ResultsError(f"{options.results} holds no record that fits.")
    for record in chosen:
        print(f"{record.system} × {record.task} → {archive.drop(record)}")  # noqa: T201
    if options.board:
        publish(archive)
