"""A text as an endpoint takes it."""

from __future__ import annotations

from harness.endpoints.budget import tokens_of
from harness.endpoints.spec import EndpointSpec


def sendable(text: str, spec: EndpointSpec) -> str:
    """A text as it is sent: without lone surrogates, which JSON cannot hold; one space where it is empty; cut to
    `max_length` tokens by the rule where the endpoint refuses what is longer."""
    if not text.isascii():
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if not text and not spec.vendor.may_be_empty:
        return " "
    if spec.max_length is None or spec.vendor.truncates or tokens_of(text) <= spec.max_length:
        return text
    low, high = 0, len(text)  # the most characters whose tokens are within the limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if tokens_of(text[:middle]) <= spec.max_length else (low, middle - 1)
    return text[:low]
