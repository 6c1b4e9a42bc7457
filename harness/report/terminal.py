"""A board for a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from harness.report import formatting, terms
from harness.report.grid import Board


def show(board: Board, console: Console | None = None) -> None:
    """Print the board; the tie group of each column in bold, incomplete rows below the line."""
    console = console or Console()
    if not console.is_terminal and console.width < 120:
        console.width = 120  # a log has no width: do not fold what a person will read there
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("rank\n95 %", justify="center")
    table.add_column("system", overflow="fold")
    for column in board.shown:
        table.add_column(Text(f"{column.title}\n{formatting.heading(column)}"), justify="right")
    table.add_column("mean", justify="right")
    if board.common_tasks:
        table.add_column("common\nmean", justify="right")
    table.add_column("best", justify="right")
    table.add_column("docs/s", justify="right")
    table.add_column("dim", justify="right")
    table.add_column("bytes", justify="right")
    ranked = sum(row.rank is not None for row in board.rows)
    for place, row in enumerate(board.rows, start=1):
        cells = [Text(formatting.value(cell), style="bold" if cell.tied_for_best else "") for cell in row.shown]
        common = [formatting.common(row)] if board.common_tasks else []
        table.add_row(
            formatting.rank(row), Text(row.system), *cells, formatting.mean(row, len(board.columns)), *common,
            formatting.best(row), formatting.speed(row), formatting.fact(row, "dimension"), formatting.size(row),
            end_section=place == ranked,
        )  # fmt: skip
    console.print(table)
    for line in [*formatting.legend(board), *formatting.failures(board)]:
        console.print(
            Text(f"  {line}", style="dim"), no_wrap=True, overflow="ellipsis"
        )  # the whole reason is on the page
    for line in terms.doubts(board):
        console.print(Text(f"  {line}", style="bold"), soft_wrap=True)
