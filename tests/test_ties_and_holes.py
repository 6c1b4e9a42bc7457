"""Ties and unjudged documents: every order and every judgment is tried on small data, and compared with what is computed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import harness.measures.diagnostics
import harness.measures.expected  # noqa: F401  registered
import toys
from harness.errors import MeasureError
from harness.measures import trec
from harness.measures.evaluate import evaluate
from harness.measures.holes import bounds, settled
from harness.measures.judging_priority import Pair, judging_priority
from harness.measures.names import parse

CORPUS = [f"d{number}" for number in range(9)]
EXPECTED = [
    "nDCG@3", "nDCG@20", "nDCG", "nDCG(gain=exp)@4", "MRR", "MRR@2", "MRR(rel=2)@5", "recall@1", "recall@4",
    "recall(rel=2)@3",
]  # fmt: skip


def random_case(generator, levels, ranked=6, queries=1, least=-2, most=3):
    """Judgments with zeros, negatives and holes; scores from few levels, so that they tie; some queries unanswered."""
    names = [f"q{number}" for number in range(queries)]
    qrels = {
        name: {
            str(document): int(generator.integers(least, most + 1))
            for document in generator.choice(CORPUS, generator.integers(1, 7), replace=False)
        }
        for name in names
    }
    qrels[names[0]][str(generator.choice(list(qrels[names[0]])))] = most
    runs = {
        name: {
            str(document): float(generator.integers(0, levels)) if levels else float(place)
            for place, document in enumerate(generator.permutation(CORPUS)[: generator.integers(0, ranked + 1)])
        }
        for name in names
    }
    return qrels, {name: scores for name, scores in runs.items() if scores}


def plain(rankings, qrels, names):
    """Measure → the value of each ranking under the judgments beside it, by the pytrec-eval adapter."""
    judged, ranked = ({str(number): one for number, one in enumerate(many)} for many in (qrels, rankings))
    return {name: trec.score(parse(name), judged, ranked) for name in names}


def orders(scores):
    """Every order of the documents that keeps higher scores before lower ones."""
    ties = [[d for d in scores if scores[d] == level] for level in sorted(set(scores.values()), reverse=True)]
    return [list(itertools.chain(*one)) for one in itertools.product(*map(itertools.permutations, ties))]


def test_an_expected_measure_is_the_mean_over_every_order_of_the_ties():
    """On 300 random queries with ties, unjudged documents, zeros, negative grades and no answer."""
    generator = np.random.default_rng(1)
    for _ in range(300):
        qrels, run = random_case(generator, levels=int(generator.integers(1, 4)))
        every = orders(run.get("q0", {}))
        means = {name: v.mean() for name, v in plain(every, [qrels["q0"]] * len(every), EXPECTED).items()}
        found = evaluate(toys.run(run, depth=20), toys.data(qrels, CORPUS), [f"expected-{one}" for one in EXPECTED])
        for one in found:
            assert one.values[0] == pytest.approx(means[one.measure.removeprefix("expected-")], abs=1e-12), one.measure


def test_an_expected_measure_is_the_plain_one_where_nothing_ties():
    """For every cutoff, grade and gain; so the two may stand side by side."""
    generator = np.random.default_rng(2)
    qrels, run = random_case(generator, levels=0, ranked=9, queries=300)
    data, run = toys.data(qrels, CORPUS, keep_without_positive=True), toys.run(run, depth=20)
    for name in EXPECTED:
        theirs, ours = evaluate(run, data, [name, f"expected-{name}"])
        np.testing.assert_allclose(ours.values, theirs.values, atol=1e-12, err_msg=name)


def test_scores_that_differ_beyond_float32_tie():
    """0.8 and 0.80000001 are one float32: the relevant document is first or second."""
    run = toys.run({"q": {"a": 0.8, "b": 0.80000001}})
    (scores,) = evaluate(run, toys.data({"q": {"a": 1}}), ["expected-MRR@10"])
    assert scores.values == [pytest.approx((1 + 1 / 2) / 2)]


def test_a_constant_scorer_is_as_good_as_chance_whatever_the_documents_are_called():
    """mteb#5092: by ids, a system that tells nothing apart has MRR 1 or nearly 0. Expected: the mean of 1/rank."""
    ids = [f"d{number:02d}" for number in range(20)]
    run = toys.run({"q": dict.fromkeys(ids, 0.5)}, depth=20)
    by_name = {
        relevant: [one.values[0] for one in evaluate(run, toys.data({"q": {relevant: 1}}, ids), names)]
        for relevant in ("d19", "d00")
        for names in (["MRR@20", "expected-MRR@20", "expected-nDCG@20", "expected-recall@5"],)
    }
    assert [by_name["d19"][0], by_name["d00"][0]] == [1.0, 1 / 20]  # the wrong numbers
    assert by_name["d19"][1:] == pytest.approx(by_name["d00"][1:])
    harmonic = sum(1 / rank for rank in range(1, 21)) / 20
    gain = sum(1 / math.log2(rank + 1) for rank in range(1, 21)) / 20
    assert by_name["d00"][1:] == pytest.approx([harmonic, gain, 5 / 20])


def test_a_tie_that_the_depth_cuts_is_known_as_far_as_it_was_retrieved():
    """The limit of these measures: which documents of the tie were kept is still decided by their ids."""
    ids = [f"d{number:02d}" for number in range(20)]
    run = toys.run({"q": dict.fromkeys(ids, 0.5)}, depth=10)
    kept, lost = (
        evaluate(run, toys.data({"q": {one: 1}}, ids), ["expected-recall@5"])[0].values for one in ("d19", "d00")
    )
    assert (kept, lost) == ([5 / 10], [0.0])


@pytest.mark.parametrize("wrong", ["expected-nDCG(gain=cubic)@3", "expected-MRR(rel=0)", "expected-recall(rel=0)@3"])
def test_an_expected_measure_refuses_what_the_plain_one_refuses(wrong):
    """A gain that nobody knows; a grade of 0 as relevant. And its name has one form."""
    with pytest.raises(MeasureError, match=r"gain=cubic|rel is at least 1"):
        evaluate(toys.run({"q": {"a": 1.0}}), toys.data({"q": {"a": 1}}), [wrong])
    assert parse("Expected-ndcg(gain=linear)@3").name == "expected-nDCG@3"


def judgments(grades, unjudged, top):
    """Every way to judge the unjudged documents."""
    ways = itertools.product(range(top + 1), repeat=len(unjudged))
    return [{**grades, **dict(zip(unjudged, way, strict=True))} for way in ways]


@pytest.mark.parametrize(
    "name",
    ["nDCG@4", "nDCG", "nDCG(gain=exp)@3", "MRR@3", "MRR(rel=2)", "recall@4", "recall(rel=3)@3", "precision@3",
     "success(rel=2)@2", "MAP@4", "MAP", "MAP(rel=2)", "success(rel=4)@3"],
)  # fmt: skip
def test_bounds_are_the_least_and_the_greatest_over_every_judgment(name):
    """Both ends are reached and nothing lies outside, query by query, for every grade up to the highest."""
    generator = np.random.default_rng(3)
    qrels, scores = random_case(generator, levels=3, ranked=5, queries=60)
    data, run = toys.data(qrels, CORPUS, keep_without_positive=True), toys.run(scores, depth=5)
    (now,), (low, high) = evaluate(run, data, [name]), bounds(run, data, name)
    assert low.measure == high.measure == name
    for place, query_id in enumerate(data.queries.ids):
        ranking = dict(zip(run.query_ids, run.doc_ids, strict=True)).get(query_id, [])
        holes = [one for one in ranking[: parse(name).k] if one not in qrels[query_id]]
        ways = judgments(qrels[query_id], holes, top=3)
        values = plain([ranking] * len(ways), ways, [name])[name]
        assert low.values[place] == pytest.approx(values.min(), abs=1e-12)
        assert high.values[place] == pytest.approx(values.max(), abs=1e-12)
        assert low.values[place] - 1e-12 <= now.values[place] <= high.values[place] + 1e-12


def test_bounds_by_hand():
    """One relevant document first, one unjudged tenth: as it stands nDCG is 1, and only judging can lower it."""
    ranking = {document: 10.0 - place for place, document in enumerate("abcdefghij")}
    data = toys.data({"q": dict.fromkeys("abcdefghi", 0) | {"a": 1}}, list("abcdefghij"))
    low, high = bounds(toys.run({"q": ranking}), data, "nDCG@10")
    assert low.values == [pytest.approx((1 + 1 / math.log2(11)) / (1 + 1 / math.log2(3)))]
    assert high.values == [1.0]


@pytest.mark.parametrize(
    "name",
    ["nDCG@3", "nDCG(gain=exp)@2", "nDCG", "MRR@3", "MRR(rel=2)", "recall@3", "recall(rel=2)@2", "precision@3",
     "success@2"],
)  # fmt: skip
def test_settled_bounds_the_difference_over_every_judgment_of_both(name):
    """One set of judgments holds for both systems; the mean over queries of the extreme of each."""
    generator = np.random.default_rng(4)
    qrels, one = random_case(generator, levels=3, ranked=3, queries=300, most=2)
    _, other = random_case(generator, levels=3, ranked=3, queries=300)
    data, runs = toys.data(qrels, CORPUS, keep_without_positive=True), [toys.run(one, 3), toys.run(other, 3)]
    lows, highs = [], []
    for query_id in data.queries.ids:
        rankings = [dict(zip(run.query_ids, run.doc_ids, strict=True)).get(query_id, []) for run in runs]
        tops = [ranking[: parse(name).k] for ranking in rankings]
        ways = judgments(qrels[query_id], sorted({*tops[0], *tops[1]} - qrels[query_id].keys()), top=2)
        first, second = (plain([ranking] * len(ways), ways, [name])[name] for ranking in rankings)
        lows.append((first - second).min())
        highs.append((first - second).max())
    found = settled({"A": runs[0], "B": runs[1]}, data, name)
    assert (found.measure, found.first, found.second) == (name, "A", "B")
    assert found.low == pytest.approx(np.mean(lows), abs=1e-12)
    assert found.high == pytest.approx(np.mean(highs), abs=1e-12)
    assert found.low <= found.mean <= found.high


def test_an_ideal_that_is_full_does_not_grow():
    """Three relevant documents fill nDCG@3's ideal. A further one, c, costs nothing and is worth more to A than to B."""
    data = toys.data({"q": dict.fromkeys("abe", 1) | dict.fromkeys("xy", 0)}, list("abcexy"))
    ahead, behind = ({one: 3.0 - place for place, one in enumerate(ranking)} for ranking in ("acb", "xyc"))
    found = settled({"A": toys.run({"q": ahead}), "B": toys.run({"q": behind})}, data, "nDCG@3")
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert (found.low, found.high) == pytest.approx(((1 + 1 / 2) / ideal, (ideal - 1 / 2) / ideal))


def test_a_document_that_reaches_a_grade_reaches_those_below():
    """c is third for A and second for B. To reach 3 would enlarge the ideal enough, but on the way it costs at grade 1."""
    data = toys.data({"q": {"g": 3, "h": 3, "l": 1, "x": 0, "y": 0, "z": 0}}, list("cghlxyz"))
    behind, ahead = ({one: 3.0 - place for place, one in enumerate(ranking)} for ranking in ("xyc", "zcg"))
    found = settled({"A": toys.run({"q": behind}), "B": toys.run({"q": ahead})}, data, "nDCG@3")
    assert found.high == pytest.approx(found.mean) == pytest.approx(-3 / 2 / (3 + 3 / math.log2(3) + 1 / 2))


def test_an_order_is_settled_where_no_judgment_can_turn_it():
    """Separate bounds overlap here; jointly, the one unjudged document helps both alike and turns nothing."""
    data = toys.data({"q": {"a": 1, "b": 0}})
    ahead, behind = toys.run({"q": {"a": 3.0, "c": 2.0}}), toys.run({"q": {"b": 3.0, "c": 2.0}})
    assert bounds(behind, data, "precision@2")[1].values >= bounds(ahead, data, "precision@2")[0].values
    assert settled({"A": ahead, "B": behind}, data, "precision@2").settled
    assert settled({"B": behind, "A": ahead}, data, "precision@2").settled
    assert settled({"A": ahead, "again": ahead}, data, "nDCG@2").settled  # a tie that stays one
    other = toys.run({"q": {"d": 3.0, "c": 2.0}})
    open_still = settled({"A": ahead, "B": other}, data, "precision@2")
    assert (open_still.mean, open_still.low, open_still.high) == (0.5, 0.0, 0.5)
    assert not open_still.settled  # the two may yet tie


@pytest.mark.parametrize("name", ["nDCG@3", "nDCG(gain=exp)@5", "MRR@3", "recall@3", "MAP", "Rprec", "precision@2"])
def test_the_effect_of_a_judgment_is_the_change_of_the_difference(name, monkeypatch):
    """Each pair judged by itself, and both systems evaluated again; larger effects first, then by ids."""
    monkeypatch.setattr("harness.measures.judging_priority.AT_ONCE", 7)
    generator = np.random.default_rng(5)
    qrels, one = random_case(generator, levels=3, queries=12)
    _, other = random_case(generator, levels=3, queries=12)
    runs = {"A": toys.run(one, 6), "B": toys.run(other, 6)}

    def difference(judged):
        data = toys.data(judged, CORPUS, keep_without_positive=True)
        first, second = (evaluate(run, data, [name])[0].values.mean() for run in runs.values())
        return first - second

    effects = {}
    for query_id in qrels:
        for document in set(CORPUS) - qrels[query_id].keys():
            judged = {**qrels, query_id: {**qrels[query_id], document: 3}}
            tops = [documents[: parse(name).k] for run in runs.values() for documents in _ranked(run, query_id)]
            if any(document in top for top in tops):
                effects[query_id, document] = difference(judged) - difference(qrels)
    found = judging_priority(runs, toys.data(qrels, CORPUS, keep_without_positive=True), name, most=1000)
    assert {(pair.query_id, pair.document_id) for pair in found} == {
        key for key, effect in effects.items() if abs(effect) > 1e-12
    }
    for pair in found:
        assert pair.effect == pytest.approx(effects[pair.query_id, pair.document_id], abs=1e-12)
    keys = [(-round(abs(pair.effect), 12), pair.query_id, pair.document_id) for pair in found]
    assert keys == sorted(keys)
    data = toys.data(qrels, CORPUS, keep_without_positive=True)
    assert judging_priority(runs, data, name, most=3) == found[:3]


def _ranked(run, query_id):
    return [documents for name, documents in zip(run.query_ids, run.doc_ids, strict=True) if name == query_id]


def test_what_to_judge_next_by_hand():
    """c is first for A and third for B, d only B's second; precision does not ask for ranks and c moves nothing."""
    data = toys.data({"q": {"a": 0, "b": 1}, "r": {"a": 1}})
    runs = {
        "A": toys.run({"q": {"c": 3.0, "a": 2.0, "b": 1.0}}),
        "B": toys.run({"q": {"a": 3.0, "d": 2.0, "c": 1.0}}),
    }
    assert judging_priority(runs, data, "precision@3") == [Pair("q", "d", pytest.approx(-1 / 3 / 2))]
    assert judging_priority(runs, data, "MRR@3") == [
        Pair("q", "d", pytest.approx(-1 / 2 / 2)),
        Pair("q", "c", pytest.approx((1 - 1 / 3 - 1 / 3) / 2)),
    ]


def test_a_query_with_nothing_but_junk_scores_0():
    """Grades of −2 alone crashed pytrec-eval; beside other queries, as in TREC's web tracks."""
    import subprocess
    import sys

    code = (
        "from harness.measures import names, standard, trec; "
        "qrels = {str(n): {'a': -2} if n % 3 else {'a': 3} for n in range(300)}; "
        "print(sum(trec.score(names.parse('nDCG@2'), qrels, {one: ['a'] for one in qrels})))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "100.0")


def test_measures_whose_holes_are_not_computed_are_refused():
    """With those that are; and three systems are not compared."""
    data, run = toys.data({"q": {"a": 1}}), toys.run({"q": {"a": 1.0}})
    for ask, name in [
        (lambda name: bounds(run, data, name), "Rprec"),
        (lambda name: bounds(run, data, name), "expected-nDCG@3"),
        (lambda name: settled({"A": run, "B": run}, data, name), "MAP"),
        (lambda name: judging_priority({"A": run, "B": run}, data, name), "unjudged@1"),
    ]:
        with pytest.raises(MeasureError, match=r"not computed. It is for .*nDCG"):
            ask(name)
    for ask in (settled, judging_priority):
        with pytest.raises(MeasureError, match="Two systems are compared here, not 1"):
            ask({"A": run}, data, "nDCG@3")
    with pytest.raises(MeasureError, match="depth"):
        bounds(run, data, "nDCG@50")
