"""An embedding endpoint by its URL, its protocol and the vendor's name of the model; the YAMLs of `conf/model/` extend it."""

from __future__ import annotations

from typing import Any, Literal

from harness.context import Context
from harness.endpoints.budget import Price
from harness.endpoints.spec import EndpointSpec
from harness.errors import ConfigError
from harness.registry import system
from harness.search.compression import Variant
from harness.systems.endpoint import Endpoint

HOW = ("key_env", "price", "currency", "texts", "tokens", "concurrency", "attempts", "timeout")
"""How it is asked and what it costs: no vector depends on it."""
STATED = ("dimension", "licence")
"""For the tables; a wrong dimension is refused."""


@system(
    required=("name",),
    about="An embedding endpoint: model.url=URL model.name=NAME model.protocol=openai|tei|cohere|voyage|jina|gemini",
    not_identity=STATED,
    unlabelled=HOW,
)
def api(
    *,
    label: str,
    context: Context,
    name: str = "",
    url: str = "",
    protocol: Literal["openai", "tei", "cohere", "voyage", "jina", "gemini"] = "openai",
    key_env: str = "",
    dimensions: int | None = None,
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    inputs: dict[str, str] = {},  # noqa: B006 - likewise
    extra: dict[str, Any] = {},  # noqa: B006 - likewise
    revision: str = "",
    similarity: Literal["cosine", "dot", "euclidean"] = "cosine",
    max_length: int | None = None,
    dimension: int | None = None,
    licence: str = "",
    price: float | None = None,
    currency: str = "USD",
    texts: int | None = None,
    tokens: int | None = None,
    concurrency: int = 4,
    attempts: int = 6,
    timeout: float = 60.0,
    dims: int | None = None,
    precision: Literal["float32", "float16", "int8", "binary"] = "float32",
    rescore: int = 0,
) -> Endpoint:
    """An embedding endpoint that speaks OpenAI's, TEI's, Cohere's, Voyage's, Jina's or Gemini's protocol."""
    spec = EndpointSpec(
        name=name, protocol=protocol, url=url, key_env=key_env, dimensions=dimensions, prompts=prompts, inputs=inputs,
        extra=extra, revision=revision, similarity=similarity, max_length=max_length, dimension=dimension, licence=licence,
        price=Price(price, currency), texts=texts, tokens=tokens, concurrency=concurrency, attempts=attempts,
        timeout=timeout,
    )  # fmt: skip
    spec.check()
    variant = Variant(dims, precision, rescore)
    variant.check()
    if dims is not None and similarity == "dot":
        raise ConfigError(
            f"model.dims={dims} cuts vectors, whose lengths then differ, and model.similarity=dot would rank by them. Use "
            "similarity=cosine, which brings them to length one again, or model.dimensions=N, which asks the endpoint."
        )
    return Endpoint(label, spec, context, variant=variant)
