"""OpenAI's `/embeddings`: OpenAI itself, and vLLM, Ollama, llama.cpp, LM Studio, Infinity, Azure … under their own URLs.

Source: OpenAI API reference, "Create embeddings"; its request is the `openai` package's, which sends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Request, Settings, indexed


class OpenAI:
    """`data[].index`, `data[].embedding`, `usage.prompt_tokens`; at most 2,048 texts and 300,000 tokens."""

    version = "openai/1"
    url = "https://api.openai.com/v1"
    key_env = "OPENAI_API_KEY"
    key_header = ("Authorization", "Bearer ")
    texts = 2_048
    tokens = 300_000
    truncates = False
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """None of its own; NVIDIA's servers take `input_type` beside it."""
        return {}

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """`encoding_format` is said: some servers answer in base64 unless it is."""
        asked: dict[str, Any] = {"model": settings.model, "input": list(texts), "encoding_format": "float"}
        if settings.dimensions is not None:
            asked["dimensions"] = settings.dimensions
        if settings.input_type:
            asked["input_type"] = settings.input_type
        return Request("/embeddings", {**asked, **settings.extra})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """By index, whatever the order."""
        return indexed(payload, count, partial=partial, tokens="prompt_tokens")
