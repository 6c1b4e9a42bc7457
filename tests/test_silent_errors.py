"""How embedding evaluations go wrong without a word: each guard, and the wrong number without it.

The numbers in the names are those of the list in docs/silent-errors.md.
"""

from __future__ import annotations

import json
import math
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import pytrec_eval

import toys
from conftest import opened
from harness.benchmark import evaluated
from harness.context import Context
from harness.data.build import dataset
from harness.encode.forward import encode
from harness.encode.store import VectorCache
from harness.errors import DataError, MeasureError, ModelError, VectorError
from harness.evaluation.diagnostics import diagnostics
from harness.evaluation.display import Display
from harness.evaluation.recording import failed
from harness.evaluation.runs import stored_run
from harness.measures.evaluate import evaluate
from harness.measures.names import parse
from harness.records.archive import Archive
from harness.report.board import board
from harness.report.markdown import markdown
from harness.types import Purpose, Texts
from toys import search


def mean(run, whole, measure="nDCG@10"):
    return float(evaluate(run, whole, [measure])[0].values.mean())


def raw(qrels, rankings, measure="ndcg_cut_10"):
    """pytrec-eval as it is commonly called: raw scores in, mean over what it returns."""
    found = pytrec_eval.RelevanceEvaluator(qrels, {measure.replace("_10", ".10")}).evaluate(rankings)
    return float(np.mean([one[measure] for one in found.values()]))


def cell(system, task, archive, overwrite=False):
    """One cell of the straight line, without Hydra."""
    with Display(1, shown=False) as display:
        context = Context(results=archive.folder, runner=stored_run)
        return evaluated(toys.whole(system), task, toys.job(system.name), context, display, overwrite=overwrite)


def test_01_a_query_that_is_not_answered_counts_as_zero():
    """A system that answers one of two queries, perfectly, scores a half; pytrec-eval alone says 1."""
    qrels = {"q1": {"a": 1}, "q2": {"b": 1}}
    answers = {"q1": {"a": 1.0}}
    assert raw(qrels, answers) == 1.0
    assert mean(toys.run(answers), toys.data(qrels)) == 0.5
    assert diagnostics(toys.run(answers), toys.data(qrels), [parse("nDCG@10")])["unanswered"] == 1


def test_02_a_query_without_a_relevant_document_is_left_out_and_counted():
    """trec_eval scores it 0 and halves the mean, whatever the system does."""
    qrels = {"q1": {"a": 1}, "q2": {"b": 0}}
    answers = {"q1": {"a": 1.0}, "q2": {"b": 1.0}}
    assert raw(qrels, answers) == 0.5
    whole = toys.data(qrels)
    assert whole.counts["without_positive"] == 1
    assert mean(toys.run({"q1": {"a": 1.0}}), whole) == 1.0


def test_03_every_measure_sees_one_order_of_ties():
    """Scores that float32 cannot tell apart are ordered by id, descending, for nDCG and for MRR alike.

    Ranked by Python's floats the relevant document is first; trec_eval's float32 puts it second: one report, two orders.
    """
    qrels = {"q": {"a": 1}}
    answers = {"q": {"a": 0.80000001, "b": 0.8}}
    by_float64 = sorted(answers["q"], key=answers["q"].__getitem__, reverse=True)
    assert 1 / (by_float64.index("a") + 1) == 1.0
    assert raw(qrels, answers) == pytest.approx(1 / math.log2(3))
    run, whole = toys.run(answers), toys.data(qrels)
    assert run.doc_ids == [["b", "a"]]
    assert mean(run, whole, "MRR@10") == 0.5
    assert mean(run, whole) == pytest.approx(1 / math.log2(3))
    assert mean(run, whole, "ties@10") == 1.0


def test_03_trec_eval_is_given_ranks_not_scores():
    """Scores beyond float32's digits would be tied by trec_eval and ordered anew; ranks are not."""
    qrels = {"q": {"a": 1}}
    documents = {"a": 16777217.0, "b": 16777216.0}
    assert raw(qrels, {"q": documents}) == pytest.approx(1 / math.log2(3))
    ordered = toys.run({"q": {"a": 2.0, "b": 1.0}})
    assert mean(ordered, toys.data(qrels)) == 1.0


def test_03_a_constant_scorer_is_not_perfect():
    """The order of insertion is nobody's ranking: with equal scores the ids decide, and the tie rate says so."""
    whole = toys.data({"q": {"a": 1}})
    constant = toys.run({"q": dict.fromkeys("abcd", 1.0)})
    assert mean(constant, whole, "MRR@10") == 0.25
    assert mean(constant, whole, "ties@10") == 1.0


def test_04_a_vector_that_is_not_finite_is_refused_with_its_text():
    """Sorted as it comes, one NaN gives a ranking and a plausible number."""
    vectors = np.eye(3, dtype=np.float32)
    vectors[1, 1] = np.nan
    assert len(np.argsort(-(vectors @ vectors[0]))) == 3  # no complaint from anybody

    class Broken:
        dimension, budget = 3, (100, 10)

        def prepare(self, texts, prompt=""):
            return SimpleNamespace(tokens=np.ones(len(texts), np.int64), read=np.ones(len(texts), np.int64))

        def forward(self, prepared, rows):
            return vectors[rows]

    cache = VectorCache()
    with pytest.raises(VectorError, match="'doc-2'"):
        encode(Broken, ["x", "y", "z"], cache, names=["doc-1", "doc-2", "doc-3"])
    assert not len(cache)  # and nothing of it is kept
    Broken.dimension = 4
    with pytest.raises(VectorError, match="dimension is stated as 4"):
        encode(Broken, ["x", "y"], cache)


def test_05_ids_and_grades_of_other_types_are_cast_or_refused():
    """Integer ids and numpy grades are what they mean; a fraction is not a grade, and 1 beside "1" is refused."""
    qrels = {1: {10: np.int64(1)}}
    with pytest.raises(Exception):  # noqa: B017 - pytrec-eval's own complaint is whatever it is
        pytrec_eval.RelevanceEvaluator(qrels, {"map"})
    texts = Texts([1], ["query"])
    whole = dataset(name="t", split="test", documents=Texts([10, 2], ["x", "y"]), queries=texts, qrels=qrels)
    assert whole.qrels == {"1": {"10": 1}}
    with pytest.raises(DataError, match="not an integer"):
        dataset(name="t", split="test", documents=Texts([10], ["x"]), queries=texts, qrels={1: {10: 0.5}})
    with pytest.raises(DataError, match="twice, once as text"):
        dataset(name="t", split="test", documents=Texts([10], ["x"]), queries=texts, qrels={1: {10: 1}, "1": {10: 1}})
    merged = {int(one): grade for one, grade in {"01": 1, "1": 0}.items()}
    assert merged == {1: 0}  # what reading ids as numbers does to two documents
    kept = dataset(
        name="t", split="test", documents=Texts(["01", "1"], ["x", "y"]), queries=texts, qrels={"1": {"01": 1, "1": 0}}
    )
    assert kept.qrels["1"] == {"01": 1, "1": 0}


def test_06_self_matches_are_left_out_before_the_cut():
    """A query that stands in the corpus finds itself first; removed after the cut, the list is one short."""
    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5]], dtype=np.float32)
    ids = ["q", "x", "y"]
    whole = toys.data({"q": {"y": 1}}, documents=ids)

    def ranked(exclude, depth):
        found, scores = search(vectors[:1], vectors, ["q"], ids, similarity="cosine", depth=depth, exclude_self=exclude)
        return toys.Run(["q"], found, scores, depth)

    assert ranked(False, 2).doc_ids == [["q", "x"]]
    assert [one for one in ranked(False, 2).doc_ids[0] if one != "q"] == ["x"]  # cut, then removed: y is lost
    assert ranked(True, 2).doc_ids == [["x", "y"]]
    assert mean(ranked(False, 3), whole, "nDCG@3") == 0.5
    assert mean(ranked(True, 3), whole, "nDCG@3") == pytest.approx(1 / math.log2(3))


def test_07_the_gain_stands_in_the_measures_name():
    """Grades 3 and 1 in the wrong order: binary 1.0, linear 0.80, exponential 0.71: three numbers, one common name."""
    qrels = {"q": {"a": 3, "b": 1}}
    wrong_order = toys.run({"q": {"b": 2.0, "a": 1.0}})
    whole = toys.data(qrels)
    binary = mean(wrong_order, toys.data({"q": {"a": 1, "b": 1}}))
    linear, exponential = mean(wrong_order, whole), mean(wrong_order, whole, "nDCG(gain=exp)@10")
    assert binary == 1.0
    assert linear == pytest.approx((1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3)))
    assert exponential == pytest.approx((1 + 7 / math.log2(3)) / (7 + 1 / math.log2(3)))
    assert parse("nDCG(gain=linear)@10").name == "nDCG@10"


def test_08_unjudged_documents_are_counted_beside_the_score():
    """Two systems of equal precision: one returns judged mistakes, the other documents that nobody looked at."""
    whole = toys.data({"q": {"a": 1, "b": 0}})
    judged, unjudged = toys.run({"q": {"a": 2, "b": 1}}), toys.run({"q": {"a": 2, "d": 1}})
    assert mean(judged, whole, "precision@2") == mean(unjudged, whole, "precision@2") == 0.5
    assert mean(judged, whole, "unjudged@2") == 0.0
    assert mean(unjudged, whole, "unjudged@2") == 0.5


def test_09_a_measure_beyond_the_depth_is_refused():
    """recall@100 of a run that holds two documents per query would be a bad score, not a missing one."""
    qrels = {"q": dict.fromkeys("abcd", 1)}
    shallow = toys.run({"q": {"a": 2, "b": 1}}, depth=2)
    found = pytrec_eval.RelevanceEvaluator(qrels, {"recall.100"}).evaluate({"q": {"a": 2.0, "b": 1.0}})
    assert found["q"]["recall_100"] == 0.5
    with pytest.raises(MeasureError, match="depth=100"):
        evaluate(shallow, toys.data(qrels), ["recall@100"])


@pytest.fixture(scope="module")
def small():
    """Three documents, one of them far beyond wordllama's and minilm's usual lengths."""
    return dataset(
        name="small",
        split="test",
        documents=Texts(["d1", "d2", "d3"], ["notice of termination", "cats and dogs", "loss " * 600]),
        queries=Texts(["q1"], ["how do I end the contract"]),
        qrels={"q1": {"d1": 1}},
    )


def test_10_the_literal_first_texts_stand_in_the_record(minilm, small, tmp_path):
    """With its prompt, as the tokenizer gets it; another prompt moves the vectors and is another system."""
    prompted = opened("minilm", prompts={"query": "Instruct: find clauses. Query: "})
    without = minilm.encode(["how do I end the contract"], "query")
    assert np.abs(prompted.encode(["how do I end the contract"], "query") - without).max() > 0.01
    record, _ = cell(prompted, toys.task(small), Archive(tmp_path))
    assert record.checks.first["query"] == "Instruct: find clauses. Query: how do I end the contract"
    assert record.checks.first["document"] == "notice of termination"
    assert record.facts.prompts == {"query": "Instruct: find clauses. Query: "}
    assert prompted.identity != minilm.identity


def test_11_what_the_model_did_not_read_stands_in_the_record(minilm, small, tmp_path):
    """A document that differs only behind the limit has the same vector; the record says how much was cut."""
    start = "notice " * 300
    same = minilm.encode([start + "yes", start + "no"], "document")
    assert np.allclose(same[0], same[1])
    record, _ = cell(minilm, toys.task(small), Archive(tmp_path))
    cut = record.checks.truncation["document"]
    assert cut["texts_cut"] == pytest.approx(1 / 3)
    assert cut["tokens_cut"] > 0.5
    assert record.checks.truncation["query"]["texts_cut"] == 0


def test_12_the_dtype_is_said_and_its_parity_measured(minilm, minilm_folder, tmp_path):
    """Files saved in bfloat16 load as bfloat16 under "auto" and move the vectors; ours are float32 unless told."""
    import torch
    from sentence_transformers import SentenceTransformer

    saved = tmp_path / "bf16"
    SentenceTransformer(str(minilm_folder), device="cpu", model_kwargs={"dtype": torch.bfloat16}).save(str(saved))
    text = ["1-1% of colorectal cancer patients"]
    auto = SentenceTransformer(str(saved), device="cpu", model_kwargs={"dtype": "auto"})
    assert next(auto.parameters()).dtype is torch.bfloat16
    loaded = opened("minilm", package="", folder="", path=str(saved), digest="")
    loaded.encode(text, "")
    assert next(loaded.model._model.parameters()).dtype is torch.float32
    assert loaded.facts.dtype == "float32" and loaded.facts.parity > 0.9999
    assert (
        np.abs(auto.encode(text, convert_to_numpy=False)[0].float().numpy() - loaded.encode(text, "")[0]).max() > 1e-4
    )
    rough = opened("minilm", dtype="bfloat16")
    assert rough.facts.dtype == "bfloat16" and rough.identity != minilm.identity
    rough.encode(text, "")
    assert 0.99 < rough.facts.parity < 1.0
    with pytest.raises(ModelError, match="float16 is not for a CPU"):
        opened("minilm", dtype="float16").encode(text, "")


def test_13_similarity_is_part_of_the_system_and_norms_are_recorded(wordllama, small, tmp_path):
    """wordllama's vectors are of many lengths: dot and cosine rank differently, and the record shows why."""
    by_dot = opened("wordllama", similarity="dot")
    assert by_dot.identity != wordllama.identity
    texts = ["contract", "end of the contract", "how do I end the contract today please", "cats"]
    cosine_order, dot_order = (
        search(
            one.encode(texts[:1], ""), one.encode(texts, ""), ["q"], list("abcd"), similarity=one.similarity, depth=4
        )[1]
        for one in (wordllama, by_dot)
    )
    assert not np.allclose(cosine_order[0], dot_order[0])
    norms = cell(wordllama, toys.task(small), Archive(tmp_path))[0].checks.norms["document"]
    assert norms["most"] - norms["least"] > 0.1


def test_14_other_weights_under_one_name_are_another_system(minilm, minilm_folder, tmp_path):
    """One changed byte changes the identity; weights that were named by their digest are refused."""
    copy = tmp_path / "model"
    shutil.copytree(minilm_folder, copy)
    unnamed = {"package": "", "folder": "", "path": str(copy), "digest": ""}
    assert opened("minilm", **unnamed).identity == minilm.identity
    weights = copy / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    from harness.models import files

    files._digest.cache_clear()
    assert opened("minilm", **unnamed).identity != minilm.identity
    with pytest.raises(ModelError, match="not the weights that were meant"):
        _ = opened("minilm", **{**unnamed, "digest": minilm.weights}).identity


def test_16_a_record_is_found_by_fingerprints_not_by_names(tmp_path):
    """The same names with another data set or another system are evaluated; what is the same is not."""
    archive = Archive(tmp_path)
    good, bad = toys.run({"q": {"a": 1.0}}), toys.run({"q": {"b": 1.0}})
    task = toys.task(toys.data({"q": {"a": 1}}))
    first = toys.Fixed(good)
    assert cell(first, task, archive)[0].primary.mean == 1.0
    again, how = cell(first, task, archive)
    assert again.primary.mean == 1.0 and "already recorded" in how and first.searched == 1
    changed = toys.Fixed(bad, identity="2")
    assert changed.name == first.name  # a cache keyed by names would answer 1.0
    assert cell(changed, task, archive)[0].primary.mean == 0.0
    other_data = toys.task(toys.data({"q": {"b": 1}}))
    assert cell(first, other_data, archive)[0].primary.mean == 0.0
    assert cell(first, task, archive, overwrite=True)[1] == "evaluated"


def test_17_a_result_that_was_not_finished_is_no_result(tmp_path):
    """Run and scores without their record are what a killed run leaves: not found, not read, written anew."""
    archive = Archive(tmp_path)
    task = toys.task(toys.data({"q": {"a": 1}}))
    system = toys.Fixed(toys.run({"q": {"a": 1.0}}))
    record, _ = cell(system, task, archive)
    (place,) = tmp_path.glob("records/*/*/record.json")
    half = place.read_text()[:200]
    place.unlink()
    assert archive.read() == [] and archive.find(record.key) is None
    with pytest.raises(ValueError):
        json.loads(half)  # what a record written in place would be
    assert cell(system, task, archive)[1] == "evaluated"
    assert not list(tmp_path.rglob("*.part"))


def test_18_no_mean_where_a_cell_is_missing(tmp_path):
    """A system that skipped the hard task would lead a board that averages what is there."""
    archive = Archive(tmp_path)
    easy, hard = toys.data({"q": {"a": 1}}), toys.data({"q": {"b": 1}})
    both = toys.Fixed(toys.run({"q": {"a": 2.0, "b": 1.0}}), "both", "1")
    one = toys.Fixed(toys.run({"q": {"a": 1.0}}), "one", "2")
    for system, whole, name in ((both, easy, "easy"), (both, hard, "hard"), (one, easy, "easy")):
        cell(system, toys.task(whole, name=name), archive)
    made = board(archive.read(), archive.scores)
    rows = {row.system: row for row in made.rows}
    assert np.mean([1.0]) > np.mean([1.0, 1 / math.log2(3)])  # the naive means put `one` first
    assert rows["one"].mean is None and rows["one"].rank is None
    assert rows["both"].rank == 1 and rows["both"].mean == pytest.approx((1 + 1 / math.log2(3)) / 2)
    assert made.common_tasks == ("easy",) and rows["one"].common == rows["both"].common == 1.0
    assert "| 1/2 |" in markdown(made, {})


def test_22_a_failure_stands_in_the_table_with_its_reason(tmp_path):
    """Nothing vanishes: the cell says failed, the reason stands below, and a later success takes its place."""
    archive = Archive(tmp_path)
    task = toys.task(toys.data({"q": {"a": 1}}))
    cell(toys.Fixed(toys.run({"q": {"a": 1.0}}), "works", "1"), task, archive)
    archive.write(failed(toys.job("breaks"), RuntimeError("out of memory")))
    text = markdown(board(archive.read(), archive.scores), {})
    assert "| breaks | ✗ failed |" in text and "out of memory" in text
    cell(toys.Fixed(toys.run({"q": {"a": 1.0}}), "breaks", "2"), task, archive)
    assert "failed" not in markdown(board(archive.read(), archive.scores), {})


def test_22_a_failure_is_mended_by_a_record_that_is_already_there(tmp_path):
    """A transient failure after a success does not stay on the board once the cell is found recorded again."""
    archive = Archive(tmp_path)
    task = toys.task(toys.data({"q": {"a": 1}}))
    system = toys.Fixed(toys.run({"q": {"a": 1.0}}))
    cell(system, task, archive)
    archive.write(failed(toys.job("fixed"), RuntimeError("disk gone")))
    assert "disk gone" in markdown(board(archive.read(), archive.scores), {})
    assert "already recorded" in cell(system, task, archive)[1]
    assert "disk gone" not in markdown(board(archive.read(), archive.scores), {})


def test_17_a_rescore_that_was_killed_is_finished_by_the_next(tmp_path):
    """Scores that were written before their record are taken up, not taken for done."""
    archive = Archive(tmp_path)
    whole, system = toys.data({"q": {"a": 1}}), toys.Fixed(toys.run({"q": {"a": 1.0}}))
    cell(system, toys.task(whole), archive)
    (place,) = tmp_path.glob("records/*/*/record.json")
    before = place.read_text()
    cell(system, toys.task(whole, ["nDCG@10", "MRR@10"]), archive)
    place.write_text(before)
    record, how = cell(system, toys.task(whole, ["nDCG@10", "MRR@10"]), archive)
    assert "rescored" in how and record.get("MRR@10").mean == 1.0


def test_10_and_11_hold_for_delegated_tasks_too(tmp_path):
    """What mteb's evaluator had encoded stands in the record: first text with its prompt, and what was cut."""
    from harness.types import Delegated

    def score(encoder):
        encoder.encode(["short", "loss " * 600], "", Purpose("mteb/X", "STS"))
        return {"main": 1.0}

    task = Delegated("mteb/X", "main", "mteb/X", "", "test", "f", "STS", score)
    record, _ = cell(opened("minilm", prompts={"STS": "compare: "}), task, Archive(tmp_path))
    assert record.checks.first == {"text": "compare: short"}
    assert record.checks.truncation["text"]["texts_cut"] == 0.5
