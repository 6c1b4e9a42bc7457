"""What a vendor's request and answer look like. One file per vendor; the client knows none of them by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Numbers = Sequence[float]


class Malformed(Exception):
    """An answer that is not what the vendor's specification says; the text says what is wrong with it."""


@dataclass(frozen=True)
class Settings:
    """What is asked of an endpoint beside the texts; all of it is part of the vectors' key.

    Attributes:
        model: The vendor's name of the model.
        dimensions: Numbers per vector that are asked for; None leaves the model's own.
        input_type: The vendor's word for what the texts are, such as `search_query`; empty sends none.
        extra: Further fields of the request, such as `{truncate_prompt_tokens: 512}` for vLLM.
    """

    model: str
    dimensions: int | None = None
    input_type: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What is sent: the path below the base URL, and the JSON body."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What an answer holds: position in the request → vector, the tokens that are billed (None: not said), and the name of
    the model that answered (empty: not said)."""

    vectors: Mapping[int, Numbers]
    tokens: int | None = None
    model: str = ""


class Vendor(Protocol):
    """A protocol. It has no state.

    Attributes:
        version: Name and version of the protocol as it stands in a key: a change that can move a vector counts it up.
        url: The vendor's own base URL; empty where everybody runs their own.
        key_env: Environment variable of the key for that URL.
        key_header: Header that carries the key, and what stands in front of it there.
        texts, tokens: Texts, and tokens, that a request may hold unless the model's YAML says otherwise.
        truncates: True if the endpoint cuts texts that are too long; else they are cut before they are sent.
        may_be_empty: True if a text may be empty; else one space is sent for it.
    """

    version: str
    url: str
    key_env: str
    key_header: tuple[str, str]
    texts: int
    tokens: int
    truncates: bool
    may_be_empty: bool

    def inputs(self) -> Mapping[str, str]:
        """The vendor's input types by role, task type or task name, in mteb's mapping of them."""

    def request(self, texts: Sequence[str], settings: Settings) -> Request:
        """The request for the vectors of texts."""

    def read(self, payload: Any, headers: Mapping[str, str], count: int, *, partial: bool) -> Answer:
        """What an answer to a request for `count` texts holds.

        Args:
            headers: Of the answer, by their names in lower case.
            partial: The JSON breaks off: its last vector is not whole and is left out.

        Raises:
            Malformed: It is not what the specification says.
        """


def indexed(payload: Any, count: int, *, partial: bool, tokens: str) -> Answer:
    """An answer in OpenAI's form: `data` with `index` and `embedding`, in whatever order; the usage under that name; `model`."""
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, list):
        raise Malformed("the answer has no list 'data'")
    vectors: dict[int, Numbers] = {}
    for entry in data[:-1] if partial else data:
        index, vector = (entry.get("index"), entry.get("embedding")) if isinstance(entry, dict) else (None, None)
        if not isinstance(index, int) or not isinstance(vector, list) or not 0 <= index < count or index in vectors:
            raise Malformed(f"an entry of 'data' has the index {index!r} among {count} texts, or no embedding")
        vectors[index] = vector
    usage, model = payload.get("usage"), payload.get("model")
    reported = counted(usage.get(tokens) if isinstance(usage, dict) else None)
    return Answer(vectors, reported, model if isinstance(model, str) else "")


def in_order(vectors: Any, count: int, *, partial: bool, tokens: int | None = None) -> Answer:
    """An answer without indices, whose vectors stand in the order of the request.

    Where there are fewer than texts, nobody can say which are missing: `Malformed`. Of one that breaks off, those before
    the break are in their places.
    """
    if not isinstance(vectors, list) or not all(isinstance(vector, list) for vector in vectors):
        raise Malformed("the answer has no list of vectors")
    if len(vectors) > count or (len(vectors) < count and not partial):
        raise Malformed(f"the answer has {len(vectors)} vectors for {count} texts")
    return Answer(dict(enumerate(vectors[:-1] if partial else vectors)), tokens)


def counted(tokens: Any) -> int | None:
    """A count of tokens as an answer states it; None where it is none."""
    try:
        return max(0, int(tokens)) if tokens is not None else None
    except (TypeError, ValueError):
        return None
