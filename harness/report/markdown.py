"""A board as Markdown, publishable as it is."""

from __future__ import annotations

from harness.report import footer, formatting, terms
from harness.report.grid import Board, BoardCell, Row
from harness.report.markup import plain


def markdown(board: Board, plots: dict[str, str]) -> str:
    """The whole page. `plots` is caption → path relative to the page."""
    lines = ["# Leaderboard", ""]
    if not board.rows:
        return "# Leaderboard\n\nNothing recorded yet. `harness model=minilm task=legal` records the first cell.\n"
    lines += [*_table(board), ""]
    if board.common_tasks:
        shared = ", ".join(board.common_tasks)
        lines += [
            f"Rows below the line are incomplete and unranked. Common mean: over {shared}, which every one has.",
            "",
        ]
    lines += [" ".join([footer.HOW_TO_READ, *footer.sureness(board)]), ""]
    marks = [*formatting.legend(board), *map(plain, terms.doubts(board))]
    lines += [f"- {line}" for line in marks] + ([""] if marks else [])
    if formatting.failures(board):
        lines += ["## Not measured", "", *(f"- {plain(line)}" for line in formatting.failures(board)), ""]
    for caption, path in plots.items():
        lines += [f"![{caption}]({path})", ""]
    lines += ["## What was measured", ""]
    lines += [f"- {footer.data_line(board, column)}" for column in board.columns]
    said = [*footer.chosen_on_its_queries(board), *footer.truncation(board), *terms.chosen(board)]
    lines += [f"- {line}" for line in [*said, *footer.definitions(board)]]
    lines += [f"- {footer.origin(board)}"]
    if board.superseded:
        lines += [f"- {board.superseded} older record(s) of the same names are not shown; they are in `records/`."]
    lines += ["", "Made by", "", "```", *footer.commands(board), "```", ""]
    return "\n".join(lines)


def _table(board: Board) -> list[str]:
    heads = [
        formatting.RANK,
        "system",
        *(f"{plain(column.title)}<br>{formatting.heading(column)}" for column in board.shown),
        "mean",
    ]
    if board.common_tasks:
        heads.append("common mean")
    heads += [formatting.BEST, "documents/s", "dimension", "bytes", "reads", "parameters", "licence"]
    rule = [":-:", ":--", *[":--:" for _ in board.shown], "--:", *(["--:"] if board.common_tasks else [])]
    rows = [_line(heads), _line([*rule, "--:", "--:", "--:", "--:", ":--", "--:", ":--"])]
    below = False
    for row in board.rows:
        if row.rank is None and not below and any(one.rank for one in board.rows):
            below = True
            rows.append(_line(["—"] * len(heads)))
        rows.append(_line(_row(board, row)))
    return rows


def _row(board: Board, row: Row) -> list[str]:
    common = [formatting.common(row)] if board.common_tasks else []
    return [
        formatting.rank(row),
        plain(row.system),
        *(_cell(cell) for cell in row.shown),
        formatting.mean(row, len(board.columns)),
        *common,
        formatting.best(row),
        formatting.speed(row),
        formatting.fact(row, "dimension"),
        formatting.size(row),
        formatting.reads(row),
        formatting.count(row.facts.parameters),
        formatting.fact(row, "licence"),
    ]


def _cell(cell: BoardCell) -> str:
    text = formatting.value(cell)
    if not cell.tied_for_best:
        return text
    head, _, tail = text.partition(" ")
    return f"**{head}**" + (f" {tail}" if tail else "")


def _line(fields: list[str]) -> str:
    return "| " + " | ".join(fields) + " |"
