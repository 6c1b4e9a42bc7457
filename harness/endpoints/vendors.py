"""The protocols by the name that `model.protocol=` takes. A new one is a file beside these, and its line here."""

from __future__ import annotations

from typing import Literal

from harness.endpoints.cohere import Cohere
from harness.endpoints.gemini import Gemini
from harness.endpoints.jina import Jina
from harness.endpoints.openai import OpenAI
from harness.endpoints.protocol import Vendor
from harness.endpoints.tei import TextEmbeddingsInference
from harness.endpoints.voyage import Voyage

Name = Literal["openai", "tei", "cohere", "voyage", "jina", "gemini"]


def vendor(name: Name) -> Vendor:
    """The protocol of that name."""
    known: dict[Name, Vendor] = {
        "openai": OpenAI(),
        "tei": TextEmbeddingsInference(),
        "cohere": Cohere(),
        "voyage": Voyage(),
        "jina": Jina(),
        "gemini": Gemini(),
    }
    return known[name]
