"""What a text, or a pair of texts, is known by in the store: BLAKE2b digests of 128 bits of its UTF-8."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from harness.encode.shard import KEY, Keys


def text_keys(texts: Iterable[str]) -> Keys:
    """Of each text; a lone surrogate, which has no UTF-8, is kept apart."""
    return _keys(_digest(text.encode("utf-8", "surrogatepass")) for text in texts)


def pair_keys(pairs: Iterable[tuple[str, str]]) -> Keys:
    """Of each pair, from the digests of both texts in their order: a text of many pairs is digested once."""
    known: dict[str, bytes] = {}

    def of(text: str) -> bytes:
        if text not in known:
            known[text] = _digest(text.encode("utf-8", "surrogatepass"))
        return known[text]

    return _keys(_digest(of(first) + of(second)) for first, second in pairs)


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=KEY).digest()


def _keys(digests: Iterable[bytes]) -> Keys:
    return np.frombuffer(b"".join(digests), dtype=f"S{KEY}")
