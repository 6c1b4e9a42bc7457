"""A board's files: leaderboard.md, .csv, .html, measures.csv and plots/, from the records alone; no torch, no model."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.records.archive import Archive
from harness.records.atomic import write_bytes, write_text
from harness.records.record import Record
from harness.report.view import View

if TYPE_CHECKING:
    from harness.report.drawings import Drawings

CAPTIONS = {
    "quality": "Quality per task with 95 % intervals; in colour what the queries cannot tell from the best",
    "means": "Mean of every system with its 95 % interval and the ranks between which it stands; in colour what the queries "
    "cannot tell from the best",
    "heat-map": "Every system on every task, within a task from the worst (dark) to the best (light)",
    "speed": "Quality against speed; grey where another system is better in both",
    "kept": "Quality kept by shortened and quantised vectors against the bytes of one document in the index; "
    "rescored ones need the full vectors on disk besides",
}


def publish(
    archive: Archive, view: View | None = None, *, show: bool = True, strict: bool = False,
    records: Sequence[Record] | None = None, begun: Drawings | None = None,
) -> None:  # fmt: skip
    """Write leaderboard.md, .csv, .html, measures.csv and plots/ into the results folder, and print the table.

    Args:
        records: Those of the archive, where they have been read already.
        begun: The drawings of its board, where another process waits for it already.

    Raises:
        ResultsError: With `strict`, where anything is not comparable; nothing is written then.
    """
    from harness.records.memo import Memo
    from harness.report.board import board
    from harness.report.drawings import drawings
    from harness.report.explain import refuse_differences
    from harness.report.markdown import markdown
    from harness.report.page import page
    from harness.report.table import cells_csv, measures_csv
    from harness.report.terminal import show as print_table

    folder = archive.folder
    with contextlib.nullcontext(begun) if begun else drawings(archive) as drawing:
        shown_board = board(
            archive.read() if records is None else records, archive.scores, view or View(), Memo(archive)
        )
        if strict:
            refuse_differences(shown_board)
        drawing.begin(shown_board)
        write_text(folder / "leaderboard.csv", cells_csv(shown_board))
        write_text(folder / "measures.csv", measures_csv(shown_board))
        whole = page(shown_board, lambda: {CAPTIONS[name]: one.svg for name, one in drawing.finished().items()})
        pictures = drawing.finished()
    for stale in set(CAPTIONS) - set(pictures):  # of a board that was smaller, or larger
        (folder / "plots" / f"{stale}.png").unlink(missing_ok=True)
    for name, picture in pictures.items():
        write_bytes(folder / "plots" / f"{name}.png", picture.png)
    write_text(folder / "leaderboard.html", whole)
    write_text(
        folder / "leaderboard.md", markdown(shown_board, {CAPTIONS[name]: f"plots/{name}.png" for name in pictures})
    )
    if show:
        print_table(shown_board)
