"""The footer: what was measured, on what, by which version, and the command that makes it again."""

from __future__ import annotations

from harness.report.board import Board, Column

HOW_TO_READ = (
    "± is half the 95 % bootstrap interval over queries: another sample of questions would move the number by about so "
    "much. **Bold** is the best of a column and every system that its queries cannot tell from it (the paired 95 % "
    "interval of the difference holds zero; not corrected for the number of systems). A mean stands only where no cell "
    "is missing."
)


def data_line(board: Board, column: Column) -> str:
    """`legal: 156 documents, 141 queries, split test, depth 100, fingerprint 1a2b3c4d, unjudged@10 0.78 to 0.81`."""
    if column.reference is None:
        return f"{column.task}: nothing recorded"
    data = column.reference.dataset
    counts = data.get("counts", {})
    parts = [f"{counts[key]:,} {key}" for key in ("documents", "queries") if key in counts]
    parts.append(f"split {data.get('split')}")
    if data.get("revision"):
        parts.append(f"revision {str(data['revision'])[:12]}")
    if data.get("depth"):
        parts.append(f"depth {data['depth']}")
    parts.append(f"fingerprint {str(data.get('fingerprint'))[:12]}")
    parts += _unjudged(board, column)
    return f"{column.task}: {', '.join(parts)}"


def _unjudged(board: Board, column: Column) -> list[str]:
    """Least and most share of unjudged documents at the measure's cutoff: what counts as wrong because nobody looked."""
    place = board.columns.index(column)
    name = f"unjudged@{column.measure.partition('@')[2]}"
    records = [row.cells[place].record for row in board.rows if row.cells[place].counts]
    shares = [
        one.checks["unjudged"][name] for one in records if one is not None and name in one.checks.get("unjudged", {})
    ]
    return [f"{name} {min(shares):.2f} to {max(shares):.2f}"] if shares else []


def definitions(board: Board) -> list[str]:
    """`nDCG@10 (share, higher is better): source` for each measure shown."""
    seen = {column.measure: column for column in board.columns if column.measure}
    return [
        f"{name} ({column.unit}, {column.direction} is better): {column.source or 'mteb'}"
        for name, column in sorted(seen.items())
    ]


def commands(board: Board) -> list[str]:
    """The command behind each row: with the task of each column it makes the cell again."""
    found = {str(one.provenance.get("command", "")) for one in board.records}
    return sorted(filter(None, found))


def origin(board: Board) -> str:
    """Date of the newest record, version and commit of the harness, machine."""
    if not board.records:
        return ""
    newest = max(board.records, key=lambda one: str(one.provenance.get("date", "")))
    made = newest.provenance
    machine = made.get("machine", {})
    commits = sorted({str(one.provenance.get("commit", "")) for one in board.records} - {""})
    version = f"harness {made.get('harness')}" + (f" at {', '.join(commits)}" if commits else "")
    hardware = f"{machine.get('processor')}, {machine.get('cores')} cores, {machine.get('memory_gib')} GiB"
    others = len({str(one.provenance.get("machine")) for one in board.records}) - 1
    return f"{str(made.get('date', ''))[:10]} · {version} · {hardware}" + (
        f" and {others} other machines" if others else ""
    )
