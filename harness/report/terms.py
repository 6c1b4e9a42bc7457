"""What lexical systems read: the language that was recognised, and a doubt where they found no term or read the wrong one.

And a doubt where any system leaves queries unanswered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.records.record import Record
from harness.report.formatting import percent
from harness.report.grid import Board

MOST = 12
"""Lines of either kind; the rest is counted."""
EMPTY = 0.01
"""Share of documents without a term, and of queries without an answer, from which on a reader is told; a query without a term
always is."""
MEND = "model.language=auto reads the language of the documents"


def doubts(board: Board) -> list[str]:
    """Texts in which no term was found, and corpora that were read as English and are not."""
    lines = []
    for record, name, checks in _lexical(board):
        shares, unlike = checks.get("without_terms", {}), checks.get("language", {}).get("unlike", "")
        parts = (
            [f"{percent(shares['query'])} of the queries have no term and score nothing"] if shares.get("query") else []
        )
        unanswered = record.checks.unanswered / max(1, int(record.dataset.get("counts", {}).get("queries", 0)))
        if name == record.system and not shares.get("query") and unanswered >= EMPTY:
            parts.append(f"{percent(unanswered)} of the queries get no answer and score nothing")
        if shares.get("document", 0.0) >= EMPTY:
            parts.append(f"{percent(shares['document'])} of the documents have no term and are never found")
        if unlike:
            parts.append(f"it reads English, and the documents are {unlike}")
        if parts:
            unread = bool(unlike or shares.get("query") or shares.get("document", 0.0) >= EMPTY)
            mend = f". {MEND}" if unread and checks.get("language", {}).get("chosen") == "plain" else ""
            lines.append(f"{name} on {record.task}: {'; '.join(parts)}{mend}")
    return _shortened(lines)


def chosen(board: Board) -> list[str]:
    """`bm25(language=auto) reads faq as de: Latin 100% (German, by 46% of its words)`."""
    return _shortened(
        [
            f"{name} reads {record.task} as {language['chosen']}: {language['evidence']}"
            for record, name, checks in _lexical(board)
            if (language := checks.get("language", {})).get("evidence")
        ]
    )


def _lexical(board: Board) -> Iterator[tuple[Record, str, Mapping[str, Any]]]:
    """Record, name and checks of each lexical system, also of one that is part of another."""
    names = {(record.system, record.task) for record in board.records}
    for record in sorted(board.records, key=lambda one: (one.system, one.task)):
        checks = record.checks
        yield record, record.system, {"language": checks.language, "without_terms": checks.without_terms}
        for part, notes in checks.other.get("parts", {}).items():
            if (part, record.task) not in names:
                yield record, f"{part} in {record.system}", notes


def _shortened(lines: list[str]) -> list[str]:
    lines = list(dict.fromkeys(lines))
    return lines[:MOST] + ([f"{len(lines) - MOST} more such cells, in the records"] if lines[MOST:] else [])
