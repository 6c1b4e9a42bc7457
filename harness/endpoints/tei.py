"""Text Embeddings Inference's own `/embed`. Source: its OpenAPI document (`EmbedRequest`, `EmbedResponse`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Request, Settings, counted, in_order


class TextEmbeddingsInference:
    """A list of vectors in the order of `inputs`; tokens in the header `x-compute-tokens`; 32 texts unless it is told
    otherwise (`--max-client-batch-size`)."""

    version = "tei/1"
    url = ""
    key_env = ""
    key_header = ("Authorization", "Bearer ")
    texts = 32
    tokens = 16_384
    truncates = True
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """None; an input type is the name of one of the model's own prompts."""
        return {}

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """Normalised and truncated, as sentence-transformers does it."""
        asked: dict[str, Any] = {"inputs": list(texts), "normalize": True, "truncate": True}
        if settings.dimensions is not None:
            asked["dimensions"] = settings.dimensions
        if settings.input_type:
            asked["prompt_name"] = settings.input_type
        return Request("/embed", {**asked, **settings.extra})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """In the order of the request."""
        return in_order(payload, count, partial=partial, tokens=counted(headers.get("x-compute-tokens")))
