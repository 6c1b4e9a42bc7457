"""Run files of other systems, in TREC format, plain or gzip-compressed.

Their order is trec_eval's, whatever their ranks say: score in float32 descending, then document id descending.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from harness.errors import ResultsError
from harness.types import Run


def read_trec(path: Path) -> Run:
    """A run file, `qid Q0 docid rank score tag` per line.

    Raises:
        ResultsError: A line that is none, a score that is no number, or a document that is ranked twice; with its line.
    """
    rankings: dict[str, dict[str, np.float32]] = {}
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        fields = line.split()
        where = f"{path}:{number}"
        if len(fields) != 6:
            raise ResultsError(
                f"{where}: a line of a TREC run has six fields, qid Q0 docid rank score tag: '{line[:80]}'."
            )
        query_id, _, document, _, score, _ = fields
        try:
            value = np.float32(score)
        except ValueError:
            raise ResultsError(f"{where}: the score '{score}' is no number.") from None
        if not np.isfinite(value):
            raise ResultsError(f"{where}: the score '{score}' cannot be ranked.")
        documents = rankings.setdefault(query_id, {})
        if document in documents:
            raise ResultsError(f"{where}: '{document}' is ranked twice for query '{query_id}'.")
        documents[document] = value
    if not rankings:
        raise ResultsError(f"{path} holds no line of a TREC run.")
    ranked = {
        query_id: sorted(documents.items(), key=lambda one: (one[1], one[0]), reverse=True)
        for query_id, documents in rankings.items()
    }
    return Run(
        query_ids=list(ranked),
        doc_ids=[[document for document, _ in rows] for rows in ranked.values()],
        scores=[np.array([score for _, score in rows], dtype=np.float32) for rows in ranked.values()],
        depth=max(map(len, ranked.values())),
    )


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
        return (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise ResultsError(f"Cannot read {path} as a TREC run: {error}.") from error
