"""Jina AI's `/v1/embeddings`. Source: Jina AI's OpenAPI document of its embedding API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Request, Settings, indexed


class Jina:
    """OpenAI's answer, with `usage.total_tokens`; the input type is called `task`; at most 512 texts."""

    version = "jina/1"
    url = "https://api.jina.ai/v1"
    key_env = "JINA_API_KEY"
    key_header = ("Authorization", "Bearer ")
    texts = 512
    tokens = 100_000
    truncates = True
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """Adapters for queries, documents and anything else."""
        return {"query": "retrieval.query", "document": "retrieval.passage", "": "text-matching"}

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """Normalised floats, cut where a text is too long."""
        asked: dict[str, Any] = {
            "model": settings.model,
            "input": list(texts),
            "embedding_type": "float",
            "normalized": True,
            "truncate": True,
        }
        if settings.dimensions is not None:
            asked["dimensions"] = settings.dimensions
        if settings.input_type:
            asked["task"] = settings.input_type
        return Request("/embeddings", {**asked, **settings.extra})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """By index, whatever the order."""
        return indexed(payload, count, partial=partial, tokens="total_tokens")
