"""A board as Markdown, publishable as it is."""

from __future__ import annotations

from harness.report import footer, words
from harness.report.grid import Board, Cell, Row


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
    lines += [f"- {line}" for line in words.legend(board)] + ([""] if words.legend(board) else [])
    if words.failures(board):
        lines += ["## Not measured", "", *(f"- {_plain(line)}" for line in words.failures(board)), ""]
    for caption, path in plots.items():
        lines += [f"![{caption}]({path})", ""]
    lines += ["## What was measured", ""]
    lines += [f"- {footer.data_line(board, column)}" for column in board.columns]
    lines += [f"- {line}" for line in [*footer.truncation(board), *footer.definitions(board)]]
    lines += [f"- {footer.origin(board)}"]
    if board.superseded:
        lines += [f"- {board.superseded} older record(s) of the same names are not shown; they are in `records/`."]
    lines += ["", "Made by", "", "```", *footer.commands(board), "```", ""]
    return "\n".join(lines)


def _table(board: Board) -> list[str]:
    heads = [words.RANK, "system", *(f"{column.task}<br>{words.heading(column)}" for column in board.columns), "mean"]
    if board.common_tasks:
        heads.append("common mean")
    heads += [words.BEST, "documents/s", "dimension", "bytes", "reads", "parameters", "licence"]
    rule = [":-:", ":--", *[":--:" for _ in board.columns], "--:", *(["--:"] if board.common_tasks else [])]
    rows = [_line(heads), _line([*rule, "--:", "--:", "--:", "--:", ":--", "--:", ":--"])]
    below = False
    for row in board.rows:
        if row.rank is None and not below and any(one.rank for one in board.rows):
            below = True
            rows.append(_line(["—"] * len(heads)))
        rows.append(_line(_row(board, row)))
    return rows


def _row(board: Board, row: Row) -> list[str]:
    common = [words.common(row)] if board.common_tasks else []
    return [
        words.rank(row),
        _plain(row.system),
        *(_cell(cell) for cell in row.cells),
        words.mean(row, len(board.columns)),
        *common,
        words.best(row),
        words.speed(row),
        words.fact(row, "dimension"),
        words.size(row),
        words.reads(row),
        words.count(row.facts.parameters),
        words.fact(row, "licence"),
    ]


def _cell(cell: Cell) -> str:
    text = words.value(cell)
    if not cell.level:
        return text
    head, _, tail = text.partition(" ")
    return f"**{head}**" + (f" {tail}" if tail else "")


def _line(fields: list[str]) -> str:
    return "| " + " | ".join(fields) + " |"


def _plain(text: str) -> str:
    """Text that Markdown is not to read as markup."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
