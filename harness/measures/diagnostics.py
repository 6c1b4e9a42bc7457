"""Measures of how far the other measures can be trusted."""

from __future__ import annotations

import numpy as np

from harness.measures.judged import Judged
from harness.registry import measure


@measure(unit="share", direction="lower", source="Buckley and Voorhees 2004; mteb's Hole@k counts per corpus instead")
def unjudged(query: Judged, *, k: int) -> float:
    """Share of the top k that nobody judged, and that therefore counts as irrelevant."""
    top = query.ranking[:k]
    return sum(document not in query.grades for document in top) / len(top) if top else 0.0


@measure(unit="share", direction="lower", source="McSherry and Najork 2008")
def ties(query: Judged, *, k: int) -> float:
    """Share of the top k whose score, in float32, another ranked document has too: there the ids decide the order."""
    scores = query.scores
    if not len(scores):
        return 0.0
    _, group, count = np.unique(scores, return_inverse=True, return_counts=True)
    return float((count[group] > 1)[:k].mean())
