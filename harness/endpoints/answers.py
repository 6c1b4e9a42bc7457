"""A reply → what arrived, what is to be asked again, or the one line that stops."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.endpoints.protocol import Malformed, Numbers, Vendor
from harness.endpoints.transport import Reply, retry_after

AGAIN = (408, 429)
"""Statuses below 500 that may pass by themselves."""
HINTS = {
    400: "Look whether a text is longer than the model takes (model.max_length=N cuts them), and at model.extra.",
    401: "Look at the key.",
    403: "Look at the key, and whether it may use this model.",
    404: "Look at model.url (the base, without /embeddings) and model.name.",
    413: "Lower model.texts or model.tokens, what a request may hold.",
    422: "Look whether a text is longer than the model takes (model.max_length=N cuts them).",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Attributes:
        vectors: Position in the request → vector.
        tokens: As the endpoint reported them.
        billed: Whether the endpoint may have billed it.
        fault: Why not all arrived; empty where it did.
        final: True if asking again cannot help.
        wait: Seconds that the endpoint asks to wait; None where it does not say.
        hint: How a person may mend it.
    """

    vectors: Mapping[int, Numbers] = field(default_factory=dict)
    tokens: int | None = None
    billed: bool = False
    fault: str = ""
    final: bool = False
    wait: float | None = None
    hint: str = ""


def outcome(reply: Reply, vendor: Vendor, count: int) -> Outcome:
    """What a reply to a request for `count` texts comes to."""
    if reply.status == 200:
        return _answered(reply, vendor, count)
    said = (
        reply.content[:100_000].decode("utf-8", "replace").strip()
    )  # whole: the key in it is taken out before it is cut
    fault = f"HTTP {reply.status}{f': {said}' if said else ''}"
    passing = reply.status in AGAIN or reply.status >= 500
    if passing and "insufficient_quota" not in said:  # OpenAI's 429 for an account without credit
        return Outcome(fault=fault, wait=retry_after(reply.headers, time.time()))
    return Outcome(fault=fault, final=True, hint=HINTS.get(reply.status, ""))


def _answered(reply: Reply, vendor: Vendor, count: int) -> Outcome:
    try:
        payload, partial = reply.payload()
        answer = vendor.read(payload, reply.headers, count, partial=partial)
    except (Malformed, ValueError) as error:
        return Outcome(billed=True, fault=f"an answer that cannot be read: {error}")
    fault = "" if len(answer.vectors) == count else f"an answer with {len(answer.vectors)} of {count} vectors"
    if partial and not fault:
        return Outcome(answer.vectors, billed=True)
    return Outcome(answer.vectors, None if partial else answer.tokens, billed=True, fault=fault)
