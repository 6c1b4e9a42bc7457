"""Texts that are another one's but for case or white space: to a table and to exact matching they are two."""

from __future__ import annotations

from array import array

import numpy as np
import xxhash

from harness.checks.profile import DatasetProfile, Finding, quoted
from harness.types import Texts

BATCH = 512
"""Texts that are in memory at once."""


def spellings(profile: DatasetProfile) -> Finding:
    """Documents and queries that are written otherwise than another of the same words; no copy to the letter is counted."""
    examples: list[str] = []
    count = 0
    for texts in (profile.dataset.documents, profile.dataset.queries):
        groups = _groups(texts)
        count += sum(len(group) - 1 for group in groups)
        examples += [f"{quoted(texts, group[0])} = {quoted(texts, group[1])}" for group in groups[: profile.shown]]
    return Finding(
        "other-spelling",
        count,
        "texts that are another one's but for case or white space",
        "each is a document or a query of its own. Where one is the answer, the other one counts as wrong unless it is judged.",
        "write them alike: equal answers of a table are one document, and equal questions one query.",
        tuple(examples[: profile.shown]),
    )


def _groups(texts: Texts) -> list[list[int]]:
    """Positions of texts of the same words that are not written alike, one for each way of writing, two and more."""
    folded, written = array("Q"), array("Q")  # of millions of texts, 16 bytes each
    for start in range(0, len(texts), BATCH):
        for text in texts.texts[start : start + BATCH]:
            words = text.casefold().split()
            folded.append(_hash(" ".join(words)) if words else 0)
            written.append(_hash(text))
    _, inverse, sizes = np.unique(np.array(folded), return_inverse=True, return_counts=True)
    ways: dict[int, dict[int, int]] = {}
    for position in np.flatnonzero(sizes[inverse] > 1).tolist():
        if folded[position]:
            ways.setdefault(folded[position], {}).setdefault(written[position], position)
    return [list(positions.values()) for positions in ways.values() if len(positions) > 1]


def _hash(text: str) -> int:
    return xxhash.xxh3_64_intdigest(text.encode(errors="surrogatepass"))
