"""`harness explore`: the common evaluator's numbers for every pipeline, and a choice that does not flatter itself."""

from __future__ import annotations

import csv
import random
import shlex
import time

import numpy as np
import pytest

import toys
from harness.exploration.choosing import best, cross_fitted, curve, gap
from harness.exploration.grid import grid
from harness.exploration.pipelines import RULES, STEP, Pipeline, pipelines
from harness.facts import Facts
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive
from harness.systems.fusion import ConvexFusion
from harness.systems.rrf import ReciprocalRankFusion
from harness.types import Run


def corpus(queries: int, documents: int, seed: int = 0, *, ties: bool = True):
    """Two legs that know nothing of each other: ties, single hits, and queries that one or both leave unanswered."""
    generator = random.Random(seed)
    names = [f"d{number}" for number in range(documents)]
    ids = [f"q{number}" for number in range(queries)]
    legs = []
    for number in range(2):
        rankings = {}
        for place, query_id in enumerate(ids):
            hits = {0: 0, 1: 1, 2: 3}.get(place - 3 * number, generator.randint(documents // 2, documents))
            score = (lambda: round(generator.random(), 2)) if ties else generator.random
            rankings[query_id] = {name: score() for name in generator.sample(names, hits)}
        legs.append(toys.run(rankings, documents))
    qrels = {one: {name: generator.randint(-1, 3) for name in generator.sample(names, 8)} | {"d0": 1} for one in ids}
    return toys.data(qrels, documents=names), legs


def system(pipeline: Pipeline, legs: list[Run]):
    """The pipeline as a board evaluates it."""
    parts = []
    for number, run in enumerate(legs):
        part = toys.Fixed(run, f"leg{number}", str(number))
        part.facts = Facts(kind="lexical")
        parts.append(toys.whole(part))
    rule = pipeline.rule
    if rule.how == "rrf":
        return ReciprocalRankFusion(parts, rule.k, pipeline.legs, pipeline.weights)
    return ConvexFusion(parts, pipeline.weights, pipeline.legs, rule.how, rule.missing)


@pytest.mark.parametrize("measure", ["nDCG@10", "nDCG(gain=exp)@3"])
@pytest.mark.parametrize("ties", [True, False])
def test_every_pipeline_has_the_common_evaluators_number(measure, ties):
    """Only the best of each leg were sorted; ties, single hits, silent legs and every rule at three depths."""
    data, legs = corpus(25, 160, ties=ties)
    tried = pipelines([20, 60, 160], RULES)
    assert len(tried) == 2 + 7 * 3 * 49
    cutoff = int(measure.partition("@")[2])
    values = grid(tuple(legs), data, tried, (0.0, 0.0), k=cutoff, exp="exp" in measure)
    sample = {0, 1, *random.Random(0).sample(range(len(tried)), 60)}
    for number in sample:
        index = toys.whole(system(tried[number], legs)).index(data.documents, toys.task(data).purpose)
        run = index.search(data.queries, 100)
        (scores,) = evaluate(run, data, [measure])
        np.testing.assert_allclose(values[number], scores.values, atol=1e-9, err_msg=str(tried[number]))


def test_a_document_that_only_ties_with_the_tenth_is_not_missed():
    """It stands below all others in both legs, has as much as each of them in sum, and the ids put it first."""
    one = {f"a{n:02}": 1.0 for n in range(24)} | {"z": 0.5, "last": 0.0}
    two = {f"b{n:02}": 1.0 for n in range(24)} | {"z": 0.5, "last": 0.0}
    legs = [toys.run({"q": one}, 100), toys.run({"q": two}, 100)]
    data = toys.data({"q": {"z": 1}}, documents=list(one | two))
    half = Pipeline(RULES[2], 100, 25)
    assert half.rule.name == "min-max"
    assert grid(tuple(legs), data, [half], (0.0, 0.0), k=10, exp=False).tolist() == [[1.0]]


def test_a_leg_that_answers_alone_is_measured_as_it_stands():
    """Normalised, two of its scores are one float32, and the ids would put the wrong one first."""
    close = float(np.nextafter(np.float32(1e-4), np.float32(1)))
    legs = [toys.run({"q": {"a": 0.5, "b": -0.5, "d": 1e-4, "c": close}}, 100), toys.run({"q": {}}, 100)]
    data = toys.data({"q": {"a": 3, "c": 2}})
    tried = pipelines([100], RULES)
    values = grid(tuple(legs), data, tried, (-1.0, 0.0), k=2, exp=False)
    assert (values[[0, *range(2, len(tried))]] == 1).all() and values[1] == 0


def test_on_noise_cross_fitting_promises_nothing():
    """A thousand systems that are all alike: the best of them looks better than any is, the cross-fitted one does not."""
    generator = np.random.default_rng(0)
    promised, kept = [], []
    for _ in range(20):
        values = generator.random((1000, 60))
        scores, often = cross_fitted(values, [f"q{n}" for n in range(60)], 5)
        promised.append(values.mean(axis=1).max())
        kept.append(scores.mean())
        assert often.sum() == pytest.approx(1)
    assert np.mean(promised) > 0.6 and abs(np.mean(kept) - 0.5) < 0.01


def test_the_folds_depend_on_ids_and_not_on_the_order_of_the_queries():
    """Shuffled queries are scored by the same choices."""
    generator = np.random.default_rng(1)
    ids = [f"q{number}" for number in range(40)]
    values, order = generator.random((30, 40)), generator.permutation(40)
    one, often = cross_fitted(values, ids, 5)
    two, again = cross_fitted(values[:, order], [ids[place] for place in order], 5)
    np.testing.assert_allclose(one[order], two, atol=1e-12)
    np.testing.assert_array_equal(often, again)
    with pytest.raises(Exception, match="folds=41: at least 2, and at most the 40 queries"):
        cross_fitted(values, ids, 41)


def test_where_one_is_truly_better_it_is_chosen_and_estimated():
    """And of two that are equal the first, whatever the rounding of their means."""
    generator = np.random.default_rng(2)
    values = generator.random((50, 80)) * 0.5
    values[17] += 0.5
    scores, often = cross_fitted(values, [f"q{n}" for n in range(80)], 5)
    assert best(values) == 17 and often[17] == 1 and (scores == pytest.approx(values[17]))
    assert best(np.array([[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.1, 0.1, 0.1]])) == 0
    assert gap("other", values[17], values[3]).p < 0.001
    line = curve("rule", np.arange(50) / 50, values)
    assert line.plateau[17] and line.plateau.sum() == 1


def test_a_pipeline_is_named_as_it_is_typed():
    """What equals a default is not written; an end of the weights is a system alone."""
    names = ("bm25", "rrf/a+b")
    typed = {(rule.name, legs): Pipeline(rule, legs, 15).typed(names) for rule in RULES for legs in (100, 1000)}
    assert typed["min-max", 1000] == "fusion(weights=[0.3,0.7])/bm25+(rrf/a+b)"
    assert typed["rrf k=10", 100] == "rrf(k=10,legs=100,weights=[0.3,0.7])/bm25+(rrf/a+b)"
    assert len({*typed.values()}) == len(typed)
    assert [Pipeline(RULES[3], 50, step).typed(names) for step in (0, STEP)] == ["rrf/a+b", "bm25"]


WORDS = ("model=bm25,wordllama", "task=faq", "limit=80")


def test_the_command_and_its_mark_on_the_board(harness, tmp_path):
    """What it prints makes the row whose number it gave; the board says that the row was chosen on its own queries."""
    done = harness(*WORDS, "legs=[20,200]", command="explore")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "results" / "explore"
    stem = "faq_first_80-bm25-wordllama-nDCG@10"
    stems = {path.suffix: path for path in folder.iterdir()}
    assert set(stems) == {".html", ".md", ".csv", ".png", ".svg"}, stem
    rows = list(csv.DictReader(stems[".csv"].read_text().splitlines()))
    text = stems[".md"].read_text()
    command = next(line for line in text.splitlines() if line.startswith("    harness"))
    words = shlex.split(command)[1:]
    assert "cross-fitting over 80 queries" in text and "promised" in text
    assert words[0].startswith("model=") and any(word.startswith("model.chosen_on=") for word in words)
    done = harness(*words, "progress=false")
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    (row,) = [row for row in rows if f"model={row['model']}" == words[0]]
    assert record.system == row["model"] and record.primary.mean == pytest.approx(float(row["mean"]), abs=1e-9)
    board = (tmp_path / "results" / "leaderboard.md").read_text()
    assert f"{record.system} was chosen on the queries of faq[first 80]" in board
    assert "was chosen on the queries" in (tmp_path / "results" / "leaderboard.html").read_text()
    before = record.key
    assert (
        "already recorded" in harness(words[0], *WORDS[1:], "board=false").stderr
    )  # the mark is no part of the identity
    assert [one.key for one in Archive(tmp_path / "results").read()] == [before]


def test_a_second_exploration_searches_nothing(harness, monkeypatch):
    """Each leg was kept once, deep."""
    import harness.systems.bm25 as lexical
    import harness.systems.dense as dense

    assert harness(*WORDS, command="explore").returncode == 0

    def searched(*_: object) -> None:
        raise AssertionError("a leg was searched again")

    monkeypatch.setattr(lexical.Lexical, "index", searched)
    monkeypatch.setattr(dense.Dense, "index", searched)
    done = harness(*WORDS, "folds=4", "measure=nDCG@5", "legs=[100]", command="explore")
    assert done.returncode == 0, done.stderr


def test_it_chooses_on_dev_where_there_is_one(harness, tmp_path):
    """legal names such a split: then the test queries chose nothing, and no row is to be marked."""
    done = harness("model=bm25,lsa", "task=legal", "legs=[50]", command="explore")
    assert done.returncode == 0 and "legal(split=dev)" in done.stdout, done.stderr
    assert "chosen_on" not in done.stdout
    done = harness("model=bm25,lsa", "task=legal", "legs=[50]", "choose=cross-fit", command="explore")
    assert done.returncode == 0 and "chosen_on" in "".join(done.stdout.split()), done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model=bm25", "task=faq"), "Two systems are fused here"),
        (("model=bm25,lsa",), "Say on which task"),
        (("model=bm25,lsa", "task=faq", "model.k1=0.9"), "Options stand with their system"),
        (("model=bm25,lsa", "task=faq", "choose=test"), "none of auto, dev, cross-fit"),
        (("model=bm25,lsa", "task=faq", "choose=dev"), "has no splits"),
        (("model=bm25,lsa", "task=legal", "task.split=dev", "choose=dev"), "the queries that it tests on"),
        (("model=bm25,lsa", "task=faq", "limit=4"), "folds=5"),
        (("model=bm25,lsa", "task=faq", "limit=8", "legs=[5]"), "a depth of at least that"),
        (("model=bm25,lsa", "task=faq", "limit=8", "legs=[]"), "at least one depth"),
        (("model=bm25,lsa", "task=faq", "limit=8", "measure=recall@10"), "measures nDCG at a cutoff"),
        (("model=bm25,bm52", "task=faq"), "Did you mean bm25"),
    ],
)
def test_mistakes_are_one_line(harness, words, said):
    """What is wrong, and how to mend it."""
    done = harness(*words, command="explore")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr


@pytest.mark.slow
def test_a_thousand_pipelines_in_ten_seconds():
    """Three hundred queries, two legs of a thousand documents that agree a little, of five thousand."""
    generator = np.random.default_rng(0)
    names = np.array([f"document-{number}" for number in range(5000)])
    truth = generator.random((300, 5000))
    runs = []
    for _ in range(2):
        scores = (truth + generator.random((300, 5000))).astype(np.float32)
        order = np.argsort(-scores, axis=1)[:, :1000]
        runs.append(
            Run(
                [f"q{n}" for n in range(300)],
                names[order].tolist(),
                list(np.take_along_axis(scores, order, axis=1)),
                1000,
            )
        )
    data = toys.data({f"q{n}": {names[int(truth[n].argmax())]: 1} for n in range(300)}, documents=names.tolist())
    tried = pipelines([50, 100, 200, 500, 1000], RULES)
    start = time.perf_counter()
    grid(tuple(runs), data, tried, (0.0, 0.0), k=10, exp=False)
    assert len(tried) > 1000 and time.perf_counter() - start < 10
