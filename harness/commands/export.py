"""`harness export to=DIR`: records of mteb's tasks as mteb's own result files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.compose.command import command
from harness.errors import ResultsError
from harness.records.archive import Archive
from harness.report.mteb_format import export


@dataclass
class Options:
    """`harness export KEY=VALUE …`"""

    to: str = "mteb-results"
    """Folder to point mteb at: `mteb.ResultCache(DIR).load_results()`."""
    results: str = "results"
    """Folder of the records."""


@command(Options)
def main(options: Options) -> None:
    """Write mteb's result files and say which."""
    files = export(Archive.at(options.results).read(), Path(options.to) / "results")
    if not files:
        raise ResultsError(
            f"{options.results} holds no record of one of mteb's tasks. Evaluate one: task=mteb task.name=NAME"
        )
    for file in files:
        print(file)  # noqa: T201
