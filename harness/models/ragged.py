"""Token ids of many texts without padding, and batches of them with just as much as is needed.

sentence-transformers' own preprocessing is asked for the ids (prompt, truncation, special tokens, case), without padding
and once per text; what it would have padded is laid out here, batch by batch.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Features = dict[str, NDArray[np.int64]]
UNPADDED = {"text": {"padding": False}, "common": {"return_tensors": None}}


@dataclass(frozen=True)
class Ragged:
    """Tokenized texts.

    Attributes:
        columns: The tokenizer's outputs (`input_ids`, `attention_mask` …), all texts one after the other.
        starts: Where each text starts in them; shape (texts + 1,).
        tokens: Tokens of each text before any cut, special tokens included; shape (texts,).
        shared: What else the preprocessing said, the same for every text (`prompt_length`, `modality`).
        padding: Value that fills each column.
        left: True if padding stands in front of the tokens.
    """

    columns: Mapping[str, NDArray[np.int64]]
    starts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    shared: Mapping[str, Any]
    padding: Mapping[str, int]
    left: bool = False

    @property
    def read(self) -> NDArray[np.int64]:
        """Tokens of each text that the model reads."""
        return np.diff(self.starts)

    def batch(self, rows: NDArray[np.int64]) -> Features:
        """The columns of those texts, padded to the longest; shapes (len(rows), longest)."""
        lengths = self.read[rows]
        width = int(lengths.max(initial=1))
        position = np.arange(width)[None, :]
        offset = (width - lengths)[:, None] if self.left else np.zeros((len(rows), 1), dtype=np.int64)
        real = (position >= offset) & (position < offset + lengths[:, None])
        source = (self.starts[rows][:, None] + position - offset)[real]
        columns: Features = {}
        for name, column in self.columns.items():
            columns[name] = np.full(real.shape, self.padding.get(name, 0), dtype=np.int64)
            columns[name][real] = column[source]
        return columns


def tokenized(
    model: Any, texts: Sequence[str], prompt: str, limit: int | None, how: Mapping[str, Any] = MappingProxyType({})
) -> Ragged:
    """Tokenize as `model` (a SentenceTransformer whose first module has a fast tokenizer) would.

    Args:
        limit: Tokens at which the model cuts; only texts that reach it are counted in full.
        how: What else its preprocessing is told, such as the role of the texts.
    """
    tokenizer = model.tokenizer
    encoded = model.preprocess(list(texts), prompt=prompt or None, processing_kwargs=UNPADDED, **how)
    names = [name for name, value in encoded.items() if isinstance(value, list)]
    lengths = np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    columns = {name: _flat(encoded[name], int(starts[-1])) for name in names}
    tokens = lengths.copy()
    cut = np.flatnonzero(lengths >= limit) if limit is not None else np.zeros(0, dtype=np.int64)
    if len(cut):
        tokens[cut] = np.maximum(count(tokenizer, [prompt + texts[row] for row in cut.tolist()]), lengths[cut])
    return Ragged(
        columns,
        starts,
        tokens,
        {name: value for name, value in encoded.items() if name not in names},
        {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": tokenizer.pad_token_type_id},
        left=tokenizer.padding_side == "left",
    )


def count(tokenizer: Any, texts: Sequence[str]) -> NDArray[np.int64]:
    """Tokens of each text as it would be without a limit, special tokens included."""
    log = logging.getLogger("transformers.tokenization_utils_base")
    level, log.level = log.level, logging.ERROR  # it warns of lengths that are only counted here
    try:
        encoded = tokenizer(
            list(texts), truncation=False, padding=False, return_attention_mask=False, return_token_type_ids=False
        )
    finally:
        log.level = level
    return np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)


def _flat(lists: list[list[int]], size: int) -> NDArray[np.int64]:
    return np.fromiter((identifier for ids in lists for identifier in ids), dtype=np.int64, count=size)
