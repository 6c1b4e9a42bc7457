"""A system's failures as Markdown; the terminal shows the same text."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.comparison.formatting import short
from harness.report.failures import formatting
from harness.report.failures.values import Document, FailedQuery, Failures
from harness.report.markup import plain


def markdown(failures: Failures) -> str:
    """The whole page."""
    one = failures
    lines = [
        f"# Where {plain(one.system)} fails on {plain(one.task)}",
        "",
        f"**{plain(formatting.headline(one))}**",
        "",
    ]
    lines += [f"- Note: {plain(note)}" for note in one.notes] + ([""] if one.notes else [])
    if one.slices:
        lines += ["## By slice, worst first", ""]
        lines += [f"| queries | n | {plain(one.measure)}, 95 % interval | nothing relevant in the first {one.k} |"]
        lines += ["| :-- | --: | :-- | --: |"]
        lines += [
            f"| {plain(part.what)} | {part.estimate.n} | {plain(formatting.span(one, part))} | {part.without} |"
            for part in (one.overall, *one.slices)
        ]
        lines += [""]
    if one.worst:
        lines += [f"## {formatting.worst_line(one)}", ""]
        for query in one.worst:
            lines += _query(one, query)
        lines += [""]
    lines += ["## Where every system fails", "", plain(formatting.shared_line(one)), ""]
    if len(one.systems) > 1:
        lines += [f"Looked at: {plain(', '.join(one.systems))}.", ""]
    for shared in one.shared:
        lines += [f"- `{shared.query.query_id}` {plain(short(shared.query.text))}"]
        text = f": {short(shared.favourite.text)}" if shared.favourite is not None else ""
        lines += [f"    - {plain(formatting.favourite(one, shared) + text)}"]
        lines += _documents(
            "judged relevant", [(document, formatting.expected(document)) for document in shared.query.relevant]
        )
    return "\n".join([*lines, ""])


def _query(failures: Failures, query: FailedQuery) -> list[str]:
    value = formatting.number(failures, query.value)
    lines = [f"- `{query.query_id}` {plain(short(query.text))} ({failures.measure} {value})"]
    if not query.answers:
        lines += ["    - left unanswered"]
    lines += _documents("answered", [(document, formatting.answered(document)) for document in query.answers])
    lines += _documents("should be", [(document, formatting.expected(document)) for document in query.relevant])
    return lines + ([f"    - {formatting.more(query)}"] if query.others else [])


def _documents(what: str, documents: Sequence[tuple[Document, str]]) -> list[str]:
    return [
        f"    - {what}{f', {about}' if about else ''}: `{document.document_id}` {plain(short(document.text))}"
        for document, about in documents
    ]
