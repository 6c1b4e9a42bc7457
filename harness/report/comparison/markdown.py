"""A comparison as Markdown; the terminal shows the same text."""

from __future__ import annotations

from harness.report.comparison import wording
from harness.report.comparison.values import Comparison, Query


def markdown(comparison: Comparison) -> str:
    """The whole page."""
    one = comparison
    lines = [
        f"# {_plain(one.a.name)} against {_plain(one.b.name)} on {_plain(one.task)}",
        "",
        f"**{_plain(wording.verdict(one))}**",
        "",
    ]
    lines += [f"- Note: {_plain(note)}" for note in one.notes]
    lines += [""] if one.notes else []
    lines += [
        "| | |",
        "| :-- | :-- |",
        *(f"| {_plain(name)} | {_plain(value)} |" for name, value in wording.figures(one)),
        "",
    ]
    if one.slices:
        lines += ["## Where the difference lives", ""]
        lines += ["| queries | n | difference, 95 % interval | p, adjusted |", "| :-- | --: | :-- | --: |"]
        lines += [
            f"| {_bold(_plain(gap.what), gap.p)} | {gap.n} | {_bold(wording.span(one, gap), gap.p)} | {wording.chance(gap.p)} |"
            for gap in one.slices
        ]
        lines += ["", f"p is adjusted for {len(one.slices)} slices (Holm); bold where it is at most 0.05.", ""]
    lines += _queries(one, f"Queries that {one.a.name} wins by most", one.won)
    lines += _queries(one, f"Queries that {one.b.name} wins by most", one.lost)
    if one.unsettled:
        lines += ["## What judging could change", "", *(f"- {_plain(line)}" for line in one.unsettled), ""]
    return "\n".join(lines)


def _queries(comparison: Comparison, title: str, queries: tuple[Query, ...]) -> list[str]:
    lines = [f"## {_plain(title)}", ""] if queries else []
    for query in queries:
        lines += [
            f"- `{query.query_id}` {_plain(wording.short(query.text))} ({_plain(wording.scores(comparison, query))})"
        ]
        lines += [
            f"    - `{one.document_id}` ({_plain(wording.placed(comparison, one))}) {_plain(wording.short(one.text))}"
            for one in query.documents
        ]
    return [*lines, ""] if queries else []


def _bold(text: str, p: float) -> str:
    return f"**{text}**" if p <= 0.05 else text


def _plain(text: str) -> str:
    """Text that Markdown is not to read as markup."""
    return text.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;").replace("[", "\\[")
