"""Encode speed from the clocks of records."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records.record import Record


def texts_per_second(records: Sequence[Record]) -> float | None:
    """Documents per second over all the corpora that a system encoded (or indexed); None where no clock ran."""
    timed = [one for one in records if one.seconds.get("encode_document")]
    seconds = sum(one.seconds["encode_document"] for one in timed)
    documents = sum(int(one.dataset.get("counts", {}).get("documents", 0)) for one in timed)
    return documents / seconds if seconds and documents else None
