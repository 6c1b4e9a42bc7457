"""Gemini's `batchEmbedContents`. Source: Gemini API reference, "Embeddings".

Its OpenAI-compatible endpoint takes no task type, and so gives queries and documents the vectors of neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Malformed, Request, Settings, counted, in_order


class Gemini:
    """`embeddings[].values` in the order of `requests`; at most 100 texts. Shortened vectors are not of length one."""

    version = "gemini/1beta"
    url = "https://generativelanguage.googleapis.com/v1beta"
    key_env = "GEMINI_API_KEY"
    key_header = ("x-goog-api-key", "")
    texts = 100
    tokens = 20_000
    truncates = False
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """The API's task types."""
        return {
            "query": "RETRIEVAL_QUERY",
            "document": "RETRIEVAL_DOCUMENT",
            "Classification": "CLASSIFICATION",
            "MultilabelClassification": "CLASSIFICATION",
            "Clustering": "CLUSTERING",
            "STS": "SEMANTIC_SIMILARITY",
        }

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """One embedded request per text."""
        name = f"models/{settings.model.removeprefix('models/')}"
        shared: dict[str, Any] = {"model": name, **settings.extra}
        if settings.dimensions is not None:
            shared["outputDimensionality"] = settings.dimensions
        if settings.input_type:
            shared["taskType"] = settings.input_type
        requests = [{**shared, "content": {"parts": [{"text": text}]}} for text in texts]
        return Request(f"/{name}:batchEmbedContents", {"requests": requests})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """In the order of the request."""
        embeddings = payload.get("embeddings") if isinstance(payload, dict) else None
        if not isinstance(embeddings, list):
            raise Malformed("the answer has no list 'embeddings'")
        values = [entry.get("values") if isinstance(entry, dict) else None for entry in embeddings]
        if partial and values and values[-1] is None:
            values[-1] = []
        usage = payload.get("usageMetadata")
        tokens = usage.get("promptTokenCount") if isinstance(usage, dict) else None
        return in_order(values, count, partial=partial, tokens=counted(tokens))
