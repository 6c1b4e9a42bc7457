"""Cohere's `/v2/embed`. Source: Cohere API reference, "Embed API (v2)"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.endpoints.protocol import Answer, Malformed, Request, Settings, counted, in_order


class Cohere:
    """`embeddings.float` in the order of `texts`; `meta.billed_units.input_tokens`; at most 96 texts."""

    version = "cohere/2"
    url = "https://api.cohere.com/v2"
    key_env = "COHERE_API_KEY"
    key_header = ("Authorization", "Bearer ")
    texts = 96
    tokens = 128_000
    truncates = True
    may_be_empty = False

    def inputs(self) -> Mapping[str, str]:
        """An input type is required: a text that is neither query nor document is a document, as in mteb."""
        return {
            "query": "search_query",
            "document": "search_document",
            "Classification": "classification",
            "MultilabelClassification": "classification",
            "Clustering": "clustering",
            "": "search_document",
        }

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """Floats, cut at the end where a text is too long."""
        asked: dict[str, Any] = {
            "model": settings.model,
            "texts": list(texts),
            "input_type": settings.input_type,
            "embedding_types": ["float"],
            "truncate": "END",
        }
        if settings.dimensions is not None:
            asked["output_dimension"] = settings.dimensions
        return Request("/embed", {**asked, **settings.extra})

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """In the order of the request."""
        embeddings = payload.get("embeddings") if isinstance(payload, dict) else None
        if not isinstance(embeddings, dict):
            raise Malformed("the answer has no 'embeddings'")
        meta = payload.get("meta")
        billed = meta.get("billed_units") if isinstance(meta, dict) else None
        tokens = billed.get("input_tokens") if isinstance(billed, dict) else None
        return in_order(embeddings.get("float"), count, partial=partial, tokens=counted(tokens))
