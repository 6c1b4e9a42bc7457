"""Encode speed from the clocks of records."""

from __future__ import annotations

from collections.abc import Sequence

from harness.records.record import Record


def texts_per_second(records: Sequence[Record]) -> float | None:
    """Documents per second over all the corpora that a system encoded (or indexed); None where no clock ran."""
    timed = [record for record in records if _seconds(record)]
    seconds = sum(_seconds(record) for record in timed)
    documents = sum(int(record.dataset.get("counts", {}).get("documents", 0)) for record in timed)
    return documents / seconds if seconds and documents else None


def _seconds(record: Record) -> float:
    """What encoding the corpus took or, where none is encoded, building its index."""
    return record.seconds.get("encode_document") or record.index.get("seconds", 0.0)
