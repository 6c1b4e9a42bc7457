"""Pairs for models that are no transformer behind a fast tokenizer: sentence-transformers' own preprocessing does all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.pair_tokens import UNCUT, Pair
from harness.types import Vectors


@dataclass(frozen=True)
class PairTexts:
    """Pairs as they are; only their tokens are counted. What is too long the library cuts, from the longer of both texts.

    Attributes:
        tokens, read: Tokens before any cut, and those that are read; shape (pairs,).
        query_cut: Zeros: the library does not say what it cut.
    """

    pairs: Sequence[Pair]
    prompt: str
    tokens: NDArray[np.int64]
    read: NDArray[np.int64]
    query_cut: NDArray[np.int64]

    def scored(self, model: Any, rows: NDArray[np.int64]) -> Vectors:
        """Logits of some of them, as one batch; shape (len(rows), 1)."""
        import torch
        from sentence_transformers.util import batch_to_device

        batch = [list(self.pairs[row]) for row in rows]
        try:
            with torch.inference_mode():
                features = batch_to_device(model.preprocess(batch, prompt=self.prompt or None), model.device)
                return np.asarray(model(features)["scores"].float().cpu().numpy(), dtype=np.float32).reshape(-1, 1)
        except torch.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            raise MemoryError(str(error).partition(".")[0]) from error


def with_lengths(model: Any, pairs: Sequence[Pair], prompt: str, limit: int | None) -> PairTexts:
    """Pairs with their lengths in the model's own tokens."""
    whole = model.preprocess([list(pair) for pair in pairs], prompt=prompt or None, processing_kwargs=UNCUT)
    tokens = np.array([len(row) for row in whole["input_ids"]], dtype=np.int64)
    read = tokens if limit is None else np.minimum(tokens, limit)
    return PairTexts(pairs, prompt, tokens, read, np.zeros(len(pairs), dtype=np.int64))
