"""Measures by hand-computed numbers, their names, and their plug-ins."""

from __future__ import annotations

import math

import numpy as np
import pytest

import toys
from harness.errors import MeasureError, UnknownName
from harness.measures.evaluate import evaluate
from harness.measures.judged import Judged
from harness.measures.names import parse
from harness.registry import Plugin, measure, measures

GRADED = {"q": {"a": 3, "b": 0, "c": 1}}
RUN = {"q": {"b": 3.0, "c": 2.0, "d": 1.5, "a": 1.0}}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MRR@10", 1 / 2),
        ("MRR@1", 0.0),
        ("MRR(rel=2)@10", 1 / 4),
        ("recall@2", 1 / 2),
        ("recall@10", 1.0),
        ("precision@4", 2 / 4),
        ("success@1", 0.0),
        ("success@2", 1.0),
        ("success(rel=2)@2", 0.0),
        ("MAP", (1 / 2 + 2 / 4) / 2),
        ("MAP@2", (1 / 2) / 2),
        ("Rprec", 1 / 2),
        ("nDCG@10", (1 / math.log2(3) + 3 / math.log2(5)) / (3 + 1 / math.log2(3))),
        ("nDCG(gain=exp)@10", (1 / math.log2(3) + 7 / math.log2(5)) / (7 + 1 / math.log2(3))),
        ("nDCG", (1 / math.log2(3) + 3 / math.log2(5)) / (3 + 1 / math.log2(3))),
        ("unjudged@4", 1 / 4),
        ("ties@4", 0.0),
        ("complete-answer@3", 0.0),
        ("complete-answer@4", 1.0),
        ("complete-answer(rel=1)@4", 1.0),
    ],
)
def test_measure_by_hand(name, value):
    """Grades a=3, b=0, c=1, d unjudged; ranked b, c, d, a."""
    (scores,) = evaluate(toys.run(RUN), toys.data(GRADED), [name])
    assert scores.measure == name
    np.testing.assert_allclose(scores.values, [value], rtol=1e-9)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ndcg@10", "nDCG@10"),
        ("nDCG(gain=linear)@10", "nDCG@10"),
        ("success( rel = 2 )@5", "success(rel=2)@5"),
        ("map", "MAP"),
    ],
)
def test_a_name_is_read_in_one_form(written, canonical):
    """The canonical string is identity, header and token."""
    assert parse(written).name == canonical == parse(canonical).name


@pytest.mark.parametrize("wrong", ["nDCG@0", "nDCG@x", "nDCG(10)", "recall", "Rprec@3", "MRR(rel=high)@10", "@10", ""])
def test_a_malformed_name_is_refused(wrong):
    """With what to write instead."""
    with pytest.raises((MeasureError, UnknownName)):
        parse(wrong)


def test_rel_zero_is_refused():
    """Everything would be relevant."""
    with pytest.raises(MeasureError, match="rel is at least 1"):
        evaluate(toys.run(RUN), toys.data(GRADED), ["success(rel=0)@5"])


def test_a_measure_of_ones_own_sees_properties_and_its_mistakes_are_named(monkeypatch):
    """One query's judgments, ranking, and the properties of query and documents; a NaN or an exception names the query."""
    monkeypatch.setattr(measures, "_plugins", dict(measures._plugins))

    @measure(unit="EUR", direction="lower", source="a test")
    def cost(query: Judged, *, fee: float = 2.0, k: int) -> float:
        """Money."""
        if query.query["mood"] == "nan":
            return math.nan
        if query.query["mood"] == "boom":
            raise KeyError("boom")
        return fee * sum(query.documents[document]["price"] == "high" for document in query.ranking[:k])

    def whole(mood):
        from harness.data.build import dataset
        from harness.types import Texts

        documents = Texts(["a", "b"], ["x", "y"], {"price": ["high", "low"]})
        queries = Texts(["q"], ["z"], {"mood": [mood]})
        return dataset(name="t", split="test", documents=documents, queries=queries, qrels={"q": {"a": 1}})

    run = toys.run({"q": {"a": 2.0, "b": 1.0}})
    assert evaluate(run, whole("fine"), ["cost@2", "cost(fee=0.5)@2"])[0].values == [2.0]
    assert evaluate(run, whole("fine"), ["cost(fee=0.5)@2"])[0].values == [0.5]
    for mood, said in (("nan", "returned nan for query 'q'"), ("boom", "failed on query 'q': KeyError")):
        with pytest.raises(MeasureError, match=said):
            evaluate(run, whole(mood), ["cost@2"])


def test_two_measures_of_one_name_are_refused():
    """With both places."""
    from harness.errors import DuplicateName

    with pytest.raises(DuplicateName, match=r"standard.py.*test_measures.py"):
        measures.add(Plugin("measure", "nDCG", lambda query: 0.0))


def test_a_run_of_another_data_set_is_refused():
    """Queries that nobody asked, or a document ranked twice."""
    with pytest.raises(MeasureError, match="another data set"):
        evaluate(toys.run({"x": {"a": 1.0}}), toys.data(GRADED), ["MAP"])
    twice = toys.Run(["q"], [["a", "a"]], [np.array([2, 1], dtype=np.float32)], 10)
    with pytest.raises(MeasureError, match="twice"):
        evaluate(twice, toys.data(GRADED), ["MAP"])


def test_ir_measures_agrees_on_random_runs_with_ties_holes_and_missing_queries():
    """trec_eval behind another door: the same numbers from scores that tie, on queries half of which are answered."""
    import ir_measures

    generator = np.random.default_rng(7)
    documents = [f"d{number}" for number in range(30)]
    qrels = {f"q{n}": {d: int(generator.integers(0, 4)) for d in generator.choice(documents, 8)} for n in range(40)}
    qrels = {query: judged for query, judged in qrels.items() if any(judged.values())}
    runs = {
        query: {d: float(generator.integers(0, 5)) for d in generator.choice(documents, 15, replace=False)}
        for query in list(qrels)[::2]
    }
    names = {
        "nDCG@10": "nDCG@10",
        "nDCG": "nDCG",
        "nDCG(gain=exp)@10": "nDCG(gains={0:0,1:1,2:3,3:7})@10",
        "MAP@10": "AP@10",
        "MAP": "AP",
        "MAP(rel=2)@5": "AP(rel=2)@5",
        "MRR": "RR",
        "MRR(rel=2)": "RR(rel=2)",
        "recall@5": "R@5",
        "recall(rel=3)@10": "R(rel=3)@10",
        "precision@10": "P@10",
        "precision(rel=2)@5": "P(rel=2)@5",
        "success@1": "Success@1",
        "success(rel=2)@5": "Success(rel=2)@5",
        "Rprec": "Rprec",
        "Rprec(rel=2)": "Rprec(rel=2)",
    }
    scored = [ir_measures.ScoredDoc(q, d, s) for q, one in runs.items() for d, s in one.items()]
    judged = [ir_measures.Qrel(q, d, g) for q, one in qrels.items() for d, g in one.items()]
    ours = evaluate(toys.run(runs, depth=30), toys.data(qrels, documents), list(names))
    for scores in ours:
        theirs = ir_measures.parse_measure(names[scores.measure])
        found = {one.query_id: one.value for one in ir_measures.iter_calc([theirs], judged, scored)}
        np.testing.assert_allclose(scores.values, [found.get(query, 0.0) for query in scores.query_ids], atol=1e-6)
