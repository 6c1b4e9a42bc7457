"""The footer: what was measured, on what, by which version, and the command that makes it again."""

from __future__ import annotations

from harness.report.formatting import one_answer, percent
from harness.report.grid import Board, Column, Row

NOTABLE = 0.02
"""Share of tied documents, and difference in the share of unjudged ones, from which on a reader is told."""
SHOWN = 12
"""Lines on what was cut."""
WINDOWED = ("dense", "late interaction", "learned sparse", "cross-encoder")
"""Kinds of system that can read a long document in windows."""
MOST = 6
"""Systems whose wide interval is spelled out."""

HOW_TO_READ = (
    "± is half the 95 % bootstrap interval over queries: another sample of questions would move the number by about so "
    "much. **Bold** is the best of a column and every system that its queries cannot tell from it. A rank of 1–3 says that "
    "the system may stand anywhere from first to third; pairs are told apart by a sign-flip test of their difference, query "
    "by query, adjusted for all pairs together (max-T, 5 %). Two whose ranks overlap may still differ in a test of that pair "
    "alone, `harness compare A B`. A mean stands only where no cell is missing."
)
OLDER = "the record is older than values per item; the same command with overwrite=true keeps them"
UNTESTED = "Ranks are bare places: a task here has no scores per query, so nothing says how sure they are."
BY_TASKS = "A task here has no scores per query: ranks and chances take the tasks themselves as the sample."


def sureness(board: Board) -> list[str]:
    """What the ranks and the intervals of the means rest on."""
    lacking = without_interval(board)
    ranked = [row for row in board.rows if row.rank is not None]
    if len(ranked) < 2 and len(board.columns) < 2:
        return lacking
    stands = ranked[0].rank_interval if ranked else None
    if stands is None or stands.first is None:
        return [UNTESTED, *lacking] if len(ranked) > 1 else lacking
    lines = [] if stands.low is not None else [BY_TASKS]
    wide = [
        f"{row.system} {row.rank_interval.wide[0]:.3f} to {row.rank_interval.wide[1]:.3f}"
        for row in ranked
        if row.rank_interval.wide is not None and row.mean is not None
    ]
    if wide:
        listed = ", ".join(wide[:MOST]) + (f" and {len(wide) - MOST} more" if len(wide) > MOST else "")
        lines.append(
            f"The mean for other tasks too, not only other queries (95 %, from {len(board.columns)} tasks): {listed}."
        )
    return [*lines, *lacking]


def without_interval(board: Board) -> list[str]:
    """Which cells have a number and no interval, and why."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in board.rows:
        for column, cell in zip(board.columns, row.cells, strict=True):
            measured = cell.measured
            if cell.status == "ok" and measured is not None and measured.low is None and measured.n != 1:
                reason = measured.interval.removeprefix("none: ").removeprefix("none")
                reasons.setdefault((column.task, reason or OLDER), []).append(row.system)
    return [
        f"No interval on {task} for {', '.join(systems[:MOST])}{' and others' if len(systems) > MOST else ''}: {reason}."
        for (task, reason), systems in reasons.items()
    ]


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
    parts += _doubts(board, column)
    about = f"{str(data['about']).rstrip('.')}. " if data.get("about") else ""
    return f"{column.task}: {about}{', '.join(parts)}"


def _doubts(board: Board, column: Column) -> list[str]:
    """Least and most share, at the measure's cutoff, of what counts as wrong because nobody looked, and of what is tied."""
    position = [other.task for other in board.columns].index(column.task)
    cutoff = column.measure.partition("@")[2]
    records = [row.cells[position].record for row in board.rows if row.cells[position].counts]
    parts = []
    for kind, name in (("unjudged", f"unjudged@{cutoff}"), ("ties", f"ties@{cutoff}")):
        shares = [
            getattr(record.checks, kind)[name]
            for record in records
            if record is not None and name in getattr(record.checks, kind)
        ]
        if not shares or (kind == "ties" and max(shares) < NOTABLE):
            continue
        if kind == "unjudged" and column.reference is not None and one_answer(column.reference):
            parts.append("one judged answer per query")
            continue
        text = f"{name} {min(shares):.2f} to {max(shares):.2f}"
        if kind == "unjudged" and max(shares) - min(shares) >= NOTABLE:
            text += ": not judged alike"
        parts.append(text + (": document ids decide there" if kind == "ties" else ""))
    return parts


def truncation(board: Board) -> list[str]:
    """What each model's limit cut off, and what that cost where it can be told."""
    lines = []
    for row in board.rows:
        for column, cell in zip(board.columns, row.cells, strict=True):
            cut = cell.record.checks.truncation if cell.record else {}
            share = cut.get("document", {})
            if not share.get("texts_cut"):
                continue
            line = (
                f"{row.system} reads {row.facts.max_length} tokens: on {column.task} {percent(share['texts_cut'])} of "
                f"the {share.get('of', 'documents')} and {percent(share['tokens_cut'])} of all tokens are cut"
            )
            if cost := cut.get("quality"):
                line += (
                    f"; {cost['measure']} {cost['cut']['mean']:.3f} where a relevant document is cut (n={cost['cut']['n']}), "
                    f"{cost['uncut']['mean']:.3f} elsewhere (n={cost['uncut']['n']}), difference {cost['difference']:+.3f} "
                    f"[{cost['low']:+.3f}, {cost['high']:+.3f}]"
                )
            lines.append(line + _mended(board, row))
    return lines[:SHOWN] + (
        [f"{len(lines) - SHOWN} more cells with cut documents, in the records"] if lines[SHOWN:] else []
    )


def chosen_on_its_queries(board: Board) -> list[str]:
    """The rows whose options were chosen on the very queries of a column, as `harness explore` says in its command."""
    lines = []
    for row in board.rows:
        for column, cell in zip(board.columns, row.cells, strict=True):
            chosen_on = cell.record.asked.get("options", {}).get("chosen_on") if cell.record else ""
            if chosen_on and str(cell.record.dataset.get("fingerprint", "")).startswith(str(chosen_on)):  # type: ignore[union-attr]
                lines.append(
                    f"{row.system} was chosen on the queries of {column.task}: its number there promises more than it keeps on "
                    "others, `harness explore` says how much"
                )
    return lines


def _mended(board: Board, row: Row) -> str:
    """The row that reads whole documents in windows, or the option that makes it."""
    if row.facts.kind not in WINDOWED or "window" in row.facts.other:
        return ""
    whole = [
        other.system
        for other in board.rows
        if "window" in other.facts.other
        and (other.facts.weights, other.facts.kind) == (row.facts.weights, row.facts.kind)
    ]
    return (
        f"; {whole[0]} reads the rest" if whole else f"; model.window={row.facts.max_length} reads the rest in passages"
    )


def definitions(board: Board) -> list[str]:
    """`nDCG@10 (share, higher is better): source` for each measure shown."""
    seen = {column.measure: column for column in board.shown if column.measure}
    return [
        f"{name} ({column.unit}, {column.direction} is better): {column.source or 'mteb'}"
        for name, column in sorted(seen.items())
    ]


def commands(board: Board) -> list[str]:
    """The command behind each row: with the task of each column it makes the cell again."""
    distinct = {str(record.provenance.get("command", "")) for record in board.records}
    return sorted(filter(None, distinct))


def origin(board: Board) -> str:
    """Date of the newest record, version and commit of the harness, machine."""
    if not board.records:
        return ""
    newest = max(board.records, key=lambda record: str(record.provenance.get("date", "")))
    provenance = newest.provenance
    machine = provenance.get("machine", {})
    commits = sorted({str(one.provenance.get("commit", "")) for one in board.records} - {""})
    version = f"harness {provenance.get('harness')}" + (f" at {', '.join(commits)}" if commits else "")
    hardware = f"{machine.get('processor')}, {machine.get('cores')} cores, {machine.get('memory_gib')} GiB"
    others = len({str(one.provenance.get("machine")) for one in board.records}) - 1
    return f"{str(provenance.get('date', ''))[:10]} · {version} · {hardware}" + (
        f" and {others} other machines" if others else ""
    )
