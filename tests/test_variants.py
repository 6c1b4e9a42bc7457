"""Shortened and quantised vectors: what is searched is what is kept, and its numbers are those of the plain arithmetic."""

from __future__ import annotations

import json

import numpy as np
import pytest

import toys
from conftest import opened
from harness.data.beir import read_folder
from harness.errors import ConfigError, NotApplicable
from harness.measures.evaluate import evaluate
from harness.search import topk
from harness.search.compression import Variant
from harness.search.quantized_index import QuantizedIndex, signs
from harness.search.vector_rows import InMemory, unit
from harness.types import Task
from toys import search

GENERATOR = np.random.default_rng(11)
DOCUMENTS = GENERATOR.normal(size=(500, 48)).astype(np.float32)
QUERIES = GENERATOR.normal(size=(7, 48)).astype(np.float32)
IDS = [f"d{number}" for number in GENERATOR.permutation(500)]
NAMES = [f"q{number}" for number in range(7)]


def ranked(variant: Variant, similarity: str = "cosine", depth: int = 20, memory: int = 1 << 30):
    return search(
        QUERIES, DOCUMENTS, NAMES, IDS, similarity=similarity, depth=depth, variant=variant, memory=memory
    )  # fmt: skip


def by_hand(scores: np.ndarray, depth: int = 20) -> list[str]:
    return [name for _, name in sorted(zip(scores.tolist(), IDS, strict=True), reverse=True)[:depth]]


def test_dims_are_the_first_numbers_brought_to_length_one_again():
    """Cosine of the cut vectors, not the cut of the cosine."""
    ids, scores = ranked(Variant(dims=16))
    expected = unit(QUERIES[:, :16]) @ unit(DOCUMENTS[:, :16]).T
    for row, found, score in zip(expected, ids, scores, strict=True):
        assert found == by_hand(row) and np.allclose(score, np.sort(row)[::-1][:20], atol=1e-6)


@pytest.mark.parametrize("memory", [1 << 30, 100 * 48 * 4])
def test_binary_ranks_by_the_signs_and_breaks_its_many_ties_by_id(memory):
    """48 bits give few different scores: every tie at the edge is fetched, and the id decides as everywhere."""
    ids, scores = ranked(Variant(precision="binary"), memory=memory)
    expected = np.sign(unit(QUERIES)) @ np.sign(unit(DOCUMENTS)).T
    for row, found, score in zip(expected, ids, scores, strict=True):
        assert found == by_hand(row) and score.tolist() == np.sort(row)[::-1][:20].tolist()
    assert signs(DOCUMENTS).nbytes == 500 * 6 == 500 * Variant(precision="binary").bytes_per_document(48)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize(("precision", "error"), [("float16", 2e-3), ("int8", 4e-2)])
def test_a_quantised_score_is_the_exact_one_within_its_step(similarity, precision, error):
    """float16 rounds to 11 bits, int8 to 256 steps between least and greatest: the scores are off by no more."""
    _, scores = ranked(Variant(precision=precision), similarity)
    _, exact = ranked(Variant(), similarity)
    for one, other in zip(scores, exact, strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        assert 0 < np.abs(one - other).max() < error * scale


def test_rescoring_gives_back_the_exact_scores():
    """What the index fetched is scored from the whole vectors: equal where it was fetched, and with enough of it, equal."""
    exact = ranked(Variant())
    again = ranked(Variant(precision="binary", rescore=25))  # 25 × 20 = the whole corpus
    assert again[0] == exact[0] and all(np.allclose(a, b, atol=1e-6) for a, b in zip(again[1], exact[1], strict=True))
    few, none = ranked(Variant(precision="binary", rescore=4)), ranked(Variant(precision="binary"))
    hits = [sum(len(set(a) & set(b)) for a, b in zip(one[0], exact[0], strict=True)) for one in (few, none)]
    assert hits[0] > hits[1]


def test_an_index_holds_the_bytes_that_are_claimed():
    """faiss' own account of its codes."""
    for precision, size in (("float16", 96), ("int8", 48), ("binary", 6)):
        index = QuantizedIndex(InMemory(DOCUMENTS), Variant(precision=precision), euclidean=False, memory=1 << 30)
        assert index._index.code_size == size == Variant(precision=precision).bytes_per_document(48)
        assert index.size == 500 * size


@pytest.mark.parametrize("euclidean", [False, True])
def test_torch_finds_what_numpy_finds(euclidean):
    """The search of an accelerator, here on the CPU."""
    place, score = topk._best(QUERIES, DOCUMENTS, 30, euclidean=euclidean)
    other, again = topk.with_torch(QUERIES, DOCUMENTS, 30, euclidean=euclidean, device="cpu")
    assert [set(row) for row in place.tolist()] == [set(row) for row in other.tolist()]
    np.testing.assert_allclose(np.sort(score), np.sort(again), atol=1e-4)


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        (Variant(dims=49), "model.dims=49 is not within the vectors' 48"),
        (Variant(dims=0), "model.dims=0"),
        (Variant(rescore=4), "model.rescore=4 with precision=float32"),
        (Variant(precision="int4"), "model.precision=int4 is not known"),
    ],
)
def test_what_no_vector_can_be_is_refused(variant, said):
    """One line with the valid choices."""
    with pytest.raises(ConfigError, match=said):
        ranked(variant)


def test_a_task_without_an_index_has_no_precision(wordllama):
    """Candidate lists and delegated tasks: a float32 number would stand in the row of int8."""
    with pytest.raises(NotApplicable, match="precision=int8"):
        search(
            QUERIES, DOCUMENTS, NAMES, IDS, similarity="dot", depth=3, candidates=dict.fromkeys(NAMES, IDS[:5]),
            variant=Variant(precision="int8"),
        )  # fmt: skip
    with pytest.raises(NotApplicable, match="precision=int8"):
        opened("wordllama", precision="int8").encode(["a"], "document")
    assert opened("wordllama", dims=64).encode(["a"], "document").shape == (1, 64)


def test_a_ladder_is_computed_from_one_encode(harness, tmp_path, monkeypatch):
    """Every variant is a row with its bytes; the texts are encoded once; the plot is drawn."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "kept"))
    done = harness("model=wordllama", "task=faq")
    assert done.returncode == 0
    done = harness(
        "-m",
        "model=wordllama",
        "model.dims=32,256",
        "model.precision=float32,int8,binary",
        "task=faq",
        "progress=false",
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(path.read_text()) for path in tmp_path.glob("results/records/faq/*/record.json")]
    facts = {one["system"]: one["facts"]["bytes"] for one in records}
    assert facts["wordllama"] == 1024 and facts["wordllama(dims=32,precision=binary)"] == 4
    assert facts["wordllama(dims=256,precision=int8)"] == 256
    fresh = {one["system"]: sum(one["checks"]["fresh"].values()) for one in records}
    assert fresh.pop("wordllama") > 600 and set(fresh.values()) == {0}
    speeds = {round(one["seconds"]["encode_document"], 3) for one in records}
    assert len(speeds) == 1  # what the store answers says what it cost when it was encoded
    assert (tmp_path / "results" / "plots" / "kept.png").exists()
    assert "| 1,024 |" in (tmp_path / "results" / "leaderboard.md").read_text()


@pytest.mark.slow
def test_a_ladder_on_scifact_falls_as_it_should(shared):
    """minilm with fewer numbers and bits: less of everything, and the whole of it at float16."""
    scifact = Task(read_folder(shared / "scifact", "test", "scifact"), ("nDCG@10",), name="scifact")
    means = {}
    for variant in (Variant(), Variant(precision="float16"), Variant(dims=64), Variant(precision="binary")):
        system = opened("minilm", dims=variant.dims, precision=variant.precision)
        (scores,) = evaluate(toys.ranked(system, scifact), scifact.dataset, ["nDCG@10"])
        means[variant] = scores.values.mean()
    whole, half, short, bits = means.values()
    assert abs(whole - half) < 2e-3 and short < whole - 0.1 and bits < whole - 0.02
