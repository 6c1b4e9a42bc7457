"""How a person may mend what an endpoint refuses: by its status, its words, and what was asked."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from harness.endpoints.spec import EndpointSpec

LENGTH = re.compile(r"length|too long|too large|tokens|at most|maximum|context|exceed", re.IGNORECASE)
DIMENSIONS = re.compile(r"dimension|matryoshka", re.IGNORECASE)
MODEL = re.compile(r"\bmodels?\b", re.IGNORECASE)
CUT = "Look whether a text is longer than the model takes: model.max_length=N cuts them."
REQUEST = "Lower model.texts or model.tokens, what a request may hold."
PROTOCOLS = "model.protocol=openai|tei|cohere|voyage|jina|gemini"


def hint(spec: EndpointSpec, status: int, said: str, path: str, *, canary: bool) -> str:
    """The advice for a refused request; empty where there is none.

    Args:
        said: The endpoint's own words.
        path: Below the base URL, where the request went.
        canary: It was for the canary text, which is not too long for any model.
    """
    if status in (401, 403):
        return _key(spec, status)
    if status in (404, 405):
        return _place(spec, said, path)
    if status == 413:
        return REQUEST
    return _request(spec, said, canary=canary) if status in (400, 422) else ""


def _key(spec: EndpointSpec, status: int) -> str:
    name = spec.key_variable
    if not name:
        return "No key was sent: model.key_env=NAME names the environment variable that holds it."
    return f"Look at the key in {name}" + (", and whether it may use this model." if status == 403 else ".")


def _place(spec: EndpointSpec, said: str, path: str) -> str:
    if spec.name in said or MODEL.search(said):
        return f"Look at model.name={spec.name}."
    base, version = spec.base, urlsplit(spec.vendor.url).path or "/v1"
    if base.endswith(path):
        return f"model.url is the base, to which {path} is added: model.url={base.removesuffix(path)}."
    other = f"or speak another protocol ({PROTOCOLS})"
    if spec.protocol == "tei":
        return (
            f"It may speak another protocol: {PROTOCOLS}; for openai, mostly model.url={base.removesuffix('/v1')}/v1."
        )
    if base.endswith(version):
        return f"Look at model.url and model.name, {other}."
    return f"Try model.url={base}{version}, {other}."


def _request(spec: EndpointSpec, said: str, *, canary: bool) -> str:
    dimensions = (
        f"Look at model.dimensions={spec.dimensions}: model.dims={spec.dimensions} cuts the vectors here, whatever the "
        "endpoint can."
    )
    extra = f"Look at model.extra: {', '.join(spec.extra)}."
    if spec.dimensions is not None and DIMENSIONS.search(said):
        return dimensions
    if not canary and LENGTH.search(said):
        return CUT
    named = [field for field in ("input_type", "prompt_name", "task") if field in said]
    if spec.extra and (canary or any(field in said for field in spec.extra)):
        return extra
    if named:
        return f"Look at model.inputs, which gives '{named[0]}'."
    if not canary:  # the canary was taken: it is something about the texts
        return CUT
    return dimensions if spec.dimensions is not None else f"Look at model.name, and at {PROTOCOLS}."
