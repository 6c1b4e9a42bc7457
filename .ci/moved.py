"""What an evaluation changed of the tracked files of results/, and why, in one line; a value that moved is said loudly.

`make leaderboard` runs it: the records in the repository are another machine's, and so are their clocks, dates and versions.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

LAST_DIGITS = 1e-6
"""Values closer than this are the same: another processor rounds otherwise."""
TABLES = ("results/leaderboard.csv", "results/measures.csv")
WHY = {"seconds": "clocks", "index": "clocks", "date": "dates", "commit": "commit", "harness": "version", "command": "command",
       "libraries": "versions of libraries", "python": "version of Python", "machine": "machine"}  # fmt: skip
"""Field of a record, or of its provenance → what differs from one evaluation to the next; any other is named itself."""


def main(root: Path) -> str:
    """The line for a clone; without git's history there is nothing to compare with."""
    listed = git(root, "diff", "--name-only", "HEAD", "--", "results")
    if listed is None:
        return "results/: no history of git here, so nothing says whether a value moved"
    changed = listed.decode().split()
    if not changed:
        return "results/: no tracked file changed"
    before, now = ({}, {})
    for table in TABLES:
        before |= values(table, (git(root, "show", f"HEAD:{table}") or b"").decode())
        now |= values(table, read(root / table).decode())
    moved = list(differences(before, now))
    fresh = dict.fromkeys(map(cell_of, now))
    fresh = [cell for cell in fresh if cell not in set(map(cell_of, before))]
    reasons = dict.fromkeys(reason for name in changed for reason in reasons_of(root, name))
    line = f"results/: {len(changed)} tracked files differ from the commit, as this evaluation wrote them: {', '.join(reasons)}"
    if fresh:
        line += f". New cells: {', '.join(fresh)}"
    if moved:
        more = f" and {len(moved) - 5} more" if len(moved) > 5 else ""
        return f"{line}.\n*** {len(moved)} MEASURED VALUES MOVED: {'; '.join(moved[:5])}{more} ***"
    same = sum(name in before for name in now)
    return f"{line}. No value of leaderboard.csv or measures.csv moved ({same} compared)"


def git(root: Path, *words: str) -> bytes | None:
    """What git says; None where it cannot."""
    try:
        return subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None


def read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def values(table: str, text: str) -> dict[str, float]:
    """`minilm on faq: nDCG@10 low (leaderboard.csv)` → its value, of every number in a table of cells."""
    return {
        f"{row['system']} on {row['task']}: {row['measure']} {column} ({Path(table).name})": float(row[column])
        for row in csv.DictReader(io.StringIO(text))
        for column in ("value", "low", "high", "n")
        if row[column]
    }


def cell_of(name: str) -> str:
    """`minilm on faq` of a value's name."""
    return name.partition(":")[0]


def differences(before: dict[str, float], now: dict[str, float]) -> Iterator[str]:
    """What moved, what is gone, and what is new in a cell that was there."""
    cells = set(map(cell_of, before))
    for name in dict.fromkeys([*before, *now]):
        old, new = before.get(name), now.get(name)
        if old is None and cell_of(name) not in cells:
            continue
        if old is None or new is None or not abs(old - new) <= LAST_DIGITS * max(1.0, abs(old)):
            yield f"{name} {old} → {new}"


def reasons_of(root: Path, name: str) -> Iterator[str]:
    """Why a file differs: of a record the fields that do, of a run whether it holds other lines or is packed otherwise."""
    old, new = git(root, "show", f"HEAD:{name}") or b"", read(root / name)
    if name.endswith("record.json") and old and new:
        before, now = json.loads(old), json.loads(new)
        before |= before.pop("provenance", {})
        now |= now.pop("provenance", {})
        for field in dict.fromkeys([*before, *now]):
            if before.get(field) != now.get(field):
                yield WHY.get(field, f"'{field}' in records")
    elif name.endswith(".gz") and old and new:
        same = gzip.decompress(old) == gzip.decompress(new)
        yield "runs and scores packed otherwise" if same else "OTHER LINES in runs or scores"
    else:
        yield "tables and plots drawn from them" if new else "files that are gone"


if __name__ == "__main__":
    print(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path()))  # noqa: T201
