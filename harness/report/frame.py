"""Records as a pandas frame: one row per cell and measure, for a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.records.record import Record

if TYPE_CHECKING:
    import pandas


def frame(records: Sequence[Record]) -> pandas.DataFrame:
    """system, task, measure, value, low, high, n, unit, direction, primary, status, reason, and what the cell rests on.

    `low` and `high` bound the 95 % interval, NaN where there are no scores per query. A cell without a number is one row
    whose `measure` is empty and whose `reason` says why. `primary` marks the measure that the leaderboard shows.
    """
    import pandas

    rows = [row for record in records for row in _rows(record)]
    return pandas.DataFrame(rows, columns=list(COLUMNS)).astype({"value": float, "low": float, "high": float})


COLUMNS = (
    "system", "task", "measure", "value", "low", "high", "n", "unit", "direction", "primary", "status", "reason", "kind",
    "split", "depth", "documents", "index_seconds", "index_bytes", "search_seconds", "date", "key",
)  # fmt: skip


def _rows(record: Record) -> list[dict[str, object]]:
    about = {
        "system": record.system,
        "task": record.task,
        "status": record.status,
        "reason": record.reason,
        "kind": record.facts.kind if record.status == "ok" else "",
        "split": record.dataset.get("split", ""),
        "depth": record.dataset.get("depth"),
        "documents": record.dataset.get("counts", {}).get("documents"),
        "index_seconds": record.index.get("seconds"),
        "index_bytes": record.index.get("bytes"),
        "search_seconds": record.seconds.get("search"),
        "date": record.provenance.get("date"),
        "key": record.key,
    }
    if not record.measures:
        return [{**about, "measure": "", "value": None, "low": None, "high": None, "n": 0, "primary": True}]
    return [
        {
            **about,
            "measure": measured.measure,
            "value": measured.mean,
            "low": measured.low,
            "high": measured.high,
            "n": measured.n,
            "unit": measured.unit,
            "direction": measured.direction,
            "primary": position == 0,
        }
        for position, measured in enumerate(record.measures)
    ]
