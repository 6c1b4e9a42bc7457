"""`python -m harness.leaderboard`: tables and plots again, from the records alone; no torch, no model.

`--explain SYSTEM` says instead what of a system's numbers is not comparable with the rest, and how to mend it.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.commands import command
from harness.records.archive import Archive
from harness.records.atomic import write_bytes, write_text

CAPTIONS = {
    "quality": "Quality per task with 95 % intervals; in colour what the queries cannot tell from the best",
    "speed": "Quality against speed; grey where another system is better in both",
    "kept": "Quality kept by shortened and quantised vectors against the bytes of one document in the index; "
    "rescored ones need the full vectors on disk besides",
}


@dataclass
class Options:
    """`python -m harness.leaderboard KEY=VALUE …`"""

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


def publish(archive: Archive, measure: str | None = None, *, show: bool = True, strict: bool = False) -> None:
    """Write leaderboard.md, .csv, .html, measures.csv and plots/ into the results folder, and print the table.

    Raises:
        ResultsError: With `strict`, where anything is not comparable; nothing is written then.
    """
    from harness.report.board import board
    from harness.report.explain import refuse_differences
    from harness.report.markdown import markdown
    from harness.report.page import page
    from harness.report.plots import draw, png, svg
    from harness.report.table import cells_csv, measures_csv
    from harness.report.terminal import show as print_table

    made = board(archive.read(), archive.scores, measure)
    if strict:
        refuse_differences(made)
    figures = draw(made)
    for name, figure in figures.items():
        write_bytes(archive.folder / "plots" / f"{name}.png", png(figure))
    write_text(archive.folder / "leaderboard.csv", cells_csv(made))
    write_text(archive.folder / "measures.csv", measures_csv(made))
    write_text(
        archive.folder / "leaderboard.html", page(made, {CAPTIONS[name]: svg(one) for name, one in figures.items()})
    )
    write_text(
        archive.folder / "leaderboard.md", markdown(made, {CAPTIONS[name]: f"plots/{name}.png" for name in figures})
    )
    if show:
        print_table(made)


@command(Options)
def main(options: Options) -> None:
    """Tables and plots from records."""
    from harness.measures.names import parse
    from harness.report.board import board
    from harness.report.explain import explanation

    measure = parse(options.measure).name if options.measure else None
    archive = Archive(options.results)
    if options.explain is not None:
        print("\n".join(explanation(board(archive.read(), archive.scores, measure), options.explain)))  # noqa: T201
        return
    publish(archive, measure, show=options.show, strict=options.strict)


if __name__ == "__main__":
    main()
