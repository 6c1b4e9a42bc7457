"""Exact search and the one order: against brute force, with ties, candidates, self-matches, in blocks."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import toys
from harness.encode.forward import batches, encode
from harness.encode.store import VectorCache
from harness.errors import ModelError
from harness.search import topk
from harness.search.ranking_order import best_rows, id_ranks, ordered, top
from harness.search.vector_rows import unit


def brute_force(row, ids, depth):
    return sorted(((float(score), name) for score, name in zip(row, ids, strict=True)), reverse=True)[:depth]


def in_float64(query, documents, similarity):
    """Scores in exact enough arithmetic, rounded once; unit vectors are float32, as the search has them."""
    if similarity == "cosine":
        query, documents = unit(query[None, :])[0], unit(documents)
    query, documents = query.astype(np.float64), documents.astype(np.float64)
    if similarity == "euclidean":
        return np.float32(-np.sqrt(np.float32(((query - documents) ** 2).sum(axis=1))))
    return np.float32(documents @ query)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("memory", [7 * 12, 1 << 30])
def test_search_equals_brute_force_with_ties(similarity, memory):
    """Vectors on a coarse grid tie often; pieces of any size give the same lists."""
    generator = np.random.default_rng(3)
    documents = generator.integers(-2, 3, size=(60, 3)).astype(np.float32)
    queries = generator.integers(-2, 3, size=(9, 3)).astype(np.float32)
    ids = [f"d{number}" for number in generator.permutation(60)]
    names = [f"q{number}" for number in range(9)]
    found, scores = toys.search(queries, documents, names, ids, similarity=similarity, depth=10, memory=memory)
    for query, documents_of, scores_of in zip(queries, found, scores, strict=True):
        expected = brute_force(in_float64(query, documents, similarity), ids, 10)
        assert [name for _, name in expected] == documents_of
        np.testing.assert_allclose([score for score, _ in expected], scores_of, atol=1e-6)


@pytest.mark.parametrize("cores", [2, 3])
def test_shares_of_the_queries_in_threads_give_the_same_lists(cores, monkeypatch):
    """Vectors on a grid: how many tie with the last place differs from share to share, so arrays differ in width."""
    generator = np.random.default_rng(5)
    documents = generator.integers(-2, 3, size=(400, 3)).astype(np.float32)
    queries = generator.integers(-2, 3, size=(400, 3)).astype(np.float32)
    given = (queries, documents, [f"q{number}" for number in range(400)], [f"d{number}" for number in range(400)])
    several = []
    for count in (1, cores):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, count=count: set(range(count)))
        several.append(toys.search(*given, similarity="dot", depth=10))
    (one, one_scores), (other, other_scores) = several
    assert one == other and np.array_equal(one_scores, other_scores)


def test_candidates_restrict_and_a_zero_vector_is_no_error():
    """A reranking task ranks its pool only; a text without tokens has a zero vector and scores 0."""
    documents = np.array([[1, 0], [0, 1], [0, 0]], dtype=np.float32)
    found, scores = toys.search(
        documents[:1], documents, ["q"], ["a", "b", "c"], similarity="cosine", depth=5, candidates={"q": ["b", "c"]}
    )
    assert found == [["c", "b"]] and scores[0].tolist() == [0.0, 0.0]


def test_top_keeps_all_that_tie_with_the_last_place_until_the_ids_decide():
    """A cut that took any of the tied ones would depend on the order of the corpus."""
    scores = np.array([1, 1, 1, 1, 2], dtype=np.float32)
    ids = ["b", "d", "a", "c", "e"]
    assert [ids[place] for place in top(scores, id_ranks(ids), 3)] == ["e", "d", "c"]


class Lengths:
    """An encoder whose tokens are letters, of which it reads four; its vector says how long the text is."""

    dimension, budget = 2, (64, 8)

    def __init__(self):
        self.seen: list[str] = []

    def prepare(self, texts, prompt=""):
        tokens = np.array([len(prompt + text) for text in texts], dtype=np.int64)
        return SimpleNamespace(texts=texts, tokens=tokens, read=np.minimum(tokens, 4))

    def forward(self, prepared, rows):
        texts = [prepared.texts[row] for row in rows]
        self.seen.extend(texts)
        return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)


def test_engine_encodes_each_distinct_text_once_and_keeps_the_order():
    """Longest first inside, the caller's order outside."""
    model = Lengths()
    done = encode(lambda: model, ["bb", "a", "ccccc", "bb"], VectorCache())
    assert sorted(model.seen) == ["a", "bb", "ccccc"] and model.seen[0] == "ccccc"
    assert done.read()[:, 0].tolist() == [2, 1, 5, 2] and done.read(1, 3)[:, 0].tolist() == [1, 5]
    assert done.facts["tokens"].tolist() == [2, 1, 5, 2] and done.facts["cut"].tolist() == [0, 0, 1, 0]


def test_batches_respect_the_token_budget():
    """Texts of like length together; one that exceeds the budget alone stands alone."""
    lengths = np.array([10_000, 100, 3, 3, 3])
    assert [one.tolist() for one in batches(lengths, 4_096, 64)] == [[0], [1, 2, 3, 4]]


def test_a_batch_that_does_not_fit_is_halved_until_it_does():
    """Out of memory costs time, not the run; a text that does not fit alone is named."""

    class Small(Lengths):
        budget = (1_000, 100)
        room = 8

        def forward(self, prepared, rows):
            if prepared.read[rows].max() * len(rows) > self.room:
                raise MemoryError
            return super().forward(prepared, rows)

    texts = [letter * size for size in range(1, 7) for letter in "abcdefg"]
    model = Small()
    assert encode(lambda: model, texts, VectorCache()).read()[:, 0].tolist() == [len(text) for text in texts]
    model.room = 3
    with pytest.raises(ModelError, match="The text 'doc-2' alone"):
        encode(lambda: model, ["a", "bb", "ccccc"], VectorCache(), names=["doc-0", "doc-1", "doc-2"])


@pytest.mark.parametrize("similarity", ["dot", "euclidean"])
@pytest.mark.parametrize("kind", ["plain", "clustered", "sorted", "constant"])
def test_search_with_a_floor_equals_search_without(similarity, kind, monkeypatch):
    """A sample guesses where the best lie; where the guess is wrong or all scores tie, the lists are the same all the same."""
    generator = np.random.default_rng(1)
    documents = generator.normal(size=(3_000, 8)).astype(np.float32)
    if kind == "clustered":  # nearly everything that is near lies between two documents of the sample
        documents[1_500:1_560] = 5 + generator.normal(size=(60, 8)).astype(np.float32) / 9
    elif kind == "sorted":
        documents = documents[np.argsort(documents[:, 0])]
    elif kind == "constant":
        documents[:] = 0.25
    queries = np.vstack([generator.normal(size=(6, 8)), np.full((1, 8), 3.0)]).astype(np.float32)
    ids = [f"d{number}" for number in generator.permutation(3_000)]
    names = [f"q{number}" for number in range(7)]
    plain = toys.search(queries, documents, names, ids, similarity=similarity, depth=40)
    for sample, memory in ((64, 1 << 30), (64, 500 * 32), (8, 1 << 30)):
        monkeypatch.setattr(topk, "SAMPLE", sample)
        found = toys.search(queries, documents, names, ids, similarity=similarity, depth=40, memory=memory)
        assert found[0] == plain[0]
        np.testing.assert_allclose(found[1], plain[1], atol=1e-6, rtol=1e-6)
    for query, documents_of in zip(queries, plain[0], strict=True):
        assert documents_of == [name for _, name in brute_force(in_float64(query, documents, similarity), ids, 40)]


def test_rows_are_ordered_as_one_row_is():
    """The order of many queries at once is the order of one: float32, then id, descending; zeros of both signs alike."""
    generator = np.random.default_rng(2)
    scores = generator.choice(np.array([-1.5, -0.0, 0.0, 0.25, 3e-39, 7.0, -np.inf], dtype=np.float32), size=(20, 50))
    places = np.stack([generator.permutation(80)[:50] for _ in range(20)])
    ranks = id_ranks([f"d{number}" for number in range(80)])
    found, best = best_rows(places, scores, ranks, 12)
    for row in range(20):
        positions, expected = ordered(places[row], scores[row], ranks, 12)
        real = expected > -np.inf
        assert found[row][: real.sum()].tolist() == positions[real].tolist() and best[row].tolist() == expected.tolist()
