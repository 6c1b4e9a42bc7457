"""`harness.evaluate` and `harness.read`: what a notebook needs, over the same line as the commands."""

from __future__ import annotations

import numpy as np
import pytest

import harness
import toys
from harness.errors import ConfigError, ResultsError, UnknownName

WORDS = {"progress": False}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_name_a_run_a_model_a_function_and_an_object_stand_for_systems(minilm_folder, folder):
    """On one board, with the numbers that the command line gives; a SentenceTransformer's are those of its YAML."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(minilm_folder), device="cpu")
    small = {"limit": 20, **WORDS}
    named = harness.evaluate(["minilm", "bm25"], "faq", **small)
    given = harness.evaluate({"theirs": model}, "faq", **small)
    value = lambda frame, system: frame[(frame.system == system) & frame.primary].value.item()  # noqa: E731
    assert value(given, "theirs") == pytest.approx(value(named, "minilm"), abs=1e-9)
    assert (
        harness.evaluate({"theirs": model}, "faq", **small).key.iloc[0] == given.key.iloc[0]
    )  # found already recorded
    kept = next((folder / "results" / "records").glob("faq*/bm25-*/run.trec.gz"))
    run = harness.evaluate(str(kept), "faq", **small)
    assert run.value.tolist() == named[named.system == "bm25"].value.tolist()

    def zeros(texts):
        return np.eye(len(texts), 8, dtype=np.float32) + 1

    assert set(harness.evaluate(zeros, "faq", **small).system) == {"zeros"}
    task = toys.task(toys.data({"q": {"a": 1}}), ["nDCG@3"], name="mine", depth=3)
    answer = toys.Fixed(toys.run({"q": {"a": 1.0}}), "fixed")
    frame = harness.evaluate([answer, "bm25"], task, **WORDS)
    assert frame[frame.system == "fixed"].value.tolist() == [1.0]


def test_what_is_recorded_is_read_as_a_frame(folder):
    """One row per cell and measure; a failure is a row with its reason and no number."""
    harness.evaluate(
        ["bm25", "bge-base"], "legal", limit=3, record_failures=True, measures=["nDCG@10", "MRR@10"], **WORDS
    )
    frame = harness.read()
    assert frame.measure.tolist() == ["", "nDCG@10", "MRR@10"] and frame.primary.tolist() == [True, True, False]
    failed = frame[frame.status == "failed"].iloc[0]
    assert "not within reach" in failed.reason and np.isnan(failed.value)
    good = frame[(frame.system == "bm25") & frame.primary].iloc[0]
    assert good.low <= good.value <= good.high and good.n == 3 and good.index_seconds > 0 and good.documents == 529


def test_mistakes_are_the_harness_own_errors(folder):
    """In a notebook they are raised: the same line, and nothing recorded."""
    with pytest.raises(UnknownName, match="Did you mean bm25"):
        harness.evaluate("bm52", "faq", **WORDS)
    with pytest.raises(ConfigError, match="int is no system"):
        harness.evaluate(3, "faq", **WORDS)
    with pytest.raises(ConfigError, match="needs a name"):
        harness.evaluate("bm25", toys.task(toys.data({"q": {"a": 1}}), name=""), **WORDS)
    with pytest.raises(ConfigError, match="Two objects are called 'zeros'"):
        harness.evaluate([_zeros(), _zeros()], "faq", **WORDS)
    with pytest.raises(ResultsError, match="nowhere is not a folder"):
        harness.read("nowhere")
    assert not (folder / "results").exists()


def _zeros():
    def zeros(texts):
        return np.ones((len(texts), 2))

    return zeros


def test_what_a_plug_in_needs_is_exported():
    """By name, and without importing what only a notebook needs."""
    for name in (
        "Context",
        "Encoder",
        "Facts",
        "Index",
        "Notes",
        "Purpose",
        "Run",
        "System",
        "Task",
        "TaskRef",
        "Texts",
    ):
        assert getattr(harness, name)
    with pytest.raises(AttributeError, match="no attribute 'evaluat'"):
        _ = harness.evaluat


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["-m", "harness.compare", "a", "b"], "python -m harness.compare is now: harness compare"),
        (["-m", "harness.leaderboard"], "is now: harness leaderboard"),
        (["-m", "harness", "compar", "a"], "Did you mean compare?"),
        (["-m", "harness", "compare", "--shwon", "3"], "No such option"),
    ],
)
def test_the_former_spelling_and_mistyped_commands_are_one_line(words, said, folder):
    """Exit code 2, and the new spelling."""
    import os
    import subprocess
    import sys

    from conftest import ROOT

    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
