"""What makes a dense model this model and no other. Everything here that can move a vector is part of its identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.errors import ConfigError, ModelError

Similarity = Literal["cosine", "dot", "euclidean", "MaxSim", "MeanMaxSim"]
Dtype = Literal["float32", "bfloat16", "float16", "int8"]
Runtime = Literal["auto", "torch", "openvino", "onnx"]
Layout = Literal["sentence-transformers", "static", "tokens"]


@dataclass(frozen=True)
class ModelSpec:
    """A dense model: where its files are, and how it is to be used.

    Attributes:
        name: ORG/NAME on the hub, or empty.
        path: A local folder, or empty.
        package: An installed package that carries the files in its subfolder `folder`, or empty.
        weights, tokenizer: Files of a `static` embedding, below the folder.
        digest: Expected digest of the files; empty accepts what is found (and records it).
        prompts: Literal text in front of each input, by mteb's keys: `query`, `document`, a task type, a task's name.
        max_length: Tokens after which a text is cut; None leaves the model's own limit.
        runtime: What runs the forward pass; `auto` is the fastest exact one present.
        dimension, parameters, licence: Stated, for the tables; the dimension is verified.
    """

    name: str = ""
    revision: str = ""
    path: str = ""
    package: str = ""
    folder: str = ""
    layout: Layout = "sentence-transformers"
    weights: str = ""
    tokenizer: str = ""
    digest: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)
    similarity: Similarity | None = None
    normalize: bool | None = None
    max_length: int | None = None
    dtype: Dtype = "float32"
    runtime: Runtime = "auto"
    dimension: int | None = None
    parameters: int | None = None
    licence: str = ""
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        """Refuse numbers that no model has; `ConfigError`."""
        for key, value in (
            ("max_length", self.max_length),
            ("dimension", self.dimension),
            ("parameters", self.parameters),
        ):
            if value is not None and value < 1:
                raise ConfigError(
                    f"model.{key}={value} is too small: at least 1. Leave it out, or say null, for the model's own."
                )

    @classmethod
    def placed(cls, **options: Any) -> ModelSpec:
        """One that says in one way where its files are, or `ModelError`; a path or package may have a hub's name too."""
        spec = cls(**options)
        if sum(map(bool, (spec.name if not spec.path and not spec.package else "", spec.path, spec.package))) != 1:
            raise ModelError(
                "Say where the model's files are by one of model.name=ORG/NAME, model.path=DIR, model.package=NAME."
            )
        return spec

    @property
    def title(self) -> str:
        """What to call it."""
        return self.name or self.package or Path(self.path).name

    def encoding(self) -> dict[str, Any]:
        """The encoding configuration: the part of what made a vector that the files do not hold; the runtime as asked for."""
        return {
            "layout": self.layout,
            "normalize": self.normalize,
            "max_length": self.max_length,
            "dtype": self.dtype,
            "runtime": self.runtime,
            **({"int8": "dynamic ranges, each text alone, weights of 7 bits"} if self.dtype == "int8" else {}),
        }

    def usage(self) -> dict[str, Any]:
        """The part of the identity that the files do not hold: how vectors are made, and how they are used."""
        return {**self.encoding(), "prompts": dict(sorted(self.prompts.items())), "similarity": self.similarity}
