"""The board as a LaTeX table in booktabs' style, for a paper.

Names are escaped. A letter that pdfLaTeX does not know prints as its code point there, and as itself in LuaLaTeX and XeLaTeX.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.errors import ResultsError
from harness.records.atomic import write_text
from harness.records.memo import Memo
from harness.report import footer, formatting
from harness.report.board import board
from harness.report.export import Source
from harness.report.grid import Board, BoardCell, Column, Row

TO = "leaderboard.tex"
log = logging.getLogger(__name__)
SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "`": r"\textasciigrave{}", "[": "{[}", "]": "{]}",
    "±": r"\ensuremath{\pm}", "≠": r"\ensuremath{\neq}", "†": r"\textdagger{}", "·": r"\textperiodcentered{}",
    "↑": r"\ensuremath{\uparrow}", "↓": r"\ensuremath{\downarrow}", "–": r"\textendash{}", "—": r"\textemdash{}",
    "×": r"\ensuremath{\times}", "✗": r"\ensuremath{\times}", "…": r"\ldots{}", "\t": " ", "\n": " ", "\r": " ",
}  # fmt: skip
"""What LaTeX would read as markup, and the signs that the board itself writes."""
LIGATURE = re.compile(r"([-,'])(?=\1)")
"""Two of these are printed as another sign: `--` as a dash."""
LATIN = "\u017f"
"""The last letter that every LaTeX has, with the T1 fonts."""
HEAD = (
    "% harness export latex",
    r"% needs \usepackage{booktabs} and, for letters with accents, \usepackage[T1]{fontenc}",
)
LETTER = (
    r"\DeclareRobustCommand\letter[2]{\ifdefined\pdftexversion\ifcsname u8:\detokenize{#1}\endcsname#1\else"
    r"\texttt{U+#2}\fi\else#1\fi}"
)
"""A letter that pdfLaTeX has no definition of, as its code point there; LuaLaTeX and XeLaTeX take it from the font."""
REASONS = 3
"""Cells without a number whose reason the caption gives."""
MOST = 8
"""Tasks that fit beside each other on a page."""


def export(source: Source, to: Path) -> Iterator[Path]:
    """Write the file that holds the table."""
    records = source.archive.read()
    if not records:
        raise ResultsError(f"{source.archive.folder} holds no record. Evaluate first: harness model=NAME task=NAME")
    shown = board(records, source.archive.scores, source.view, Memo(source.archive))
    if len(shown.shown) > MOST:
        log.warning("%d tasks are wider than a page; task='legal*' chooses some of them.", len(shown.shown))
    write_text(to, latex(shown), "to=FILE")
    yield to


def latex(shown: Board) -> str:
    """The table with its caption and label, and above it what the preamble has to load."""
    ranked = [row for row in shown.rows if row.rank is not None]
    incomplete = [row for row in shown.rows if row.rank is None]
    shared = bool(shown.common_tasks)
    head = ["rank", "system", *map(_head, shown.shown), "mean", *(["common mean"] if shared else [])]
    lines = [
        r"\begin{table}", r"\centering", rf"\caption{{{caption(shown)}}}", r"\label{tab:leaderboard}", r"\smallskip",
        *([r"\footnotesize"] if len(shown.shown) > MOST else []),
        rf"\begin{{tabular}}{{cl{'r' * (len(head) - 2)}}}", r"\toprule", _line(head), r"\midrule",
        *(_row(shown, row) for row in ranked),
        *([r"\midrule"] if ranked and incomplete else []),
        *(_row(shown, row) for row in incomplete),
        r"\bottomrule", r"\end{tabular}", r"\end{table}",
    ]  # fmt: skip
    return "\n".join([*HEAD, *([LETTER] if r"\letter{" in "".join(lines) else []), *lines, ""])


def caption(shown: Board) -> str:
    """What was measured, on what, how sure it is, what bold and the rule mean, and where it comes from."""
    said = [
        f"{'; '.join(_measured(column) for column in shown.shown)}.",
        "± is half the 95 % bootstrap interval over queries.",
        "Bold: the best of a column and every system that its queries cannot tell from it.",
    ]
    if any(row.rank is None for row in shown.rows) and any(row.rank for row in shown.rows):
        said.append("Systems below the rule are incomplete and unranked.")
    if shown.common_tasks:
        said.append(f"Common mean: over {', '.join(shown.common_tasks)}, which every one has.")
    said += [f"{line.replace('`', '').rstrip('.')}." for line in formatting.legend(shown)]
    failures = formatting.failures(shown)
    said += [f"{line}." for line in failures[:REASONS]]
    said += [f"{len(failures) - REASONS} more cells without a number."] if failures[REASONS:] else []
    said.append(f"Data: {'; '.join(footer.data_line(shown, column) for column in shown.columns)}.")
    said.append(f"{footer.origin(shown)}.")
    return " ".join(map(escaped, said))


def escaped(text: str) -> str:
    """The text as LaTeX prints it letter by letter; a letter that nobody can see, such as a no-break space, as U+00A0."""
    return LIGATURE.sub(r"\1{}", "".join(map(_letter, text)))


def _letter(letter: str) -> str:
    if letter in SPECIAL:
        return SPECIAL[letter]
    if not letter.isprintable():
        return rf"\texttt{{U+{ord(letter):04X}}}"
    return letter if letter <= LATIN else rf"\letter{{{letter}}}{{{ord(letter):04X}}}"


def _measured(column: Column) -> str:
    """`review-cost@10 on legal (EUR, lower is better)`."""
    unit = "" if column.unit in formatting.SHARES else f"{column.unit}, "
    return f"{column.measure or 'nothing'} on {column.title} ({unit}{column.direction} is better)"


def _head(column: Column) -> str:
    return f"{column.title}\n{formatting.heading(column)}"


def _line(cells: Sequence[str]) -> str:
    """A row of texts; one of two lines is stacked."""
    written = [[escaped(line) for line in cell.split("\n")] for cell in cells]
    return (
        " & ".join(r"\shortstack{" + r" \\ ".join(cell) + "}" if len(cell) > 1 else cell[0] for cell in written)
        + r" \\"
    )


def _row(shown: Board, row: Row) -> str:
    means = [formatting.mean(row, len(shown.columns)), *([formatting.common(row)] if shown.common_tasks else [])]
    cells = [*map(escaped, (formatting.rank(row), row.system)), *map(_cell, row.shown), *map(escaped, means)]
    return " & ".join(cells) + r" \\"


def _cell(cell: BoardCell) -> str:
    text = formatting.value(cell)
    head, _, tail = text.partition(" ")
    if not cell.tied_for_best:
        return escaped(text)
    return rf"\textbf{{{escaped(head)}}}" + (f" {escaped(tail)}" if tail else "")
