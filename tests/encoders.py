"""An encoder without weights for tests of engine and store: its vector is made from the text alone."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace

import numpy as np


class Hashing:
    """Vectors of 8 numbers from the text's digest; a token is a letter, and all are read."""

    dimension, budget = 8, (4_096, 64)

    def __init__(self) -> None:
        self.seen: list[str] = []

    def prepare(self, texts, prompt=""):
        tokens = np.array([len(prompt + text) for text in texts], dtype=np.int64)
        return SimpleNamespace(texts=[prompt + text for text in texts], tokens=tokens, read=tokens)

    def forward(self, prepared, rows):
        texts = [prepared.texts[row] for row in rows]
        self.seen.extend(texts)
        return np.stack([vector(text) for text in texts])


def vector(text: str) -> np.ndarray:
    """What `Hashing` makes of a text."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return np.frombuffer(digest, dtype=np.uint32).astype(np.float32) / 2**32 - 0.5


MAKER = {
    "weights": "w",
    "prompt": "",
    "layout": "x",
    "normalize": None,
    "max_length": None,
    "dtype": "float32",
    "runtime": "torch",
}

WRITER = """
import sys, pathlib
sys.path.insert(0, {tests!r})
from encoders import Hashing, MAKER
from harness.encode import forward
from harness.encode.store import StoredVectors
forward.FIRST, forward.SECONDS, forward.LEAST = 16, 0.0, 16
texts = [f"text {{number}} of a corpus" for number in range({texts})]
encoder = Hashing()
forward.encode(lambda: encoder, texts, StoredVectors(pathlib.Path({store!r}), MAKER))
print(len(encoder.seen))
"""
"""A process that encodes a corpus in shards of 16."""
