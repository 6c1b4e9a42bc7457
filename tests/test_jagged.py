"""Several rows for each text, in the store and out of it: vectors of tokens, weights of terms, and scores of pairs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from encoders import MAKER
from harness.encode import upkeep
from harness.encode.engine import stored
from harness.encode.forward import Forward
from harness.encode.keys import pair_keys, text_keys
from harness.encode.shard import ENDING, Damaged, Shard
from harness.encode.store import StoredVectors, VectorCache
from harness.errors import VectorError
from harness.jagged import TERMS, Jagged, joined, starts_of

TEXTS = [f"{number} " * (number % 7 + 1) for number in range(200)]


def rows_of(text: str, layout: str) -> np.ndarray:
    """As many rows as the text has words, drawn from the text itself; a text of three words has none."""
    count = len(text.split()) if len(text.split()) != 3 else 0
    generator = np.random.default_rng(sum(text.encode()))
    if layout == "tokens":
        return generator.normal(size=(count, 8)).astype(np.float32)
    rows = np.zeros(count, dtype=TERMS)
    rows["term"], rows["weight"] = np.sort(generator.choice(30_000, count, replace=False)), generator.random(count)
    return rows


class Prepared:
    def __init__(self, texts: list[str]) -> None:
        self.texts = texts
        self.tokens = self.read = np.array([len(text.split()) for text in texts])


class Rows:
    """A model whose forward pass gives several rows for each text."""

    def __init__(self, layout: str) -> None:
        self.layout, self.dimension, self.budget, self.seen = layout, 8 if layout == "tokens" else 1, (20, 5), 0

    def prepare(self, texts, prompt=""):
        self.seen += len(texts)
        return Prepared(list(texts))

    def forward(self, prepared, rows):
        parts = [rows_of(prepared.texts[row], self.layout) for row in rows]
        return Jagged(np.concatenate(parts), starts_of(np.array([len(part) for part in parts])))


def expect(rows: Jagged, texts: list[str], layout: str) -> None:
    assert len(rows) == len(texts)
    for at, text in enumerate(texts):
        np.testing.assert_array_equal(rows.values[rows.starts[at] : rows.starts[at + 1]], rows_of(text, layout))


@pytest.mark.parametrize("layout", ["tokens", "terms"])
def test_rows_come_back_as_they_were_made_from_any_number_of_shards(tmp_path: Path, layout: str) -> None:
    """In any order, each text encoded once, also after the shards were joined."""
    model = Rows(layout)
    for part in (TEXTS[:50], TEXTS[30:150], TEXTS[::-1]):
        expect(stored(lambda: Forward(model), part, StoredVectors(tmp_path, MAKER)).read_jagged(), part, layout)
    assert model.seen == len(set(TEXTS)) and len(list(tmp_path.glob(f"*/*{ENDING}"))) == 3
    (holding,) = upkeep.holdings(tmp_path, verify=True)
    assert holding.damaged == () and holding.rows == len(TEXTS)
    upkeep.compact(holding)
    assert len(list(tmp_path.glob(f"*/*{ENDING}"))) == 1
    again = stored(lambda: Forward(model), TEXTS[5:90], StoredVectors(tmp_path, MAKER))
    expect(again.read_jagged(), TEXTS[5:90], layout)
    expect(again.read_jagged(3, 9), TEXTS[8:14], layout)
    assert model.seen == len(TEXTS)
    expect(stored(lambda: Forward(model), TEXTS, VectorCache()).read_jagged(), TEXTS, layout)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_a_damaged_block_is_never_read(tmp_path: Path, place: float) -> None:
    """A text's rows may lie in several blocks; one wrong byte in any of them and all are encoded again."""
    long = ["word " * 9_000, "other " * 9_000, *TEXTS]  # more than a block each
    model = Rows("tokens")
    whole = stored(lambda: Forward(model), long, StoredVectors(tmp_path, MAKER)).read_jagged()
    (path,) = tmp_path.glob(f"*/*{ENDING}")
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(Damaged):
        Shard(path).verify()
    again = stored(lambda: Forward(model), long, StoredVectors(tmp_path, MAKER)).read_jagged()
    np.testing.assert_array_equal(again.values, whole.values)
    assert model.seen == 2 * len(long)


def test_half_precision_rounds_vectors_and_leaves_terms(tmp_path: Path) -> None:
    """The numbers of terms are as long as their weights: half of one saves little, and rounds."""
    for layout in ("tokens", "terms"):
        cache = StoredVectors(tmp_path / layout, MAKER, "float16")
        values = stored(lambda layout=layout: Forward(Rows(layout)), TEXTS, cache).read_jagged().values
        assert values.dtype == (np.float16 if layout == "tokens" else TERMS)


def test_rows_that_are_no_numbers_are_refused_with_their_text() -> None:
    """One NaN among a text's rows would silently lose every match with it."""

    class Broken(Rows):
        def forward(self, prepared, rows):
            made = super().forward(prepared, rows)
            made.values[-1] = np.nan
            return made

    with pytest.raises(VectorError, match="NaN or infinity for the text 'b'"):
        stored(lambda: Forward(Broken("tokens")), ["1 2", "1"], VectorCache(), names=["a", "b"])


def test_lengths_are_those_of_the_rows() -> None:
    """The mean length of a text's vectors; the length of its sparse vector."""
    tokens = Jagged(np.array([[3, 4], [0, 1], [6, 8]], dtype=np.float32), starts_of(np.array([2, 0, 1])))
    np.testing.assert_allclose(tokens.norms(), [3, 0, 10])
    terms = np.array([(1, 3.0), (2, 4.0)], dtype=TERMS)
    np.testing.assert_allclose(Jagged(terms, np.array([0, 0, 2])).norms(), [0, 5])
    both = joined([tokens, tokens])
    assert isinstance(both, Jagged)
    np.testing.assert_array_equal(both.starts, [0, 2, 2, 3, 5, 5, 6])
    np.testing.assert_array_equal(both.take(np.array([3, 2])).values, tokens.values[[0, 1, 2]])


def test_pairs_are_known_by_both_texts_in_their_order() -> None:
    """No pair has the key of another whose joined texts are the same, nor of itself turned round."""
    keys = pair_keys([("ab", "c"), ("a", "bc"), ("c", "ab"), ("ab", "c"), ("", "abc")])
    assert keys[0] == keys[3] and len(set(keys.tolist())) == 4
    assert not set(keys.tolist()) & set(text_keys(["abc", "ab", "c"]).tolist())
