"""What an evaluation changed of the tracked files of results/, and why, in one line; a value that moved is said loudly.

`make leaderboard` runs it: the records in the repository are another machine's, and so are their clocks, dates and versions.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LAST_DIGITS = 1e-6
"""Values closer than this are the same: another processor rounds otherwise."""
TABLES = ("results/leaderboard.csv", "results/measures.csv")


def main(root: Path) -> str:
    """The line for a clone; without git's history there is nothing to compare with."""
    changed = git(root, "diff", "--name-only", "HEAD", "--", "results")
    if changed is None:
        return "results/: not a clone with its history, so nothing says whether a value moved"
    if not changed.split():
        return "results/: no tracked file changed"
    compared = {table: values(committed(root, table)) for table in TABLES}
    now = {table: values(text(root / table)) for table in TABLES}
    moved = [line for table in TABLES for line in differences(compared[table], now[table])]
    fields = sorted({field for name in changed.split() for field in fields_of(root, name)})
    why = f"; in the records: {', '.join(fields)}" if fields else ""
    line = f"results/: {len(changed.split())} tracked files differ from the commit, as this machine wrote them{why}"
    if moved:
        more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
        return f"{line}.\n*** {len(moved)} MEASURED VALUES MOVED: {'; '.join(moved[:5])}{more} ***"
    return f"{line}. No value of leaderboard.csv or measures.csv moved ({sum(map(len, now.values()))} compared)"


def git(root: Path, *words: str) -> str | None:
    """What git says; None where it cannot."""
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def committed(root: Path, name: str) -> str:
    return git(root, "show", f"HEAD:{name}") or ""


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def values(table: str) -> dict[str, float | None]:
    """`minilm on faq: nDCG@10 low` → its value, of every number in a table of cells."""
    return {
        f"{row['system']} on {row['task']}: {row['measure']} {column}": float(row[column]) if row[column] else None
        for row in csv.DictReader(io.StringIO(table))
        for column in ("value", "low", "high", "n")
    }


def differences(before: dict[str, float | None], now: dict[str, float | None]) -> Iterator[str]:
    """What moved, what is gone and what is new."""
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if old is None or new is None:
            if old is not new:
                yield f"{name} {old} → {new}"
        elif not abs(old - new) <= LAST_DIGITS * max(1.0, abs(old)):
            yield f"{name} {old} → {new}"


def fields_of(root: Path, name: str) -> Iterator[str]:
    """The parts of a record that changed, such as `seconds` or `provenance.date`."""
    if not name.endswith("record.json") or not (root / name).exists():
        return
    before, now = json.loads(committed(root, name)), json.loads(text(root / name))
    for part in dict.fromkeys([*before, *now]):
        old, new = before.get(part), now.get(part)
        if part == "provenance":
            yield from (f"{part}.{key}" for key in changed_keys(old or {}, new or {}))
        elif old != new:
            yield part


def changed_keys(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [key for key in dict.fromkeys([*before, *now]) if before.get(key) != now.get(key)]


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path()))  # noqa: T201
