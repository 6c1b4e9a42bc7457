"""Canonical names on the command line, as people type them."""

from __future__ import annotations

import pytest

from harness.config.label import label
from harness.config.tokens import spelled_out


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("measures=nDCG@10", ["measures=[nDCG@10]"]),
        ("measures=nDCG@10,MAP", ["measures=[nDCG@10,MAP]"]),
        ("measures=[nDCG@10,MAP]", ["measures=[nDCG@10,MAP]"]),
        ("measures=[success(rel=2)@5,MAP]", ['measures=["success(rel=2)@5",MAP]']),
        ("measures=[]", ["measures=[]"]),
        ('measures=["nDCG(gain=exp)@10"]', ['measures=["nDCG(gain=exp)@10"]']),
        ("model=bm25(k1=0.9,b=0.4)", ["model=bm25", "model.k1=0.9", "model.b=0.4"]),
        ("task=legal(split=dev)", ["task=legal", "task.split=dev"]),
        ("model=glob(*)", ["model=glob(*)"]),
        ("model=minilm,bm25", ["model=minilm,bm25"]),
        ("model=rrf/bm25+minilm(dims=128)", ["model=rrf", 'model.systems=["bm25","minilm(dims=128)"]']),
        (
            "model=rerank(k=5)/rrf/bm25(b=0.4,k1=0.9)+minilm:wordllama",
            ["model=rerank", 'model.systems=["rrf/bm25(b=0.4,k1=0.9)+minilm","wordllama"]', "model.k=5"],
        ),
    ],
)
def test_what_is_typed_is_spelled_out_for_hydra(typed, meant):
    """A list of one needs no brackets; brackets of a name need no quotes."""
    assert spelled_out([typed]) == meant


def test_a_label_names_what_differs_and_what_was_left_open():
    """And not where a folder lies."""
    assert label("bm25", {"k1": 0.9, "b": 0.75}, {"k1": 1.5, "b": 0.75}) == "bm25(k1=0.9)"
    assert label("hub", {"name": "a/b", "dtype": "float32"}, {"dtype": "float32"}) == "hub/a/b"
    assert label("path", {"path": "/home/me/models/mine/"}, {}) == "path/mine"
