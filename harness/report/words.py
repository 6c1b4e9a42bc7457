"""How numbers and marks are written, the same in every table."""

from __future__ import annotations

from harness.report.board import Board, Cell, Column, Row

MARKS = {
    "failed": "✗ failed",
    "not applicable": "n/a",
    "not run": "·",
    "not measured": "?",
}
LEGEND = {
    "failed": "✗ failed: the reason stands below",
    "not applicable": "n/a: this system cannot do this task",
    "not run": "·: not run",
    "not measured": "?: not computed yet; `python -m harness.rescore measures=[NAME]` does",
}
INCOMPARABLE = "≠"


def value(cell: Cell) -> str:
    """`0.712 ±.021`, with `≠` behind it where it is not comparable; or the mark of what stands in its place."""
    one = cell.measured
    if cell.status != "ok" or one is None:
        return MARKS[cell.status]
    share = one.unit in ("share", "mteb")
    text = f"{one.mean:.3f}" if share else f"{one.mean:,.2f}"
    if one.low is not None and one.high is not None:
        half = (one.high - one.low) / 2
        text += f" ±{half:.3f}".replace("±0.", "±.") if share else f" ±{half:,.2f}"
    return text + ("" if cell.comparable else f" {INCOMPARABLE}")


def mean(row: Row, columns: int) -> str:
    """The row's mean, or how much of it there is: `7/9`."""
    if row.done == columns:
        return f"{row.mean:.3f}" if row.mean is not None else "–"
    return f"{row.done}/{columns}"


def common(row: Row) -> str:
    """The mean over the tasks that all rows have."""
    return f"{row.common:.3f}" if row.common is not None else "–"


def heading(column: Column) -> str:
    """`legal · nDCG@10 ↑, n=141`."""
    arrow = "↑" if column.direction == "higher" else "↓"
    return f"{column.measure} {arrow}{queries(column)}"


def queries(column: Column) -> str:
    """`, n=141`, where the number of queries is known."""
    shown = column.reference.get(column.measure) if column.reference else None
    return f", n={shown.n}" if shown and shown.n else ""


def speed(row: Row) -> str:
    """Documents per second, to two digits."""
    if row.speed is None:
        return "–"
    return f"{row.speed:,.0f}" if row.speed >= 10 else f"{row.speed:.1f}"


def count(number: object) -> str:
    """Parameters as `22.7M`."""
    if not isinstance(number, int) or not number:
        return "–"
    return f"{number / 1e9:.1f}B" if number >= 1e9 else f"{number / 1e6:.1f}M"


def size(row: Row) -> str:
    """Bytes of one document's vector in the index."""
    found = row.facts.get("bytes")
    return f"{found:,}" if isinstance(found, int) else "–"


def fact(row: Row, key: str) -> str:
    """A fact of the system, or a dash."""
    found = row.facts.get(key)
    return str(found) if found not in (None, "") else "–"


def failures(board: Board) -> list[str]:
    """`system × task: reason` for every cell that failed or does not apply."""
    return [
        f"{one.system} × {one.task}: {one.status}: {one.reason}"
        for one in sorted(board.records, key=lambda one: (one.system, one.task))
        if one.status != "ok"
    ]


def legend(board: Board) -> list[str]:
    """What the marks mean that this board uses."""
    used = {cell.status for row in board.rows for cell in row.cells}
    lines = [text for status, text in LEGEND.items() if status in used]
    if any(not cell.comparable for row in board.rows for cell in row.cells):
        lines.append(f"{INCOMPARABLE}: another data set, split or depth than the rest of the column; in no mean")
    return lines
