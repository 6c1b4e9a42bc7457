"""What makes a number doubtful is said beside it: prompts that lose, documents that were cut, tasks that were trained on."""

from __future__ import annotations

import numpy as np
import pytest

from harness.config.jobs import Job
from harness.data import contamination
from harness.errors import ConfigError
from harness.evaluation.diagnostics import quality_of_cut, training
from harness.evaluation.prompt_audit import swapped, variants
from harness.facts import Checks, Facts
from harness.hub import Hub
from harness.refs import SystemRef, TaskRef
from harness.report import footer, formatting
from harness.report.board import board
from harness.types import Scores
from test_report import no_scores, record

HARMFUL = '+model.prompts={query: "zebra violin zebra violin zebra violin: "}'


def test_the_audit_warns_where_the_configured_prompts_lose(harness):
    """A prompt that drowns the question: without it, and with it in front of every document alike, the model is better."""
    done = harness("model=wordllama", HARMFUL, "task=faq", "audit=prompts", "progress=false", "board=false")
    assert done.returncode == 0, done.stderr
    shown = " ".join(done.stdout.split())
    assert "as configured" in shown and "with no prompt" in shown and "with its prompts swapped" in shown
    assert "warning: wordllama" in shown and "is better on faq with no prompt" in shown
    assert "hold its prompts against its model card" in shown


def test_the_audit_is_silent_where_they_do_not(harness):
    """A prompt of one space changes nothing."""
    done = harness(
        "model=wordllama",
        '+model.prompts={query: " "}',
        "task=faq",
        "limit=40",
        "audit=prompts",
        "progress=false",
        "board=false",
    )
    assert done.returncode == 0 and "as configured" in done.stdout and "warning" not in done.stdout


def test_a_model_without_prompts_has_nothing_to_audit(harness):
    """One line, exit code 2, nothing recorded."""
    done = harness("model=bm25", "task=faq", "audit=prompts")
    assert done.returncode == 2 and "no prompts to audit" in done.stderr and done.stderr.count("\n") == 1


def test_prompts_are_swapped_by_role():
    """By mteb's keys; what has no role stays."""
    given = {"query": "q: ", "document": "d: ", "Retrieval-query": "r: ", "STS": "s: "}
    assert swapped(given) == {"document": "q: ", "query": "d: ", "Retrieval-document": "r: ", "STS": "s: "}
    job = Job(SystemRef("hub", {"prompts": given}, "m(dims=64)"), TaskRef("faq", {}, "faq"))
    rounds = variants([job])
    assert [one[0].system.label for one in rounds] == [
        "m(dims=64)",
        "m(dims=64,prompts=none)",
        "m(dims=64,prompts=swapped)",
    ]
    assert [one[0].system.options["prompts"] for one in rounds] == [given, {}, swapped(given)]
    with pytest.raises(ConfigError, match="no prompts"):
        variants([Job(SystemRef("bm25", {}, "bm25"), TaskRef("faq", {}, "faq"))])


def test_11_quality_on_what_was_cut_beside_the_rest():
    """Ten queries whose document was cut score 0.2, twenty others 0.7; four are too few for a number."""
    ids = [str(one) for one in range(30)]
    values = np.r_[np.full(10, 0.2), np.full(20, 0.7)] + np.tile([-0.01, 0.01], 15)
    found = quality_of_cut(Scores("nDCG@10", ids, values), ids[:10])
    assert found["cut"] == {"mean": pytest.approx(0.2), "n": 10} and found["uncut"]["n"] == 20
    assert found["difference"] == pytest.approx(-0.5) and found["low"] < -0.5 < found["high"] < -0.48
    assert (
        quality_of_cut(Scores("nDCG@10", ids, values), ids[:4])
        == {}
        == quality_of_cut(Scores("nDCG@10", ids, values), [])
    )


def test_11_a_real_model_with_a_short_limit_says_what_that_cost(tmp_path):
    """minilm reading 80 tokens of the embedded answers: some are cut, and the report has both means."""
    from harness.benchmark import benchmark
    from harness.compose.composition import job
    from harness.context import Context
    from harness.evaluation.display import Display

    asked = job(["model=minilm", "model.max_length=80", "task=faq"])
    with Display(1, shown=False) as display:
        context = Context(device="cpu", results=tmp_path)
        ((_, record),) = benchmark([asked], context, display, overwrite=True, record_failures=False)
    share = record.checks.truncation
    assert 0.02 < share["document"]["texts_cut"] < 0.98
    cost = share["quality"]
    assert cost["measure"] == "nDCG@10" and cost["cut"]["n"] + cost["uncut"]["n"] == 476
    assert cost["low"] < cost["difference"] < cost["high"]
    made = board([record], no_scores)
    (line,) = footer.truncation(made)
    assert "reads 80 tokens" in line and "where a relevant document is cut" in line
    assert " % cut" in formatting.reads(made.rows[0])


@pytest.mark.parametrize(
    ("model", "task", "answer"),
    [
        ("sentence-transformers/all-MiniLM-L6-v2", "NQ", "seen"),
        ("sentence-transformers/all-MiniLM-L6-v2", "msmarco", "seen"),
        ("sentence-transformers/all-MiniLM-L6-v2", "scifact", "not seen"),
        ("sentence-transformers/all-MiniLM-L6-v2", "NoSuchTask", "unknown"),
        ("nobody/no-such-model", "NQ", "unknown"),
        ("a-folder", "NQ", "unknown"),
    ],
)
def test_contamination_is_what_mteb_knows(model, task, answer, tmp_path, monkeypatch):
    """Asked once: the second time the answer comes from the cache, without importing mteb."""
    hub = Hub(folder=tmp_path)
    assert contamination.seen_in_training(model, task, hub) == answer
    monkeypatch.setattr(contamination, "_asked", None)
    assert contamination.seen_in_training(model, task, hub) == answer


def test_only_public_tasks_and_trained_models_are_marked():
    """The company's own task is nobody's training data as far as we know; BM25 is not trained."""
    public = TaskRef("mteb", {"name": "SciFact"})
    assert training(Facts(kind="lexical", model="bm25s"), public, Hub()) == ""
    assert training(Facts(kind="dense", model="a/b"), TaskRef("legal"), Hub()) == ""
    assert training(Facts(kind="dense", model="folder"), public, Hub()) == "unknown"


def test_the_board_marks_what_was_trained_on():
    """Beside the number, with its meaning below."""
    made = board([record("a", "t", 0.5, checks=Checks(training="seen")), record("b", "t", 0.4)], no_scores)
    assert [formatting.value(row.cells[0]).split()[2:] for row in made.rows] == [["seen"], []]
    assert any("trained on this task's data" in line for line in formatting.legend(made))
