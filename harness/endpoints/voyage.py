"""Voyage AI's `/v1/embeddings`. Source: Voyage AI API reference, "Text embedding models"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Request, Settings, indexed


class Voyage:
    """OpenAI's answer, with `usage.total_tokens`; at most 1,000 texts, and tokens by model."""

    version = "voyage/1"
    url = "https://api.voyageai.com/v1"
    key_env = "VOYAGE_API_KEY"
    key_header = ("Authorization", "Bearer ")
    texts = 1_000
    tokens = 120_000
    truncates = True
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """Queries and documents; other texts have none."""
        return {"query": "query", "document": "document"}

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """`encoding_format` is left out: it takes base64 or nothing, and nothing gives numbers."""
        asked: dict[str, Any] = {
            "model": settings.model,
            "input": list(texts),
            "truncation": True,
            "output_dtype": "float",
        }
        if settings.dimensions is not None:
            asked["output_dimension"] = settings.dimensions
        if settings.input_type:
            asked["input_type"] = settings.input_type
        return Request("/embeddings", {**asked, **settings.extra})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """By index, whatever the order."""
        return indexed(payload, count, partial=partial, tokens="total_tokens")
