"""Models that are no transformer behind a fast tokenizer: sentence-transformers' own `encode` does all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.models.ragged import count
from harness.types import Vectors


@dataclass(frozen=True)
class TextBatch:
    """Texts as they are; only their tokens are counted. See `Ragged` for the attributes."""

    texts: Sequence[str]
    prompt: str
    tokens: NDArray[np.int64]
    read: NDArray[np.int64]


def with_lengths(model: Any, texts: Sequence[str], prompt: str, limit: int | None) -> TextBatch:
    """Texts with their lengths in the model's own tokens."""
    prompted = [prompt + text for text in texts]
    if hasattr(model.tokenizer, "encode_batch"):  # a static embedding holds a bare tokenizers.Tokenizer
        encodings = model.tokenizer.encode_batch(prompted, add_special_tokens=False)
        tokens = np.array([len(item.ids) for item in encodings], dtype=np.int64)
    else:
        tokens = count(model.tokenizer, prompted)
    return TextBatch(texts, prompt, tokens, tokens if limit is None else np.minimum(tokens, limit))


def encoded(model: Any, batch: TextBatch, rows: NDArray[np.int64], *, normalize: bool) -> Vectors:
    """Vectors of those texts. The prompt is handed over, not joined: some poolings leave its tokens out."""
    vectors = model.encode(
        [batch.texts[row] for row in rows],
        prompt=batch.prompt,
        batch_size=max(1, len(rows)),
        show_progress_bar=False,
        convert_to_numpy=False,
        convert_to_tensor=True,
        normalize_embeddings=normalize,
    )
    return np.ascontiguousarray(vectors.float().cpu().numpy(), dtype=np.float32)
