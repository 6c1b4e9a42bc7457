"""How a system's failures are written, the same in Markdown, on the terminal and on the page."""

from __future__ import annotations

from harness.report.comparison.formatting import ranked_at
from harness.report.failures.values import Document, FailedQuery, Failures, SharedFailure, Slice
from harness.report.formatting import SHARES, percent

LONGEST = 300
"""Characters of a document on the page."""


def number(failures: Failures, value: float) -> str:
    """A score in the measure's unit."""
    return f"{value:.3f}" if failures.unit in SHARES else f"{value:,.2f}"


def span(failures: Failures, part: Slice) -> str:
    """`0.337 [0.301, 0.373]`; the mean alone where there is no interval."""
    one = part.estimate
    if one.low != one.low:
        return number(failures, one.mean)
    return f"{number(failures, one.mean)} [{number(failures, one.low)}, {number(failures, one.high)}]"


def headline(failures: Failures) -> str:
    """The sentence that a reader takes away."""
    one, n = failures, failures.overall.estimate.n
    unit = "" if one.unit in SHARES else f" {one.unit}"
    missed = (
        f"{one.overall.without} of them ({percent(one.overall.without / n)}) have no relevant document in the first {one.k}"
        if one.overall.without
        else f"each has a relevant document in the first {one.k}"
    )
    return f"{one.system} on {one.task}: {one.measure} {span(one, one.overall)}{unit} over {n} queries; {missed}."


def shared_line(failures: Failures) -> str:
    """On how many queries every recorded system fails, and what that suggests."""
    one = failures
    if len(one.systems) < 2:
        return (
            "Only this system is recorded on the task, so nothing says which failures are the data's: evaluate another."
        )
    if not one.shared_count:
        return f"On no query do all {len(one.systems)} recorded systems fail."
    on = "1 query" if one.shared_count == 1 else f"{one.shared_count} queries"
    return (
        f"On {on} none of the {len(one.systems)} recorded systems has a relevant document in its first {one.k}: likely a label, "
        "wrong or missing, or a question that nothing in the corpus answers. Look at their judgments first; those on whose first "
        "document most systems agree stand on top."
    )


def worst_line(failures: Failures) -> str:
    """The heading of the worst queries."""
    one = failures
    return f"The {len(one.worst)} worst of {one.failing} queries that are not answered perfectly"


def head(text: str) -> str:
    """The beginning of a text, in one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else flat[: LONGEST - 1].rstrip(" .") + "…"


def answered(document: Document) -> str:
    """`1st, unjudged`."""
    return f"{ranked_at(document.rank)}, {grade(document)}"


def expected(document: Document) -> str:
    """`grade 2, 14th`."""
    return f"{grade(document)}, {ranked_at(document.rank)}"


def grade(document: Document) -> str:
    """`grade 2`, or `unjudged`."""
    return "unjudged" if document.grade is None else f"grade {document.grade}"


def more(query: FailedQuery) -> str:
    """`and 4 more relevant documents`; empty where all are shown."""
    if not query.others:
        return ""
    return f"and {query.others} more relevant document{'s' if query.others > 1 else ''}"


def favourite(failures: Failures, shared: SharedFailure) -> str:
    """`2 of 3 systems put d5 first (unjudged)`."""
    if shared.favourite is None:
        return "no system answers it"
    first = shared.favourite
    return f"{shared.votes} of {len(failures.systems)} systems put {first.document_id} first ({grade(first)})"
