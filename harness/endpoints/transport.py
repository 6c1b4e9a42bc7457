"""Requests over the wire: OpenAI's by the `openai` package, all others by the HTTP client that comes with it.

Neither retries: that is the client's business, who knows what a retry would bill. The key goes into a header here and
nowhere else.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.endpoints.protocol import Request
from harness.errors import ModelError


@dataclass(frozen=True)
class Address:
    """Where an endpoint is: base URL, headers (with the key, which no repr shows), seconds until an answer is given up."""

    url: str
    key: str = field(default="", repr=False)
    key_header: tuple[str, str] = ("Authorization", "Bearer ")
    timeout: float = 60.0


@dataclass(frozen=True)
class Reply:
    """Status, headers (names in lower case) and body."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def payload(self) -> tuple[Any, bool]:
        """The JSON of the body, and whether it breaks off; `ValueError` where it is none at all."""
        try:
            return json.loads(self.content), False
        except ValueError:
            import jiter

            return jiter.from_json(self.content, partial_mode=True), True


class Unanswered(Exception):
    """No answer came.

    Attributes:
        sent: False where the request cannot have reached the endpoint, and so billed nothing.
        slow: It was given up after the timeout.
        final: Nobody there speaks the URL's scheme, now or later.
    """

    def __init__(self, reason: str, *, sent: bool, slow: bool = False, final: bool = False) -> None:
        super().__init__(reason)
        self.sent, self.slow, self.final = sent, slow, final


class Transport(Protocol):
    """Sends one request; any number of threads may."""

    def send(self, request: Request) -> Reply:
        """The reply, whatever its status; `Unanswered` where there is none."""

    def close(self) -> None:
        """Let go of the connections."""


class Plain:
    """POST of JSON."""

    def __init__(self, address: Address) -> None:
        httpx = _httpx()
        name, before = address.key_header
        headers = {name: before + address.key} if address.key else {}
        self._address = address
        self._client = httpx.Client(headers=headers, timeout=address.timeout, follow_redirects=False)

    def send(self, request: Request) -> Reply:
        """The reply."""
        httpx = _httpx()
        try:
            reply = self._client.post(self._address.url + request.path, json=dict(request.body))
        except httpx.RequestError as error:
            raise _unanswered(error) from None
        return _reply(reply)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


class ByOpenAI:
    """The `openai` client with a base URL."""

    def __init__(self, address: Address) -> None:
        openai = _openai()
        self._headers = {} if address.key else {"Authorization": openai.Omit()}
        self._client = openai.OpenAI(
            base_url=address.url,
            api_key=address.key or "none",  # None would take whatever OPENAI_API_KEY holds, to whatever host
            timeout=address.timeout,
            max_retries=0,
        )

    def send(self, request: Request) -> Reply:
        """The reply, as it came: what the package would make of it is not needed."""
        openai = _openai()
        body = dict(request.body)
        own = {key: body.pop(key) for key in ("model", "input", "encoding_format", "dimensions") if key in body}
        try:
            raw = self._client.embeddings.with_raw_response
            reply = raw.create(**own, extra_body=body or None, extra_headers=self._headers).http_response
        except openai.APIStatusError as error:
            reply = error.response
        except openai.APIConnectionError as error:
            raise _unanswered(error.__cause__ or error) from None
        return _reply(reply)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that Retry-After asks to wait, from its seconds or its HTTP date; None where it says nothing.

    Args:
        now: Seconds since the epoch.
    """
    from email.utils import parsedate_to_datetime

    stated = headers.get("retry-after", "").strip()
    try:
        seconds = float(stated)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(stated).timestamp() - now
        except (TypeError, ValueError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _unanswered(error: BaseException) -> Unanswered:
    httpx = _httpx()
    unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    reason = f"{type(error).__name__}: {error}".rstrip(": ")
    slow = isinstance(error, httpx.ReadTimeout)
    return Unanswered(reason, sent=not unsent, slow=slow, final=unsent and "SSL" in reason)


def _reply(reply: Any) -> Reply:
    return Reply(int(reply.status_code), {key.lower(): value for key, value in reply.headers.items()}, reply.content)


def _openai() -> Any:
    try:
        import openai
    except ImportError:
        raise _lacking("openai") from None
    return openai


def _httpx() -> Any:
    try:
        import httpx2
    except ImportError:
        raise _lacking("httpx2") from None
    return httpx2


def _lacking(name: str) -> ModelError:
    return ModelError(f"Embedding endpoints need the package '{name}': pip install 'embedding-harness[api]'.")
