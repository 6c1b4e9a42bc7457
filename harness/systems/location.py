"""A dense system by where its files are: a YAML of `conf/model/` extends `hub`, `path` or `package`, which are one function."""

from __future__ import annotations

from typing import Literal

from harness.context import Context
from harness.errors import ModelError
from harness.models.spec import ModelSpec
from harness.models.windows import Windows
from harness.registry import system
from harness.search.compression import Variant
from harness.systems.dense import Dense

BY_CONTENT = ("name", "revision", "path", "package", "folder", "weights", "tokenizer", "digest")
"""Where the files lie and what they are called: their digest is the identity."""
STATED = ("dimension", "parameters", "licence")
"""For the tables; a wrong dimension is refused."""
WINDOWS = ("window", "stride", "pool")
COVERED = (*BY_CONTENT, *STATED, *WINDOWS, "runtime")
"""Beside them the windows, where there are some, and the runtime, which stands in the identity as it was resolved."""


@system(
    name="hub",
    required=("name",),
    about="Any sentence-transformers model of the hub: model.name=ORG/NAME",
    not_identity=COVERED,
)
@system(name="path", required=("path",), about="Any local model folder: model.path=DIR", not_identity=COVERED)
@system(
    name="package",
    required=("package",),
    about="A model that an installed package carries: model.package=NAME",
    not_identity=COVERED,
)
def dense(
    *,
    label: str,
    context: Context,
    name: str = "",
    revision: str = "",
    path: str = "",
    package: str = "",
    folder: str = "",
    layout: Literal["sentence-transformers", "static"] = "sentence-transformers",
    weights: str = "",
    tokenizer: str = "",
    digest: str = "",
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    similarity: Literal["cosine", "dot", "euclidean"] | None = None,
    normalize: bool | None = None,
    max_length: int | None = None,
    dtype: Literal["float32", "bfloat16", "float16", "int8"] = "float32",
    runtime: Literal["auto", "torch", "openvino", "onnx"] = "auto",
    dimension: int | None = None,
    parameters: int | None = None,
    licence: str = "",
    trust_remote_code: bool = False,
    dims: int | None = None,
    precision: Literal["float32", "float16", "int8", "binary"] = "float32",
    rescore: int = 0,
    window: int | None = None,
    stride: int | None = None,
    pool: Literal["max", "first-p", "mean"] = "max",
) -> Dense:
    """A sentence-transformers model or a static embedding: by hub name, local folder or installed package."""
    spec = ModelSpec.placed(
        name=name, revision=revision, path=path, package=package, folder=folder, layout=layout, weights=weights,
        tokenizer=tokenizer, digest=digest, prompts=prompts, similarity=similarity, normalize=normalize,
        max_length=max_length, dtype=dtype, runtime=runtime, dimension=dimension, parameters=parameters, licence=licence,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    variant = Variant(dims, precision, rescore)
    variant.check()
    if window is not None and layout == "static":
        raise ModelError("model.window is of a model that reads so many tokens; a static embedding reads whole texts.")
    return Dense(label, spec, context, variant=variant, windows=Windows.of(window, stride, pool, max_length))
