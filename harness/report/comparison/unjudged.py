"""What judging could still change between two systems, and which documents to judge first."""

from __future__ import annotations

from harness.errors import MeasureError
from harness.measures.holes import settled
from harness.measures.judging_priority import judging_priority
from harness.report.comparison.formatting import short
from harness.types import Dataset, Run

NEXT = 10
"""Pairs that are named."""


def unsettled(runs: dict[str, Run], dataset: Dataset, measure: str) -> tuple[str, ...]:
    """Lines on what the unjudged documents in the top of two systems could change; empty where there are none.

    Args:
        runs: The two systems by name.
    """
    try:
        bounds = settled(runs, dataset, measure)
    except MeasureError as error:
        return (str(error),)
    if bounds.high - bounds.low <= 1e-12:
        return ()
    verdict = "the order stands whatever they are" if bounds.settled else "they could turn the order"
    lines = [
        f"If every unjudged document in the top of either were judged, the difference would lie between {bounds.low:+.3f} and "
        f"{bounds.high:+.3f} (now {bounds.mean:+.3f}): {verdict}."
    ]
    pairs = judging_priority(runs, dataset, measure, NEXT)
    positions = {document_id: position for position, document_id in enumerate(dataset.documents.ids)} if pairs else {}
    texts = dict(zip(dataset.queries.ids, dataset.queries.texts, strict=True))
    for pair in pairs:
        position = positions.get(pair.document_id)
        document = "(not in the corpus)" if position is None else short(dataset.documents.texts[position])
        lines.append(
            f"Judge next: {pair.query_id} × {pair.document_id} ({pair.effect:+.4f} if relevant): "
            f"{short(texts[pair.query_id])} → {document}"
        )
    return tuple(lines)
