"""The board as LaTeX: read back by a parser, and by pdfLaTeX where it is installed."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pylatexenc.latexwalker import LatexCharsNode, LatexGroupNode, LatexMacroNode, LatexWalker

import exported
from harness.records.archive import Archive
from harness.report.board import board
from harness.report.formats.latex import escaped, latex
from test_export import ROOT

ODD = ["a_b%$#&{}~^\\<>|\"`''--,,[x]", "Größe é «x»", "日本 😀 Ж α", "a\u00a0b", "\\input{/etc/passwd}", "$x$ % no"]


SIGNS = {
    "textbackslash": "\\", "textasciicircum": "^", "textasciitilde": "~", "textless": "<", "textgreater": ">", "textbar": "|",
    "textquotedbl": '"', "textasciigrave": "`", "pm": "±", "neq": "≠", "times": "×", "uparrow": "↑", "downarrow": "↓",
    "textperiodcentered": "·", "textendash": "–", "\\": "\n", "%": "%", "&": "&", "#": "#", "$": "$", "_": "_", "{": "{",
    "}": "}", "ensuremath": "", "textbf": "", "texttt": "", "shortstack": "",
}  # fmt: skip
"""What a macro prints; nothing for one that prints its argument."""


def read(text: str) -> str:
    """What is printed of some LaTeX; a macro that is not listed here is a `KeyError`, a stray `%` or `$` a comment or maths."""
    nodes, _, _ = LatexWalker(text, tolerant_parsing=False).get_latex_nodes()
    return printed(nodes)


def printed(nodes: Sequence[Any]) -> str:
    texts, skipped = [], -1
    for position, node in enumerate(nodes):
        if position == skipped:  # the code point behind a letter
            continue
        if node.isNodeType(LatexCharsNode):
            texts.append(node.chars)
        elif node.isNodeType(LatexGroupNode):
            texts.append(printed(node.nodelist))
        elif node.isNodeType(LatexMacroNode) and node.macroname == "letter":
            skipped = position + 2
        elif node.isNodeType(LatexMacroNode):
            arguments = node.nodeargd.argnlist if node.nodeargd else []
            texts.append(SIGNS[node.macroname] + printed([argument for argument in arguments if argument is not None]))
        else:
            raise AssertionError(node)
    return "".join(texts)


def table(text: str) -> list[list[str]]:
    """The cells of the table as a reader sees them, row by row; `RULE` for a line between rows."""
    body = text.partition(r"\toprule")[2].partition(r"\bottomrule")[0]
    rows = []
    for line in body.strip().splitlines():
        if line == r"\midrule":
            rows.append(["RULE"])
            continue
        assert line.endswith(r" \\")
        rows.append([read(cell).strip() for cell in line[:-3].split(" & ")])
    return rows


def test_the_board_of_the_repository(harness, tmp_path):
    """Ranks, values with half an interval, means; bold is the tie group; the caption says what was measured."""
    three = "system=[mbw][imo][n2r]*[ma5]"  # minilm, bm25 and wordllama, not what is made of them
    done = harness("latex", "to=board.tex", three, f"results={ROOT / 'results'}", command="export")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "board.tex\n"
    text = (tmp_path / "board.tex").read_text()
    head, rule, *rows = table(text)
    assert head[:2] == ["rank", "system"] and "nDCG@10" in head[2] and "n=476" in head[2] and rule == ["RULE"]
    assert rows == [
        ["1", "minilm", "0.708 ±.033", "0.337 ±.024", "0.523 ±.021"],
        ["2", "wordllama", "0.551 ±.037", "0.265 ±.025", "0.408 ±.023"],
        ["3", "bm25", "0.450 ±.039", "0.259 ±.025", "0.354 ±.023"],
    ]
    assert text.count(r"\textbf{") == 2 and r"\textbf{0.708}" in text and r"\textbf{0.337}" in text
    caption = read(text.partition(r"\caption{")[2].partition("}\n")[0])
    for part in (
        "nDCG@10 on legal (higher is better)",
        "351 queries",
        "95 % bootstrap",
        "fingerprint 57fd8af7932c",
        "0.2.0",
    ):
        assert part in caption


def test_another_measure_and_part_of_the_board(harness, tmp_path):
    """measure=, task= and system= choose, as for the leaderboard; a measure in euros says so."""
    words = ("measure=review-cost@10", "task=leg*", "system=*m*", "to=cost.tex", f"results={ROOT / 'results'}")
    done = harness("latex", *words, command="export")
    assert done.returncode == 0, done.stderr
    head, _, *rows = table((tmp_path / "cost.tex").read_text())
    assert "review-cost@10 in EUR" in head[2] and {"minilm", "wordllama", "bm25"} < {row[1] for row in rows}


def test_incomplete_rows_stand_below_a_rule():
    """Unranked, with the mean over the tasks that every row has; the wrong ranking would be by what each happened to do."""
    records = [
        exported.record("a", "x", 0.5), exported.record("a", "y", 0.3), exported.record("b", "x", 0.4),
        exported.record("b", "y", 0.2), exported.record("c", "x", 0.9),
    ]  # fmt: skip
    head, first, *rows = table(latex(board(records, lambda _: {})))
    assert head[-2:] == ["mean", "common mean"] and first == ["RULE"]
    assert [row[0:2] if len(row) > 1 else row for row in rows] == [["1", "a"], ["2", "b"], ["RULE"], ["", "c"]]
    assert rows[-1][-3:] == ["·", "1/2", "0.900"]


@pytest.mark.parametrize("name", ODD)
def test_a_name_is_read_back_letter_by_letter(name):
    """Nothing of it is markup: `%` would end the row, `&` add a cell, `\\input` read a file."""
    assert read(escaped(name)) == name.replace("\u00a0", "U+00A0")


def compiled(folder: Path, text: str) -> str:
    """What pdfLaTeX prints of the table, as text; fails where it does not take it."""
    if not shutil.which("pdflatex") or not shutil.which("pdftotext"):
        pytest.skip("needs pdflatex and pdftotext")
    (folder / "table.tex").write_text(text, encoding="utf-8")
    (folder / "paper.tex").write_text(
        r"\documentclass{article}\usepackage[a0paper]{geometry}\usepackage{booktabs}\usepackage[T1]{fontenc}"
        r"\begin{document}\listoftables\input{table}\end{document}"
    )
    for _ in range(2):  # the list of tables is written by the first
        done = subprocess.run(
            ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
            cwd=folder, capture_output=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:]
    words = ["pdftotext", "-layout", "paper.pdf", "-"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_pdflatex_takes_it(tmp_path):
    """The repository's board, and one whose systems and task are called by every sign that LaTeX reads otherwise."""
    records = Archive(ROOT / "results").read()
    names = dict(zip(sorted({record.system for record in records}), ODD, strict=False))
    odd = [
        dataclasses.replace(record, system=names[record.system], task=f"{record.task}_&%#") for record in records
    ] + [exported.record(name, "legal_&%#") for name in ODD[3:]]
    text = compiled(tmp_path, latex(board(odd, lambda _: {})))
    for part in (
        "a_b%$#&{}~^\\<>|",
        "--,,[x]",
        "U+65E5U+672C U+1F600 U+0416 U+03B1",
        "aU+00A0b",
        "\\input{/etc/passwd}",
        "$x$ % no",
    ):
        assert part in text, part
    assert "legal_&%#" in text and "List of Tables" in text
    assert "0.337" in compiled(tmp_path, latex(board(records, lambda _: {})))
