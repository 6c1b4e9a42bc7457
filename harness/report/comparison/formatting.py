"""How a comparison's numbers are written, the same in Markdown, on the terminal and on the page."""

from __future__ import annotations

from harness.report.comparison.values import Comparison, MeanDifference, Query, RankedDocument
from harness.report.formatting import SHARES

LONGEST = 160


def number(comparison: Comparison, value: float, *, signed: bool = False) -> str:
    """A score or a difference in the measure's unit."""
    if comparison.unit in SHARES:
        return f"{value:+.3f}" if signed else f"{value:.3f}"
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def span(comparison: Comparison, gap: MeanDifference) -> str:
    """`+0.078 [+0.049, +0.107]`."""
    low, high = (number(comparison, limit, signed=True) for limit in (gap.low, gap.high))
    return f"{number(comparison, gap.difference, signed=True)} [{low}, {high}]"


def chance(p: float) -> str:
    """A p value to three places; never zero."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def by_chance(p: float) -> str:
    """`p < 0.001`, `p = 0.042`."""
    return ("p < 0.001" if p < 0.001 else f"p = {p:.3f}").replace(" ", "\N{NO-BREAK SPACE}")


def verdict(comparison: Comparison) -> str:
    """The one sentence that a reader takes away."""
    a, b, gap = comparison.a, comparison.b, comparison.overall
    measure, task, better = comparison.measure, comparison.task, comparison.better
    least = number(comparison, comparison.detectable)
    means = f"{number(comparison, a.mean)} against {number(comparison, b.mean)}"
    numbers = f"{measure} {means}, difference {span(comparison, gap)}"
    if comparison.unanswered:
        left = " and ".join(
            f"{name} leaves {count} of {gap.n} queries unanswered" for name, count in comparison.unanswered.items()
        )
        answered = comparison.answered
        rest = (
            f"Over the {answered.n} that both answer: {measure}, difference {span(comparison, answered)}, "
            f"{by_chance(answered.p)}."
            if answered is not None
            else "They share no two answered queries."
        )
        return f"No verdict on {task}: {left}, which score as empty ({numbers}). {rest}"
    if not better:
        return (
            f"{a.name} and {b.name} cannot be told apart on {task}: {numbers}, {by_chance(gap.p)}. "
            f"With {gap.n} {comparison.items}, a difference of {least} is detectable at 80 % power."
        )
    other = b.name if better == a.name else a.name
    numbers = f"{a.name} less {b.name}: {numbers}" if better != a.name else numbers
    return f"{better} is better than {other} on {task}: {numbers}, {by_chance(gap.p)}, over {gap.n} {comparison.items}."


def figures(comparison: Comparison) -> list[tuple[str, str]]:
    """What was measured, as pairs of a name and a value."""
    a, b, gap = comparison.a, comparison.b, comparison.overall
    arrow = "higher is better" if comparison.direction == "higher" else "lower is better"
    means = f"{a.name} {number(comparison, a.mean)} · {b.name} {number(comparison, b.mean)}"
    unjudged = f"{a.name} {a.unjudged:.1%} · {b.name} {b.unjudged:.1%}"
    return [
        (f"{comparison.measure} ({arrow})", means),
        ("difference, 95 % interval", span(comparison, gap)),
        *_answered(comparison),
        ("p value", f"{chance(gap.p)} (sign flips) · {chance(gap.p_bootstrap)} (bootstrap) · {chance(gap.p_t)} (paired t)"),
        ("effect size", f"{gap.effect:+.2f} standard deviations of the differences"),
        (comparison.items, f"{a.name} ahead in {comparison.wins}, behind in {comparison.losses}, equal in {comparison.ties}"),
        (f"difference detectable with {gap.n} {comparison.items}", f"{number(comparison, comparison.detectable)} (80 % power)"),
        *([("unjudged among the top documents", unjudged)] if comparison.items == "queries" else []),
    ]  # fmt: skip


def _answered(comparison: Comparison) -> list[tuple[str, str]]:
    """The difference over the queries that both answer, where it is another than the whole's."""
    part = comparison.answered
    if part is None:
        return []
    text = f"{span(comparison, part)}, {by_chance(part.p)}, over {part.n} of {comparison.overall.n} queries"
    return [("difference where both answer, 95 % interval", text)]


def ranked_as(comparison: Comparison, document: RankedDocument) -> str:
    """`grade 3, minilm 1st, bm25 not found`."""
    grade = "unjudged" if document.grade is None else f"grade {document.grade}"
    names = ((comparison.a.name, document.a), (comparison.b.name, document.b))
    return ", ".join([grade, *(f"{name} {ranked_at(rank)}" for name, rank in names)])


def scores(comparison: Comparison, query: Query) -> str:
    """`minilm 1.000, bm25 0.000`."""
    a, b = comparison.a.name, comparison.b.name
    return f"{a} {number(comparison, query.a)}, {b} {number(comparison, query.b)}"


def short(text: str) -> str:
    """One line of a text."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rstrip() + "…"


def ranked_at(rank: int | None) -> str:
    """`1st`, `22nd`, or `not found`."""
    if rank is None:
        return "not found"
    ending = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending}"
