"""Exact search and the one order: against brute force, with ties, candidates, self-matches, in blocks."""

from __future__ import annotations

import numpy as np
import pytest

from harness.encode.engine import batches, encode
from harness.search import exact
from harness.search.order import id_ranks, top


def brute_force(row, ids, depth):
    return sorted(((float(score), name) for score, name in zip(row, ids, strict=True)), reverse=True)[:depth]


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("block", [7, 64_000_000])
def test_search_equals_brute_force_with_ties(similarity, block, monkeypatch):
    """Vectors on a coarse grid tie often; blocks of any size give the same lists."""
    monkeypatch.setattr(exact, "BLOCK", block)
    generator = np.random.default_rng(3)
    documents = generator.integers(-2, 3, size=(60, 3)).astype(np.float32)
    queries = generator.integers(-2, 3, size=(9, 3)).astype(np.float32)
    ids = [f"d{number}" for number in generator.permutation(60)]
    names = [f"q{number}" for number in range(9)]
    found, scores = exact.search(queries, documents, names, ids, similarity=similarity, depth=10)
    left, right = exact.prepared(queries, similarity), exact.prepared(documents, similarity)
    for row, documents_of, scores_of in zip(exact.scored(left, right, similarity), found, scores, strict=True):
        expected = brute_force(row, ids, 10)
        assert [name for _, name in expected] == documents_of
        np.testing.assert_array_equal(np.array([score for score, _ in expected], dtype=np.float32), scores_of)


def test_candidates_restrict_and_a_zero_vector_is_no_error():
    """A reranking task ranks its pool only; a text without tokens has a zero vector and scores 0."""
    documents = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    found, scores = exact.search(
        documents[:1], documents, ["q"], ["a", "b", "c"], similarity="cosine", depth=5, candidates={"q": ["b", "c"]}
    )
    assert found == [["c", "b"]] and scores[0].tolist() == [0.0, 0.0]


def test_top_keeps_all_that_tie_with_the_last_place_until_the_ids_decide():
    """A cut that took any of the tied ones would depend on the order of the corpus."""
    scores = np.array([1, 1, 1, 1, 2], dtype=np.float32)
    ids = ["b", "d", "a", "c", "e"]
    assert [ids[place] for place in top(scores, id_ranks(ids), 3)] == ["e", "d", "c"]


def test_engine_encodes_each_distinct_text_once_and_keeps_the_order():
    """Longest first inside, the caller's order outside."""
    seen: list[str] = []

    class Lengths:
        max_length = 4

        def lengths(self, texts):
            return np.array([len(text) for text in texts])

        def forward(self, texts, prompt=""):
            seen.extend(texts)
            return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)

    done = encode(Lengths(), ["bb", "a", "ccccc", "bb"], dimension=2)
    assert sorted(seen) == ["a", "bb", "ccccc"] and seen[0] == "ccccc"
    assert done.vectors[:, 0].tolist() == [2, 1, 5, 2]
    assert done.tokens.tolist() == [2, 1, 5, 2] and done.cut.tolist() == [0, 0, 1, 0]


def test_batches_respect_the_token_budget():
    """Texts of like length together; one that exceeds the budget alone stands alone."""
    lengths = np.array([10_000, 100, 3, 3, 3])
    assert [one.tolist() for one in batches(lengths)] == [[0], [1, 2, 3, 4]]
