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
    ordered = np.sort(query.scores)
    shared = ordered[1:][ordered[1:] == ordered[:-1]]
    return float(np.isin(query.scores[:k], shared).mean()) if len(shared) else 0.0
