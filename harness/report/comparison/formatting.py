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
    low, high = (number(comparison, one, signed=True) for one in (gap.low, gap.high))
    return f"{number(comparison, gap.difference, signed=True)} [{low}, {high}]"


def chance(p: float) -> str:
    """A p value to three places; never zero."""
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def by_chance(p: float) -> str:
    """`p < 0.001`, `p = 0.042`."""
    return ("p < 0.001" if p < 0.001 else f"p = {p:.3f}").replace(" ", "\N{NO-BREAK SPACE}")


def verdict(comparison: Comparison) -> str:
    """The one sentence that a reader takes away."""
    one = comparison
    gap = one.overall
    least = number(one, one.detectable)
    numbers = f"{one.measure} {number(one, one.a.mean)} against {number(one, one.b.mean)}, difference {span(one, gap)}"
    if one.unanswered:
        left = " and ".join(
            f"{name} leaves {count} of {gap.n} queries unanswered" for name, count in one.unanswered.items()
        )
        answered = one.answered
        rest = (
            f"Over the {answered.n} that both answer: {one.measure}, difference {span(one, answered)}, {by_chance(answered.p)}."
            if answered is not None
            else "They share no two answered queries."
        )
        return f"No verdict on {one.task}: {left}, which score as empty ({numbers}). {rest}"
    if not one.better:
        return (
            f"{one.a.name} and {one.b.name} cannot be told apart on {one.task}: {numbers}, {by_chance(gap.p)}. So many "
            f"{one.items} ({gap.n}) would find a true difference of {least} with 80 % power."
        )
    other = one.b.name if one.better == one.a.name else one.a.name
    numbers = f"{one.a.name} less {one.b.name}: {numbers}" if one.better != one.a.name else numbers
    return (
        f"{one.better} is better than {other} on {one.task}: {numbers}, {by_chance(gap.p)}, over {gap.n} {one.items}."
    )


def figures(comparison: Comparison) -> list[tuple[str, str]]:
    """What was measured, as pairs of a name and a value."""
    one, gap = comparison, comparison.overall
    arrow = "higher is better" if one.direction == "higher" else "lower is better"
    unjudged = f"{one.a.name} {one.a.unjudged:.1%} · {one.b.name} {one.b.unjudged:.1%}"
    return [
        (f"{one.measure} ({arrow})", f"{one.a.name} {number(one, one.a.mean)} · {one.b.name} {number(one, one.b.mean)}"),
        ("difference, 95 % interval", span(one, gap)),
        ("p value", f"{chance(gap.p)} (sign flips) · {chance(gap.p_bootstrap)} (bootstrap) · {chance(gap.p_t)} (paired t)"),
        ("effect size", f"{gap.effect:+.2f} standard deviations of the differences"),
        (one.items, f"{one.a.name} ahead in {one.wins}, behind in {one.losses}, equal in {one.ties}"),
        (f"smallest difference that so many {one.items} find", f"{number(one, one.detectable)} (80 % power)"),
        *([("unjudged among the top documents", unjudged)] if one.items == "queries" else []),
    ]  # fmt: skip


def ranked_as(comparison: Comparison, document: RankedDocument) -> str:
    """`grade 3, minilm 1st, bm25 not found`."""
    grade = "unjudged" if document.grade is None else f"grade {document.grade}"
    names = ((comparison.a.name, document.a), (comparison.b.name, document.b))
    return ", ".join([grade, *(f"{name} {_place(place)}" for name, place in names)])


def scores(comparison: Comparison, query: Query) -> str:
    """`minilm 1.000, bm25 0.000`."""
    one = comparison
    return f"{one.a.name} {number(one, query.a)}, {one.b.name} {number(one, query.b)}"


def short(text: str) -> str:
    """One line of a text."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rstrip() + "…"


def _place(place: int | None) -> str:
    if place is None:
        return "not found"
    ending = "th" if 10 <= place % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"
