"""Pairs of a query and a document as token ids without padding: each distinct text is tokenized once, and what is too long is cut
at the document's end.

sentence-transformers cuts `longest_first`: of a long query and a longer document it cuts both, and of a template the end, which
holds what the model answers to. Here the document alone gives way. Only where a query leaves no token of room for its
document are both cut, and that is counted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.jagged import expanded, starts_of
from harness.models.ragged import Ragged

Pair = tuple[str, str]
"""A query and a document."""
KNOWN = 50_000
"""Texts whose tokens are kept between calls: a document is a candidate of many queries."""
UNCUT = {"text": {"padding": False, "truncation": False}, "common": {"return_tensors": None}}
"""sentence-transformers' own preprocessing, without padding and without a cut."""


@dataclass(frozen=True)
class PairTokens(Ragged):
    """Tokenized pairs.

    Attributes:
        query_cut: Tokens of each pair's query that were cut; shape (pairs,), 0 but where the query left no room.
    """

    query_cut: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


class PairTokenizer(Protocol):
    """One way from pairs to tokens."""

    least: int
    """Tokens of its own, beside the two texts."""

    def tokenize(self, pairs: Sequence[Pair], prompt: str, limit: int | None) -> PairTokens:
        """Tokens of pairs under a prompt, at most `limit` of each."""


def kept(
    queries: NDArray[np.int64], documents: NDArray[np.int64], room: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many tokens of each query and of each document are read.

    Args:
        queries, documents: Their tokens, shape (pairs,).
        room: Tokens for both; None has no limit.

    Returns:
        The query whole and what is left for the document; where nothing is left for it, up to half the room for the
        document and the rest for the query.
    """
    if room is None:
        return queries, documents
    fits = np.minimum(documents, np.maximum(room - queries, 0))
    crowded = (queries > room) | ((fits == 0) & (documents > 0))
    fits = np.where(crowded, np.minimum(documents, room // 2), fits)
    return np.minimum(queries, room - fits), fits


class Assembled:
    """Query and document as the two sequences of a tokenizer, between special tokens that do not depend on them."""

    def __init__(self, model: Any) -> None:
        self._tokenizer = model.tokenizer
        encoded = self._tokenizer("one", "two")
        sequence = encoded.sequence_ids(0)
        first = [at for at, number in enumerate(sequence) if number == 0]
        second = [at for at, number in enumerate(sequence) if number == 1]
        between = slice(first[-1] + 1, second[0])
        parts = [slice(0, first[0]), between, slice(second[-1] + 1, None)]
        ids, types = encoded["input_ids"], encoded.get("token_type_ids")
        self._special = [np.array(ids[part], dtype=np.int64) for part in parts]
        self._types = None
        if types is not None:
            one = [*parts[:1], slice(first[0], first[0] + 1), between, slice(second[0], second[0] + 1), parts[2]]
            self._types = [int((types[part] or [0])[0]) for part in one]
        self.least = sum(map(len, self._special))
        self._known: dict[str, NDArray[np.int64]] = {}

    def tokenize(self, pairs: Sequence[Pair], prompt: str, limit: int | None) -> PairTokens:
        """See `PairTokenizer`; the prompt stands in front of the query."""
        queries = [prompt + query for query, _ in pairs]
        texts = list(dict.fromkeys([*queries, *(document for _, document in pairs)]))
        place = {text: at for at, text in enumerate(texts)}
        tokens = self._of(texts)
        lengths = np.array([len(ids) for ids in tokens], dtype=np.int64)
        pool = np.concatenate([*self._special, *tokens])
        begin = starts_of(np.array([*map(len, self._special), *lengths], dtype=np.int64))
        rows = [np.array([place[text] for text in side], dtype=np.int64) for side in (queries, [d for _, d in pairs])]
        query, document = (lengths[row] for row in rows)
        query_kept, document_kept = kept(query, document, None if limit is None else limit - self.least)
        counts = np.empty((len(pairs), 5), dtype=np.int64)
        counts[:, 0], counts[:, 2], counts[:, 4] = map(len, self._special)
        counts[:, 1], counts[:, 3] = query_kept, document_kept
        starts = np.empty_like(counts)
        starts[:, 0], starts[:, 2], starts[:, 4] = begin[:3]
        starts[:, 1], starts[:, 3] = begin[3 + rows[0]], begin[3 + rows[1]]
        columns = {"input_ids": pool[expanded(starts.ravel(), counts.ravel())]}
        columns["attention_mask"] = np.ones_like(columns["input_ids"])
        if self._types is not None:
            columns["token_type_ids"] = np.repeat(np.tile(np.array(self._types), len(pairs)), counts.ravel())
        return PairTokens(
            columns, starts_of(counts.sum(axis=1)), query + document + self.least, {"modality": "text"},
            *padding(self._tokenizer), query_cut=query - query_kept,
        )  # fmt: skip

    def _of(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        missing = [text for text in texts if text not in self._known]
        if len(self._known) + len(missing) > KNOWN:
            self._known, missing = {}, list(texts)
        if missing:
            ids = quietly(self._tokenizer, missing, add_special_tokens=False)["input_ids"]
            self._known.update((text, np.array(row, dtype=np.int64)) for text, row in zip(missing, ids, strict=True))
        return [self._known[text] for text in texts]


def padding(tokenizer: Any) -> tuple[dict[str, int], bool]:
    """What fills each column, and whether it stands in front of the tokens."""
    fills = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id}
    return fills, tokenizer.padding_side == "left"


def quietly(tokenizer: Any, texts: Sequence[str], **how: Any) -> Any:
    """Whole texts through a tokenizer, which would warn of lengths that are cut here."""
    log = logging.getLogger("transformers.tokenization_utils_base")
    level, log.level = log.level, logging.ERROR
    try:
        return tokenizer(list(texts), truncation=False, padding=False, **how)
    finally:
        log.level = level
