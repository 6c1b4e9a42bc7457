"""How numbers and marks are written, the same in every table."""

from __future__ import annotations

from harness.records.record import Measured, Record
from harness.report.grid import Board, BoardCell, Column, Row

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
    "not measured": "?: not computed yet; `harness rescore measures=[NAME]` does",
}
INCOMPARABLE, OTHERWISE = "≠", "†"
RANK, BEST = "rank (95 %)", "chance of being best"
SHARES = ("share", "mteb")


def value(cell: BoardCell) -> str:
    """`0.712 ±.021`, with `≠` or `†` behind it where it differs from the rest; or the mark of what stands in its place."""
    measured = cell.measured
    if cell.status != "ok" or measured is None:
        return MARKS[cell.status]
    share = measured.unit in SHARES
    text = f"{measured.mean:.3f}" if share else f"{measured.mean:,.2f}"
    if measured.low is not None and measured.high is not None:
        text += f" {half(measured.low, measured.high)}" if share else f" ±{(measured.high - measured.low) / 2:,.2f}"
    return " ".join(filter(None, [text, mark(cell), trained(cell)]))


def number(measured: Measured, value: float) -> str:
    """A value in the measure's unit: `0.712`, or `189.11 EUR`."""
    return f"{value:.3f}" if measured.unit in SHARES else f"{value:,.2f} {measured.unit}"


def estimate(measured: Measured) -> str:
    """`nDCG@20 0.412 [0.380, 0.443]`."""
    bounds = [number(measured, bound) for bound in (measured.low, measured.high) if bound is not None]
    return f"{measured.measure} {number(measured, measured.mean)}" + (f" [{', '.join(bounds)}]" if bounds else "")


def one_answer(record: Record) -> bool:
    """True if each query has one judgment: nobody was to judge the other documents, and none of them is reproached."""
    counts = record.dataset.get("counts", {})
    return bool(counts.get("queries")) and counts.get("judgments") == counts.get("queries")


def kind_mean(row: Row, kind: str) -> str:
    """The mean over the tasks of a kind, or a dash."""
    return f"{row.kinds[kind]:.3f}" if kind in row.kinds else "–"


def trained(cell: BoardCell) -> str:
    """`seen`, `not seen` or `unknown`: whether the model was trained on this public task's data; else empty."""
    return str(cell.record.checks.training) if cell.record is not None else ""


def percent(share: float, least: float = 0.005) -> str:
    """A share in whole percents: `63 %`; `<1 %` below `least`."""
    return f"{share:.0%}".replace("%", " %") if share >= least else "<1 %"


def half(low: float, high: float) -> str:
    """Half an interval: `±.021`."""
    return f"±{(high - low) / 2:.3f}".replace("±0.", "±.")


def mark(cell: BoardCell) -> str:
    """`≠` for another experiment, `†` for another version of the same; empty for neither."""
    if not cell.comparable:
        return INCOMPARABLE
    return OTHERWISE if cell.differences else ""


def rank(row: Row) -> str:
    """`1–3` where three cannot be told apart; a bare place where nothing says how sure it is."""
    stands = row.rank_interval
    if row.rank is None or stands.first is None:
        return str(row.rank or "")
    return f"{stands.first}" if stands.first == stands.last else f"{stands.first}–{stands.last}"


def best(row: Row) -> str:
    """The chance of being best in whole percents: `63 %`, `<1 %`, `>99 %`."""
    chance = row.rank_interval.best
    if row.rank is None or chance is None:
        return "–"
    if chance > 0.99:
        return ">99 %"
    return percent(chance, least=0.01)


def mean(row: Row, columns: int) -> str:
    """The row's mean with half its interval, or how much of it there is: `7/9`."""
    if row.weights > 1:
        return "other weights"
    if row.done == columns:
        stands = row.rank_interval
        known = stands.low is not None and stands.high is not None
        text = f" {half(stands.low, stands.high)}" if known else ""  # type: ignore[arg-type]
        return f"{row.mean:.3f}{text}" if row.mean is not None else "–"
    return f"{row.done}/{columns}"


def common(row: Row) -> str:
    """The mean over the tasks that all rows have."""
    return f"{row.common:.3f}" if row.common is not None else "–"


def heading(column: Column) -> str:
    """`nDCG@10 ↑, n=141`; `review-cost@10 in EUR ↓, n=351` for what is no share."""
    arrow = "↑" if column.direction == "higher" else "↓"
    unit = "" if column.unit in SHARES or not column.measure else f" in {column.unit}"
    return f"{column.measure}{unit} {arrow}{queries(column)}"


def queries(column: Column) -> str:
    """`, n=141`, where the number of queries is known."""
    measured = column.reference.get(column.measure) if column.reference else None
    return f", n={measured.n}" if measured and measured.n else ""


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


def reads(row: Row) -> str:
    """What of a text the model reads, and how it is asked: `256 tokens, 12 % cut, no prompt`; `cut unknown` behind an
    endpoint that states no length."""
    length = row.facts.max_length
    if row.facts.prompts is None and length is None:
        return "–"
    cut = max((_cut(cell.record) for cell in row.cells if cell.record), default=0.0)
    parts = [f"{length:,} tokens"] if isinstance(length, int) else []
    if row.facts.kind == "api" and length is None:
        parts.append("cut unknown")
    elif cut:
        parts.append(f"{percent(cut)} cut")
    used = {text for cell in row.cells if cell.record for text in cell.record.checks.prompts.values()}
    parts.append("prompts" if used - {""} else "no prompt")
    return ", ".join(parts)


def _cut(record: Record) -> float:
    return float(record.checks.truncation.get("document", {}).get("texts_cut", 0.0))


def size(row: Row) -> str:
    """Bytes of one document's vector in the index."""
    return f"{row.facts.bytes:,}" if row.facts.bytes is not None else "–"


def fact(row: Row, key: str) -> str:
    """A fact of the system, or a dash."""
    value = getattr(row.facts, key)
    return str(value) if value not in (None, "") else "–"


def failures(board: Board) -> list[str]:
    """`system × task: reason` for every cell that failed or does not apply."""
    return [
        f"{record.system} × {record.task}: {record.status}: {record.reason}"
        for record in sorted(board.records, key=lambda record: (record.system, record.task))
        if record.status != "ok"
    ]


def legend(board: Board) -> list[str]:
    """What the marks mean that this board uses."""
    cells = [cell for row in board.rows for cell in row.shown]
    mixed = [
        f"{row.system}: its cells come from {row.weights} different weights, which are several models under one name: no mean. "
        "Evaluate all of its tasks again, or name one of them with model.label=NAME"
        for row in board.rows
        if row.weights > 1
    ]
    lines = [text for status, text in LEGEND.items() if status in {cell.status for cell in cells}]
    marks = {mark(cell) for cell in cells}
    if INCOMPARABLE in marks:
        lines.append(
            f"{INCOMPARABLE}: another data set, split, depth or policy than the rest of the column; in no mean"
        )
    if OTHERWISE in marks:
        lines.append(f"{OTHERWISE}: another prompt, length or version than the rest of the board; it counts")
    if any(trained(cell) for cell in cells):
        lines.append(
            "seen, not seen, unknown: whether mteb's registry says that the model was trained on this task's data"
        )
    if marks & {INCOMPARABLE, OTHERWISE}:
        lines.append("what differs, and the command that mends it: `harness leaderboard --explain SYSTEM`")
    return [*lines, *mixed]
