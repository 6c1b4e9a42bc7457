"""A comparison as Markdown; the terminal shows the same text."""

from __future__ import annotations

from harness.report.comparison import formatting
from harness.report.comparison.values import Comparison, Query
from harness.report.markup import plain


def markdown(comparison: Comparison) -> str:
    """The whole page."""
    a, b = comparison.a.name, comparison.b.name
    lines = [
        f"# {plain(a)} against {plain(b)} on {plain(comparison.task)}",
        "",
        f"**{plain(formatting.verdict(comparison))}**",
        "",
    ]
    lines += [f"- Note: {plain(note)}" for note in comparison.notes]
    lines += [""] if comparison.notes else []
    lines += [
        "| | |",
        "| :-- | :-- |",
        *(f"| {plain(name)} | {plain(value)} |" for name, value in formatting.figures(comparison)),
        "",
    ]
    if comparison.slices:
        lines += ["## Where the difference lives", ""]
        lines += ["| queries | n | difference, 95 % interval | p, adjusted |", "| :-- | --: | :-- | --: |"]
        lines += [
            f"| {_bold(plain(gap.what), gap.p)} | {gap.n} | {_bold(formatting.span(comparison, gap), gap.p)} "
            f"| {formatting.chance(gap.p)} |"
            for gap in comparison.slices
        ]
        lines += ["", f"p is adjusted for {len(comparison.slices)} slices (Holm); bold where it is at most 0.05.", ""]
    lines += _queries(comparison, f"{comparison.items.capitalize()} that {a} wins by most", comparison.won)
    lines += _queries(comparison, f"{comparison.items.capitalize()} that {b} wins by most", comparison.lost)
    if comparison.unsettled:
        lines += ["## What judging could change", "", *(f"- {plain(line)}" for line in comparison.unsettled), ""]
    return "\n".join(lines)


def _queries(comparison: Comparison, title: str, queries: tuple[Query, ...]) -> list[str]:
    lines = [f"## {plain(title)}", ""] if queries else []
    for query in queries:
        lines += [
            f"- `{query.query_id}` {plain(formatting.short(query.text))} ({plain(formatting.scores(comparison, query))})"
        ]
        lines += [
            f"    - `{document.document_id}` ({plain(formatting.ranked_as(comparison, document))}) "
            f"{plain(formatting.short(document.text))}"
            for document in query.documents
        ]
    return [*lines, ""] if queries else []


def _bold(text: str, p: float) -> str:
    return f"**{text}**" if p <= 0.05 else text
