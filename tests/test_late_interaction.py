"""Late interaction: sentence-transformers' own scores, and none of the silent ways in which MaxSim goes wrong."""

from __future__ import annotations

import dataclasses
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
from harness.jagged import Jagged, starts_of
from harness.registry import systems
from harness.search.coded_rows import coded
from harness.search.maxsim import KeptRows, MaxSimIndex
from harness.types import Purpose, Texts

TEXTS = [
    "A refund is paid within ten days.",
    "Refunds",
    "How do I reset my password? Open the settings, choose 'Account', and follow the link that you are sent. " * 3,
    "The supplier shall deliver the goods within thirty days of the order, unless agreed otherwise in writing.",
    "?!",
    "Naïve café — 東京 😀",
] + [f"Clause {number}: " + "the parties agree on the terms of delivery; " * (number % 9) for number in range(34)]
QUERIES = [f"{text.split('.')[0][:60]} {number}" for number, text in enumerate(TEXTS[:25])]


def opened(choice: str = "minilm-tokens", *, folder: Path | None = None, **options: object):
    written = yaml.safe_load((ROOT / "conf" / "model" / f"{choice}.yaml").read_text())
    written.pop("defaults")
    context = options.pop("context", None) or Context(device="cpu", hub=Hub(folder=folder))
    return call(systems.get("late-interaction"), {**written, **options}, label=choice, context=context)


def jagged(rows: list[list[list[float]]], width: int = 2) -> Jagged:
    values = np.array([row for text in rows for row in text], dtype=np.float32).reshape(-1, width)
    return Jagged(values, starts_of(np.array([len(text) for text in rows])))


def scored(system, texts=TEXTS, queries=QUERIES, **how) -> np.ndarray:
    """Scores of every document for every query."""
    documents, asked = (
        Texts([f"{kind}{n}" for n in range(len(some))], some) for kind, some in (("d", texts), ("q", queries))
    )
    index = system.index(documents, Purpose("toy"))
    run = index.search(asked, len(texts), **how)
    found = np.full((len(queries), len(texts)), np.nan)
    for row, (ids, scores) in enumerate(zip(run.doc_ids, run.scores, strict=True)):
        found[row, [int(one[1:]) for one in ids]] = scores
    return found


def test_a_thousand_scores_are_sentence_transformers(tmp_path):
    """Ours of documents beside longer ones, theirs beside those and each alone."""
    system = opened(folder=tmp_path)
    ours, theirs = scored(system), system.model._model
    queries = theirs.encode_query(QUERIES, convert_to_numpy=True)
    together = theirs.encode_document(TEXTS, convert_to_numpy=True)
    alone = [theirs.encode_document([text], convert_to_numpy=True)[0] for text in TEXTS]
    assert ours.size == 1_000
    for documents in (together, alone):
        np.testing.assert_allclose(ours, theirs.similarity(queries, documents).numpy(), rtol=1e-5)


def test_no_row_of_padding_takes_part():
    """A document that is unlike the query has a negative score; padded with zeros to its neighbour's length, it has 0, and
    is the first."""
    query = jagged([[[1.0, 0.0]]])
    documents = [[[-0.6, 0.8]], [[-0.28, 0.96], [-0.8, 0.6]], [[-0.96, 0.28], [-0.8, 0.6]]]
    ids, scores = MaxSimIndex(KeptRows(jagged(documents)), ["a", "b", "c"]).search(query, ["q"], 3)
    assert ids == [["b", "a", "c"]]
    np.testing.assert_allclose(scores[0], [-0.28, -0.6, -0.8], atol=1e-7)
    padded = np.zeros((3, 2, 2))
    for row, document in enumerate(documents):
        padded[row, : len(document)] = document
    assert (padded @ query.values[0]).max(axis=1).tolist()[0] == 0 > -0.28  # what padding would have made of "a"


def test_texts_without_a_scored_token_are_left_out():
    """`reduceat` would give an empty document its neighbour's first row, and an empty query its neighbour's score."""
    documents = jagged([[[1.0, 0.0]], [], [[0.0, 1.0], [0.6, 0.8]]])
    queries = jagged([[[1.0, 0.0]], [], [[0.0, 1.0], [1.0, 0.0]]])
    index = MaxSimIndex(KeptRows(documents), ["a", "b", "c"])
    ids, scores = index.search(queries, ["q", "r", "s"], 3)
    assert ids == [["a", "c"], [], ["c", "a"]]
    np.testing.assert_allclose(scores[2], [1.6, 1.0], rtol=1e-6)
    ids, _ = index.search(queries, ["q", "r", "s"], 3, candidates={"q": ["b", "c"], "r": ["a"], "s": ["b"]})
    assert ids == [["c"], [], []]
    naive = np.maximum.reduceat(documents.values @ queries.values[0], documents.starts[:-1])
    assert naive[1] == 0.0 and 1 not in documents.starts[1:2] - 1  # "b" scored by a row that is not its own


def drawn(seed: int = 0, texts: int = 300, width: int = 16) -> Jagged:
    generator = np.random.default_rng(seed)
    counts = generator.integers(1, 40, texts)
    rows = generator.normal(size=(int(counts.sum()), width)).astype(np.float32)
    return Jagged(rows / np.linalg.norm(rows, axis=1, keepdims=True), starts_of(counts))


@pytest.mark.parametrize("memory", [1 << 30, 20_000])
def test_ranks_as_plain_loops_do(memory):
    """Whatever memory it has; only candidates where they are given, never itself where that is left out, ties by id."""
    documents, queries = drawn(), drawn(1, 20)
    copied = documents.take(np.array([*range(300), 7, 7, 7]))
    ids, names = [f"d{one:03}" for one in range(303)], [f"d{one:03}" for one in range(20)]
    exact = np.zeros((20, 303))
    for row in range(20):
        for column in range(303):
            query, document = (
                one.values[one.starts[at] : one.starts[at + 1]].astype(np.float64)
                for one, at in ((queries, row), (copied, column))
            )
            exact[row, column] = (query @ document.T).max(axis=1).sum()
    index = MaxSimIndex(KeptRows(copied), ids, memory=memory)
    pool = {name: ids[row::7] for row, name in enumerate(names)}
    for candidates, own in ((None, False), (None, True), (pool, False), (pool, True)):
        found, scores = index.search(queries, names, 25, exclude_self=own, candidates=candidates)
        for row, name in enumerate(names):
            allowed = [one for one in (pool[name] if candidates else ids) if not (own and one == name)]
            best = sorted(allowed, key=lambda one: (np.float32(exact[row, int(one[1:])]), one), reverse=True)[:25]
            assert found[row] == best
            np.testing.assert_allclose(scores[row], [exact[row, int(one[1:])] for one in best], rtol=1e-6)


def test_lower_precisions_hold_less_and_rank_nearly_alike():
    """int8's ranges are those of the whole corpus, whatever memory it has."""
    documents, queries = drawn(texts=400), drawn(1, 20)
    documents.values[5_000:] *= 3
    ids, names = [f"d{one}" for one in range(400)], [f"q{one}" for one in range(20)]

    def ranked(precision: str, memory: int = 1 << 30):
        return MaxSimIndex(coded(KeptRows(documents), precision, memory), ids, memory=memory).search(queries, names, 10)

    exact, int8, small, binary = ranked("float32"), ranked("int8"), ranked("int8", 9_000), ranked("binary")
    assert int8[0] == small[0] and all((a == b).all() for a, b in zip(int8[1], small[1], strict=True))

    def shared(other) -> float:
        return float(np.mean([len(set(a) & set(b)) / 10 for a, b in zip(exact[0], other[0], strict=True)]))

    assert shared(int8) > 0.95 and 0.1 < shared(binary) < shared(int8)


def test_lengths_expansion_skipped_tokens_and_prompts_are_the_models_own(tmp_path, minilm_folder):
    """A model as sentence-transformers saves it, with all of them; a text's rows are those that its own encode gives."""
    import torch
    from sentence_transformers import MultiVectorEncoder
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.multi_vector_encoder.modules import MultiVectorMask
    from sentence_transformers.sentence_transformer.modules import Normalize

    torch.manual_seed(0)
    expansion = {"strategy": "fixed", "attend": False, "length": 12}
    first = Transformer(str(minilm_folder), query_expansion=expansion, document_length=40)
    project = Dense(384, 32, bias=False, activation_function=torch.nn.Identity(), module_input_name="token_embeddings")
    modules = [first, project, MultiVectorMask(skiplist_words=[".", ",", ":"]), Normalize("token_embeddings")]
    made = MultiVectorEncoder(modules=modules, device="cpu", prompts={"query": "ask: ", "document": "say: "})
    made.save(str(tmp_path / "model"))
    with pytest.raises(ModelError, match="what stands in front of a text"):
        _ = own(tmp_path).model
    system = own(tmp_path, prompts={"query": "ask: ", "document": "say: "})
    ours = scored(system)
    queries, documents = (made.encode_query(QUERIES), made.encode_document(TEXTS))
    np.testing.assert_allclose(ours, made.similarity(queries, documents).numpy(), rtol=1e-5)
    rows = system.encoded(TEXTS, "document", Purpose("toy"), None, lambda *_: None)[0]
    assert rows.counts.tolist() == [len(one) for one in documents] and max(rows.counts) <= 40
    asked = system.encoded(QUERIES, "query", Purpose("toy"), None, lambda *_: None)[0]
    assert set(asked.counts.tolist()) == {12} and (asked.facts["cut"] > 0).any()
    unmarked = own(tmp_path, prompts={"query": "", "document": ""})
    assert np.abs(scored(unmarked) - ours).max() > 0.01  # as plausible, and another number


def own(tmp_path: Path, **options: object):
    context = Context(device="cpu", hub=Hub(folder=tmp_path / "cache"))
    options = {"path": str(tmp_path / "model"), **options}
    return call(systems.get("late-interaction"), options, label="own", context=context)


def test_a_projection_of_random_numbers_is_refused(tmp_path, minilm_folder):
    """sentence-transformers puts one behind any plain model, another each time, and ranks by it."""
    import torch
    from sentence_transformers import MultiVectorEncoder

    def loaded():
        return MultiVectorEncoder(str(minilm_folder), device="cpu").encode_document(["a text"])[0]

    torch.manual_seed(1)
    one, other = loaded(), loaded()
    assert one.shape == other.shape and not torch.allclose(one, other, atol=0.1)
    options = {"path": str(minilm_folder)}
    context = Context(device="cpu", hub=Hub(folder=tmp_path))
    with pytest.raises(ModelError, match=r"no late-interaction model.*model\.layout=tokens"):
        _ = call(systems.get("late-interaction"), options, label="x", context=context).model


def test_pooled_tokens_are_read_from_those_that_are_there(tmp_path):
    """sentence-transformers' own pooling; no text goes through the model again for it."""
    from sentence_transformers.multi_vector_encoder.modules import HierarchicalTokenPooling

    whole, pooled = opened(folder=tmp_path), opened(folder=tmp_path, pool_factor=3)
    before = scored(whole)
    after = scored(pooled)
    assert "loaded" not in pooled.__dict__ and "loaded" not in pooled.whole.__dict__
    theirs = whole.model._model
    documents = theirs.encode_document(TEXTS, token_pooling=HierarchicalTokenPooling(3))
    np.testing.assert_allclose(after, theirs.similarity(theirs.encode_query(QUERIES), documents).numpy(), rtol=1e-5)
    assert pooled.facts.bytes < whole.facts.bytes / 2 and np.abs(after - before).max() > 0.01
    assert pooled.identity != whole.identity and pooled.facts.other == {"pool_factor": 3}


def test_bytes_and_vectors_of_a_document_are_stated(tmp_path):
    """384 numbers for each token: four bytes, one, or an eighth."""
    sizes = {}
    for precision in ("float32", "int8", "binary"):
        system = opened(folder=tmp_path, precision=precision)
        index = system.index(Texts(["a", "b"], TEXTS[:2]), Purpose("toy"))
        run = index.search(Texts(["q"], QUERIES[:1]), 2)
        sizes[precision] = system.facts.bytes
        tokens = run.notes.other["vectors_per_text"]["document"]
    assert sizes == {"float32": tokens * 384 * 4, "int8": tokens * 384, "binary": tokens * 48}


def test_what_needs_one_vector_per_text_is_not_applicable(tmp_path):
    system = toys.whole(opened(folder=tmp_path))
    with pytest.raises(NotApplicable, match="needs one vector per text"):
        _ = system.encoder


def test_mistakes_of_options_are_one_line(tmp_path):
    for options in ({"pool_factor": 0}, {"precision": "int4"}, {"dims": 0}):
        with pytest.raises(ConfigError):
            opened(folder=tmp_path, **options)
    with pytest.raises(ConfigError, match="384"):
        system = opened(folder=tmp_path, dims=400)
        system.index(Texts(["a"], ["text"]), Purpose("toy"))
    with pytest.raises(ModelError, match="Say where"):
        call(systems.get("late-interaction"), {}, label="x", context=Context(device="cpu"))


def test_it_reranks_and_is_fused(harness, tmp_path):
    """As typed, beside a first stage; its rows are made once."""
    words = ["task=faq", "limit=20", "board=false", "data.cache=cache", "progress=false"]
    for model in ("rerank/bm25:minilm-tokens", "rrf/bm25+minilm-tokens", "minilm-tokens(precision=int8,dims=64)"):
        done = harness(f"model={model}", *words)
        assert done.returncode == 0, done.stderr
        assert "(evaluated)" in done.stderr


def test_its_own_identity(tmp_path):
    """What moves a number is another system; where the files lie is not."""
    base = opened(folder=tmp_path)
    others = [
        opened(folder=tmp_path, **one) for one in ({"pool_factor": 2}, {"precision": "int8"}, {"max_length": 100})
    ]
    assert len({one.identity for one in (base, *others)}) == 4
    elsewhere = opened(folder=tmp_path, context=dataclasses.replace(base.context, memory=1_000))
    assert elsewhere.identity == base.identity


def test_windows_read_a_document_whole(tmp_path):
    """What stands behind the limit is found in a passage of its own."""
    filler = "The parties met in the town hall and spoke about the weather, the roads and the harvest. " * 30
    documents = Texts(
        ["last", "other"], [f"{filler}The cook is paid ninety silver marks.", f"{filler}Two goats graze."]
    )
    queries = Texts(["q"], ["What is the cook paid?"])

    def found(**options):
        run = opened(folder=tmp_path, **options).index(documents, Purpose()).search(queries, 2)
        return dict(zip(run.doc_ids[0], run.scores[0].tolist(), strict=True))

    cut, whole = found(), found(window=64, stride=40)
    assert abs(cut["last"] - cut["other"]) < 0.05 and whole["last"] > whole["other"] + 0.3
    assert opened(folder=tmp_path, window=64).identity != opened(folder=tmp_path).identity
    with pytest.raises(ConfigError, match="none of max, first-p"):
        opened(folder=tmp_path, window=64, pool="mean")
