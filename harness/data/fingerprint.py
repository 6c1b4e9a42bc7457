"""Digest of what a data set says, whatever its files look like: one changed character changes it, the order of lines does not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from harness.errors import DataError
from harness.records.digest import BITS
from harness.types import Qrels, Texts


def fingerprint(
    split: str,
    documents: Texts,
    queries: Texts,
    qrels: Qrels,
    candidates: Mapping[str, Sequence[str]] | None = None,
    role: str = "retrieval",
) -> str:
    """BLAKE2b-128 over split, ids, texts, judgments and candidates in canonical order, fed piece by piece."""
    state = hashlib.blake2b(digest_size=BITS // 8)

    def feed(*fields: object) -> None:
        for field in fields:
            try:
                piece = str(field).encode()
            except UnicodeEncodeError:
                raise DataError(
                    f"{fields[0]} {fields[1]!a} holds half of a surrogate pair, such as \\ud800, which is no character."
                ) from None
            state.update(len(piece).to_bytes(8, "little"))
            state.update(piece)

    feed("format 1", role, split)
    for kind, texts in (("document", documents), ("query", queries)):
        for index in _sorted(texts.ids):
            feed(kind, texts.ids[index], texts.texts[index])
    for query_id in sorted(qrels):
        for document_id, grade in sorted(qrels[query_id].items()):
            feed("judged", query_id, document_id, grade)
    for query_id in sorted(candidates or {}):
        feed("candidates", query_id, *sorted((candidates or {})[query_id]))
    return state.hexdigest()


def _sorted(ids: Sequence[str]) -> Iterable[int]:
    return sorted(range(len(ids)), key=ids.__getitem__)
