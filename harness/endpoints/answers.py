"""A reply → what arrived, what is to be asked again, or the one line that stops."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.endpoints.protocol import Malformed, Numbers, Vendor
from harness.endpoints.transport import Reply, retry_after

AGAIN = (408, 429)
"""Statuses below 500 that may pass by themselves."""
SLOW = (408, 504, 524)
"""Statuses of a host in front that waited in vain."""
MUCH = 20_000_000
"""Bytes of a refusal that are read: it may repeat all texts, and half a JSON would hide its own words."""
AWAY = (502, 503)
"""Statuses of a host in front of nobody, or of a server that still loads."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request.

    Attributes:
        vectors: Position in the request → vector.
        tokens: As the endpoint reported them.
        billed: Whether the endpoint may have billed it.
        model: The name of what answered; empty where it does not say.
        fault: Why not all arrived; empty where it did.
        said: What the endpoint says of the fault, as it came: it may hold the key and the texts.
        status: Of the reply; 0 where there is none.
        final: True if asking again cannot help.
        slow: True if the answer was given up after a timeout: a smaller request may be answered.
        away: True if nobody is there, which passes while a server starts.
        wait: Seconds that the endpoint asks to wait; None where it does not say.
        seconds: How long it took.
    """

    vectors: Mapping[int, Numbers] = field(default_factory=dict)
    tokens: int | None = None
    billed: bool = False
    model: str = ""
    fault: str = ""
    said: str = ""
    status: int = 0
    final: bool = False
    slow: bool = False
    away: bool = False
    wait: float | None = None
    seconds: float = 0.0


def outcome(reply: Reply, vendor: Vendor, count: int) -> Outcome:
    """What a reply to a request for `count` texts comes to."""
    if reply.status == 200:
        return _answered(reply, vendor, count)
    said, status = reply.content[:MUCH].decode("utf-8", "replace").strip(), reply.status
    fault = f"HTTP {status}"
    passing = status in AGAIN or status >= 500
    if not passing or "insufficient_quota" in said:  # OpenAI's 429 for an account without credit
        return Outcome(fault=fault, said=said, status=status, final=True)
    wait = retry_after(reply.headers, time.time())
    return Outcome(
        fault=fault, said=said, status=status, wait=wait, slow=status in SLOW, away=status in AWAY and wait is None
    )


def _answered(reply: Reply, vendor: Vendor, count: int) -> Outcome:
    try:
        payload, partial = reply.payload()
        answer = vendor.read(payload, reply.headers, count, partial=partial)
    except (Malformed, ValueError) as error:
        return Outcome(billed=True, fault=f"an answer that cannot be read: {error}")
    fault = "" if len(answer.vectors) == count else f"an answer with {len(answer.vectors)} of {count} vectors"
    if partial and not fault:
        return Outcome(answer.vectors, billed=True, model=answer.model)
    tokens = None if partial else answer.tokens
    return Outcome(answer.vectors, tokens, billed=True, model=answer.model, fault=fault)
