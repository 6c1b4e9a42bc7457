"""mteb's own tasks have values per item: intervals, ranks, comparison and power as for retrieval; or the cell says why not."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import stats

import mirrors
from harness.data.mteb_convert import convert
from harness.data.mteb_items import heard
from harness.hub import Hub
from harness.records.archive import Archive
from harness.report import formatting
from harness.report.board import board
from harness.report.footer import without_interval
from harness.types import Delegated, Evaluated, Purpose, Scores
from test_silent_errors import cell

PAIRS = 1_379


def test_systems_are_ranked_and_compared_on_a_task_that_mteb_scored(harness, shared, tmp_path):
    """Intervals hold the number, the board has ranks, compare has a verdict, power counts pairs, and a run file is refused."""
    mirror = f"data.mirror={mirrors.stsbenchmark(shared, tmp_path / 'mirror')}"
    task = "task=mteb/STSBenchmark"
    for options in ([], ["+model.prompts={STS: 'compare the money of: '}", "model.label=prompted"]):
        done = harness("model=wordllama", *options, task, mirror)
        assert done.returncode == 0, done.stderr
    archive = Archive(tmp_path / "results")
    for record in archive.read():
        main, scores = record.primary, archive.scores(record)["cosine_spearman"]
        assert main.n == PAIRS and main.low < main.mean < main.high and "pairs" in main.interval
        assert scores.values.mean() == pytest.approx(main.mean, abs=1e-6)
        assert record.get("cosine_pearson").low is None and "main score" in record.get("cosine_pearson").interval
    rows = board(archive.read(), archive.scores).rows
    assert [formatting.rank(row) for row in rows] == ["1", "2"] and rows[0].system == "wordllama"
    assert "No interval" not in (tmp_path / "results" / "leaderboard.md").read_text(encoding="utf-8")
    done = harness("wordllama", "prompted", task, command="compare")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0 and "wordllama is better than prompted" in said and f"{PAIRS} pairs" in said, (
        done.stderr
    )
    assert "unjudged" not in said and "queries" not in said
    done = harness(task, command="power")
    assert f"With {PAIRS} pairs" in done.stdout
    (tmp_path / "theirs.run").write_text("q Q0 d 1 1.0 x\n")
    done = harness("wordllama", "theirs.run", task, command="compare")
    assert done.returncode == 2 and "ranks no documents" in done.stderr and done.stderr.count("\n") == 1
    done = harness("wordllama", "prompted", task, "measure=cosine_pearson", command="compare")
    assert done.returncode == 2 and "no values per item of cosine_pearson" in done.stderr


def delegated(result) -> Delegated:
    def score(encoder):
        encoder.encode(["a text"], "", Purpose("mteb/X", "STS"))
        return result

    return Delegated("mteb/X", "main", "mteb/X", "", "test", "f", "STS", score)


def with_values(values) -> Evaluated:
    ids = [str(number) for number in range(len(values))]
    return Evaluated({"main": float(np.mean(values))}, Scores("main", ids, np.array(values)), "pairs")


def test_a_plain_mapping_of_numbers_is_a_result_without_interval(wordllama, tmp_path):
    """A plug-in's evaluator need not know of items: the cell says so, and so does the board."""
    archive = Archive(tmp_path)
    record, _ = cell(wordllama, delegated({"main": 0.5}), archive)
    assert record.primary.low is None and record.primary.interval == "none: its evaluator gives no values per item"
    (line,) = without_interval(board(archive.read(), archive.scores))
    assert "mteb/X" in line and "gives no values per item" in line


def test_scores_of_an_earlier_evaluation_do_not_outlive_it(wordllama, tmp_path):
    """Evaluated again without values per item, the old ones would rank the new number."""
    archive = Archive(tmp_path)
    first, _ = cell(wordllama, delegated(with_values([0.1, 0.9, 0.4])), archive)
    assert archive.scores(first)["main"].values.tolist() == [0.1, 0.9, 0.4]
    again, _ = cell(wordllama, delegated({"main": 0.5}), archive, overwrite=True)
    assert archive.scores(again) == {}


def test_an_older_record_without_reason_is_read_and_named(wordllama, tmp_path):
    """Records from before values per item were kept: the board says which command keeps them."""
    archive = Archive(tmp_path)
    record, _ = cell(wordllama, delegated({"main": 0.5}), archive)
    old = dataclasses.replace(record, measures=(dataclasses.replace(record.primary, interval=""),))
    archive.write(old)
    (line,) = without_interval(board(archive.read(), archive.scores))
    assert "overwrite=true" in line


class Pairwise:
    """What this listens to of an mteb STS task."""

    class metadata:  # noqa: N801
        main_score, type = "cosine_spearman", "STS"

    def _save_task_predictions(self, *_: object) -> None:
        raise AssertionError("nothing is to be written")

    def _calculate_scores(self, answers, gold):
        return float(stats.spearmanr(answers["cosine_scores"], gold).statistic)


AbsTaskSTS = type("AbsTaskSTS", (Pairwise,), {})


def test_values_that_do_not_give_mtebs_number_are_not_kept():
    """A task that scores in a way of its own would get the interval of another statistic."""
    gold, cosines = [1.0, 2.0, 3.0, 4.0], [0.1, 0.4, 0.2, 0.9]
    for shift, kept in ((0.0, True), (1e-4, False)):
        task = AbsTaskSTS()
        evaluated = heard(task, "default", "test")
        main = task._calculate_scores({"cosine_scores": cosines}, gold) + shift
        result = evaluated({"main_score": main, "cosine_spearman": main})
        assert (result.scores is not None) == kept and result.values["cosine_spearman"] == main
    assert "the values per item give 0.800000" in result.reason


def test_answers_that_cannot_be_read_cost_no_evaluation():
    """Another version of mteb that hands out other things: the number stays, and the record says why it has no interval."""
    task = AbsTaskSTS()
    evaluated = heard(task, "default", "test")
    result = evaluated({"main_score": 0.5, "cosine_spearman": 0.5})
    assert result.values["cosine_spearman"] == 0.5 and "could not be read" in result.reason


def test_a_document_of_mtebs_sampled_sets_is_one_item(wordllama):
    """Two hundred documents in three sets of 400 draws: 200 items, and the mean of mteb's own V-measures."""
    from mteb.mocks.mock_tasks.clustering import LegacyMockClusteringFastTask

    generator = np.random.default_rng(0)
    words = [["bank", "loan", "money"], ["tree", "leaf", "wood"], ["ship", "sea", "port"]]
    labels = generator.integers(3, size=200).tolist()
    texts = [" ".join(generator.choice(words[label], 2)) + f" {number}" for number, label in enumerate(labels)]

    class Sampled(LegacyMockClusteringFastTask):
        max_document_to_embed, max_documents_per_cluster = 200, 400

        def load_data(self, *_: object, **__: object) -> None:
            from datasets import Dataset, DatasetDict

            self.dataset = DatasetDict({"test": Dataset.from_dict({"sentences": texts, "labels": labels})})
            self.data_loaded = True

    result = convert(Sampled(), "default", "test", Hub()).score(wordllama)
    assert result.items == "documents" and len(result.scores.values) == 200
    assert result.scores.values.mean() == pytest.approx(result.values["v_measure"], abs=1e-6)
    assert result.scores.values.std() > 0


def test_every_measure_that_mteb_leads_with_is_known():
    """Of mteb's text tasks that it scores itself, all but two have values per item; those two are named here."""
    from mteb.get_tasks import _TASKS_REGISTRY

    from harness.data.mteb_kinds import listener
    from harness.data.mteb_listen import NoItems

    strange = set()
    for name, cls in _TASKS_REGISTRY.items():
        bases = {base.__name__ for base in cls.__mro__}
        if set(cls.metadata.modalities) != {"text"} or bases & {"AbsTaskRetrieval", "AbsTaskAggregate"}:
            continue
        task = object.__new__(cls)
        task.rng_state = type("Draws", (), {"sample": None, "choices": None})()
        try:
            listener(task)(task, "default", "test")
        except NoItems:
            strange.add((name, cls.metadata.main_score))
    assert {measure for _, measure in strange} == {"alpha_auc", "ami"} and len(strange) == 2, strange
