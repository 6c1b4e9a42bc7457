"""What stands behind a cell of the board, for the card that a click on it opens."""

from __future__ import annotations

from harness.report import formatting
from harness.report.grid import BoardCell, Column

Lines = list[tuple[str, str]]


def card(column: Column, cell: BoardCell) -> Lines:
    """Heading and text of each line: the number with its interval, what it was measured on, its doubts, its command."""
    record, measured = cell.record, cell.measured
    if record is None:
        return [("status", "not run")]
    lines: Lines = []
    if measured is not None:
        lines.append((measured.measure, f"{formatting.number(measured, measured.mean)}, {column.direction} is better"))
        if measured.low is not None and measured.high is not None:
            low, high = (formatting.number(measured, bound) for bound in (measured.low, measured.high))
            lines.append(("95 % interval", f"{low} to {high}"))
        if measured.interval:
            lines.append(("interval", measured.interval.removeprefix("95% ")))
        lines.append(("tied for best", "yes" if cell.tied_for_best else "no"))
    else:
        lines.append(("status", f"{cell.status}{': ' if record.reason else ''}{record.reason}"))
    counts = record.dataset.get("counts", {})
    sizes = [f"{counts[name]:,} {name}" for name in ("documents", "queries", "judgments") if counts.get(name)]
    if sizes:
        lines.append(("measured on", ", ".join(sizes)))
    lines += [("differs", str(difference)) for difference in cell.differences]
    lines += _doubts(cell, column)
    lines.append(("date", str(record.provenance.get("date", ""))[:10]))
    lines.append(("command", str(record.provenance.get("command", ""))))
    return [(head, text) for head, text in lines if text]


def _doubts(cell: BoardCell, column: Column) -> Lines:
    record = cell.record
    assert record is not None
    checks, cutoff = record.checks, column.measure.partition("@")[2]
    lines: Lines = []
    if checks.unanswered:
        lines.append(("doubt", f"{checks.unanswered} queries are not answered"))
    unjudged = checks.unjudged.get(f"unjudged@{cutoff}")
    if unjudged and not formatting.one_answer(record):
        lines.append(("doubt", f"{formatting.percent(unjudged)} of the top {cutoff} documents are not judged"))
    if ties := checks.ties.get(f"ties@{cutoff}"):
        lines.append(("doubt", f"{formatting.percent(ties)} of the top {cutoff} documents are tied"))
    cut = checks.truncation.get("document", {})
    if cut.get("texts_cut"):
        lines.append(("doubt", f"{formatting.percent(cut['texts_cut'])} of the documents are cut at the model's limit"))
    if names := checks.other.get("endpoint", {}).get("answered_by"):
        lines.append(("doubt", f"asked for {record.facts.model}, answered by {', '.join(names)}"))
    if checks.training:
        lines.append(("trained on this task", checks.training))
    return lines
