"""An endpoint as a YAML or a command line describes it, and its key, which stands in the environment and nowhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from harness.endpoints.budget import Price
from harness.endpoints.protocol import Settings, Vendor
from harness.endpoints.vendors import Name, vendor
from harness.errors import ConfigError, ModelError

AT_ONCE = 256
"""Texts in a request even where more are allowed: what is lost with an answer."""


@dataclass(frozen=True)
class EndpointSpec:
    """Where a model is served, how it is asked, and what it costs.

    Attributes:
        name: The vendor's name of the model.
        url: Base URL; empty for the vendor's own.
        key_env: Environment variable that holds the key; empty for the vendor's own at the vendor's own URL, and none elsewhere.
        dimensions: Numbers per vector that the endpoint is asked for.
        prompts: Literal text in front of each input, by mteb's keys.
        inputs: The vendor's input types by the same keys, instead of the protocol's own.
        extra: Further fields of each request.
        revision: Any word that tells a new model under an old name from the old one.
        max_length: Tokens that the model reads; texts are cut to it before they are sent where the endpoint does not.
        dimension: Stated; verified.
        texts, tokens: What a request may hold; None for the protocol's own limit.
    """

    name: str
    protocol: Name = "openai"
    url: str = ""
    key_env: str = ""
    dimensions: int | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    revision: str = ""
    similarity: str = "cosine"
    max_length: int | None = None
    dimension: int | None = None
    licence: str = ""
    price: Price = field(default_factory=Price)
    texts: int | None = None
    tokens: int | None = None
    concurrency: int = 4
    attempts: int = 6
    timeout: float = 60.0

    @property
    def vendor(self) -> Vendor:
        """The protocol that is spoken."""
        return vendor(self.protocol)

    @property
    def base(self) -> str:
        """The base URL, without a slash at its end."""
        return (self.url or self.vendor.url).rstrip("/")

    @property
    def place(self) -> str:
        """Host, port and path: which endpoint it is."""
        parts = urlsplit(self.base)
        return f"{parts.netloc}{parts.path}"

    @property
    def who(self) -> str:
        """What to call it in a message."""
        return f"{self.name} at {urlsplit(self.base).netloc}"

    def check(self) -> None:
        """Refuse what no endpoint can be; `ConfigError`. A URL that holds a key is refused, and not repeated."""
        if not self.base:
            raise ConfigError(f"model.protocol={self.protocol} has no public endpoint. Add model.url=http://HOST:PORT.")
        parts = urlsplit(self.base)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ConfigError(
                "model.url holds a user, a password or a query, which would stand in every record. Give the base URL alone; "
                "the key stands in an environment variable, which model.key_env=NAME names."
            )
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(
                f"model.url={self.url} is no URL of an endpoint. Give one such as http://localhost:8080/v1."
            )
        least = {
            "texts": 1,
            "tokens": 1,
            "concurrency": 1,
            "attempts": 1,
            "max_length": 1,
            "dimensions": 1,
            "timeout": 0.001,
        }
        for key, minimum in least.items():
            value = getattr(self, key)
            if value is not None and value < minimum:
                raise ConfigError(f"model.{key}={value} is too small: at least {minimum}.")
        if self.price.per_million is not None and self.price.per_million < 0:
            raise ConfigError(f"model.price={self.price.per_million} is below 0. Give money per million tokens.")

    def settings(self, input_type: str) -> Settings:
        """What is asked beside the texts."""
        return Settings(self.name, self.dimensions, input_type, dict(self.extra))

    def encoding(self, input_type: str) -> dict[str, Any]:
        """Everything that makes a vector, but for prompt and text; the key is no part of it, nor what it costs."""
        return {
            "endpoint": self.place,
            "protocol": self.vendor.version,
            "model": self.name,
            "revision": self.revision,
            "dimensions": self.dimensions,
            "input_type": input_type,
            "extra": dict(self.extra),
            "max_length": None if self.vendor.truncates else self.max_length,
        }

    @property
    def key_variable(self) -> str:
        """The environment variable that holds the key; empty where none is sent."""
        return self.key_env or (self.vendor.key_env if self.base == self.vendor.url else "")

    def key(self) -> str:
        """The key, from the environment; empty where the endpoint needs none. `ModelError` where it is missing."""
        name = self.key_variable
        if not name:
            return ""
        key = os.environ.get(name, "").strip()
        if not key:
            raise ModelError(
                f"{self.who} needs a key, and the environment variable {name} is not set. Set it, or name another with "
                "model.key_env=NAME."
            )
        if not key.isascii() or not key.isprintable() or " " in key:
            raise ModelError(
                f"The environment variable {name} holds a space, a line break or a letter that no key has."
            )
        return key

    def redacted(self, said: str) -> str:
        """What an endpoint said, without the key that it may repeat."""
        try:
            key = self.key()
        except ModelError:
            return said
        for form in (key, quote(key, safe=""), json.dumps(key)[1:-1]) if key else ():
            said = said.replace(form, "***")
        return said
