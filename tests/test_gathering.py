"""Vectors that arrive in parts: each is kept as it comes, small ones become one shard, and what is left out is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders import MAKER, vector
from harness.encode.engine import Arrival, stored
from harness.encode.gathering import PARTS
from harness.encode.shard import ENDING, Shard
from harness.encode.store import StoredVectors, VectorCache
from harness.errors import ModelError, VectorError

TEXTS = [f"text {number} of a corpus" for number in range(700)]


class InParts:
    """Gives so many texts at a time, backwards; may stop, leave some out, or change its dimension."""

    dimension = 8

    def __init__(self, size: int = 3, stop: int | None = None, skip: int = 0, cut: int = 8) -> None:
        self.size, self.stop, self.skip, self.cut = size, stop, skip, cut
        self.seen: list[str] = []

    def arrivals(self, texts: Sequence[str], labels: Sequence[Any], prompt: str, told: Any):
        rows = np.arange(len(texts))[::-1][self.skip :]
        for number, start in enumerate(range(0, len(rows), self.size)):
            if number == self.stop:
                raise ModelError("the endpoint went away")
            part = rows[start : start + self.size]
            self.seen += [texts[row] for row in part]
            ones = np.ones(len(part), dtype=np.int64)
            yield Arrival(part, np.stack([vector(texts[row]) for row in part])[:, : self.cut], ones, ones)


def shards(folder: Path) -> list[Path]:
    return list(folder.glob(f"*/*{ENDING}"))


@pytest.mark.parametrize("cache", ["stored", "memory"])
def test_parts_are_kept_and_found(tmp_path, cache):
    """Whatever the size and order of the parts, each text has its vector, and few files are left."""
    where = StoredVectors(tmp_path, MAKER) if cache == "stored" else VectorCache()
    embedder = InParts()
    found = stored(lambda: embedder, [*TEXTS, TEXTS[0]], where)
    np.testing.assert_array_equal(found.read(), np.stack([vector(text) for text in [*TEXTS, TEXTS[0]]]))
    assert sorted(embedder.seen) == sorted(TEXTS) and found.fresh == len(TEXTS)
    if cache == "stored":  # 234 parts: a file for each 64 of them
        assert len(shards(tmp_path)) == -(-234 // PARTS) and sum(Shard(one).rows for one in shards(tmp_path)) == len(
            TEXTS
        )
        assert stored(lambda: embedder, TEXTS, StoredVectors(tmp_path, MAKER)).fresh == 0


@pytest.mark.parametrize("stop", [1, 5, 63, 64, 65, 200])
def test_what_arrived_before_a_fault_is_not_asked_for_again(tmp_path, stop):
    """Parts are on disk before the next is asked for, joined or not."""
    with pytest.raises(ModelError, match="went away"):
        stored(lambda: InParts(stop=stop), TEXTS, StoredVectors(tmp_path, MAKER))
    again = InParts()
    found = stored(lambda: again, TEXTS, StoredVectors(tmp_path, MAKER))
    assert len(again.seen) == len(TEXTS) - 3 * stop
    np.testing.assert_array_equal(found.read(), np.stack([vector(text) for text in TEXTS]))


def test_a_reader_between_listing_and_joining_finds_every_vector(tmp_path, monkeypatch):
    """Its files are gone when it opens them: it lists again, instead of having the texts made once more."""
    stored(InParts, TEXTS[:30], StoredVectors(tmp_path, MAKER))
    (path,) = shards(tmp_path)
    listed = path.with_name(f"00{ENDING}")
    listed.write_bytes(path.read_bytes())
    path.rename(tmp_path / "joined")
    real = Shard.__init__

    def joined_meanwhile(self: Shard, file: Path) -> None:
        if file.name == listed.name and listed.exists():
            listed.unlink()
            (tmp_path / "joined").rename(path)
        real(self, file)

    monkeypatch.setattr(Shard, "__init__", joined_meanwhile)
    assert len(StoredVectors(tmp_path, MAKER)) == 30


def test_an_embedder_that_leaves_texts_out_or_changes_is_refused(tmp_path):
    """Neither a row of zeros nor a mixture of two models."""
    with pytest.raises(ModelError, match="no vector for 1 of 700 texts"):
        stored(lambda: InParts(skip=1), TEXTS, StoredVectors(tmp_path, MAKER))
    with pytest.raises(VectorError, match=r"has 4 numbers, and those that were stored before .* have 8"):
        stored(lambda: InParts(cut=4), [*TEXTS, "new"], StoredVectors(tmp_path, MAKER))
