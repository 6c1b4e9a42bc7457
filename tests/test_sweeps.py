"""A sweep may run elsewhere: other launchers in other processes, other sweepers over an option; a job is a value."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from harness.compose.composition import job, open_system
from harness.compose.session import Outcome, told_apart
from harness.config.jobs import Job
from harness.context import Context
from harness.errors import ConfigError, UnknownName
from harness.evaluation.runs import stored_run
from harness.records.archive import Archive
from harness.refs import SystemRef, TaskRef


def records(folder: Path) -> dict[tuple[str, str], object]:
    return {(one.system, one.task): one for one in Archive(folder).read()}


def test_a_sweep_in_two_processes_gives_the_same_records(harness, tmp_path):
    """hydra/launcher=joblib: the same numbers and failures, exit code 1, told; the board is written once, at the end."""
    pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    words = ["-m", "model=bm25,wordllama,bge-base,rrf/bm25+wordllama", "task=legal,faq", "limit=30", "progress=false"]
    here = harness(*words, "results=here")
    there = harness(*words, "results=there", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2", apart=True)
    assert here.returncode == there.returncode == 1, there.stderr
    one, other = records(tmp_path / "here"), records(tmp_path / "there")
    assert one.keys() == other.keys() and len(one) == 8
    for key, record in one.items():
        assert record.status == other[key].status and record.key == other[key].key
        assert record.measures == other[key].measures and record.reason == other[key].reason
    assert "bge-base × legal[first 30]: failed: the model" in there.stderr
    here_board, there_board = ((tmp_path / name / "leaderboard.csv").read_text() for name in ("here", "there"))
    assert here_board == there_board


def test_a_sweeper_may_search_an_option_on_dev(harness, tmp_path):
    """hydra/sweeper=optuna over BM25's b: the number of a job is its primary measure."""
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    done = harness(
        "-m", "hydra/sweeper=optuna", "hydra.sweeper.n_trials=4", "hydra.sweeper.n_jobs=1", "hydra.sweeper.direction=maximize",
        "hydra.sweeper.sampler.seed=3", "model=bm25", "model.b=interval(0.3,0.9)", "task=legal", "task.split=dev",
        "limit=40", "progress=false",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = records(tmp_path / "results")
    assert len(found) == 4 and {task for _, task in found} == {"legal(split=dev)[first 40]"}
    assert (tmp_path / "results" / "leaderboard.md").exists()
    highest = max(record.primary.mean for record in found.values())
    assert f"best_value: {highest}" in done.stdout and "model.b:" in done.stdout


def test_a_job_a_context_and_an_outcome_can_be_pickled(tmp_path):
    """What a launcher hands to another process, and what it gets back; an error keeps its class and its line."""
    made = job(["model=rrf/bm25+wordllama", "task=faq", "limit=3"])
    context = Context(results=tmp_path, opener=open_system, runner=stored_run)
    error = UnknownName("model", "bm52", ["bm25"])
    again, where, outcome = pickle.loads(pickle.dumps((made, context, Outcome((), error))))
    assert again == made and where == context and where.open("bm25").name == "bm25"
    assert isinstance(outcome.error, UnknownName) and str(outcome.error) == str(error)
    with pytest.raises(UnknownName):
        float(outcome)


def test_a_benchmark_of_one_job_gives_its_records(harness, tmp_path):
    """An outcome is the records of its job, in their order, and its number their mean."""
    harness("model=bm25", "task=legal", "limit=5", "board=false")
    (record,) = records(tmp_path / "results").values()
    assert float(Outcome((record,))) == record.primary.mean and Outcome((record,)).failures == 0


def test_jobs_that_would_share_a_name_are_told_apart_or_refused():
    """By as much of the path as it takes; where somebody named two things alike, nobody guesses."""
    task = TaskRef("faq", {}, "faq")
    systems = [
        SystemRef("path", {"path": f"/m/{run}/ckpt"}, "path/ckpt", (f"path/{run}/ckpt", f"path/m/{run}/ckpt"))
        for run in ("run-a", "run-b")
    ]
    labels = [one.system.label for one in told_apart([Job(system, task) for system in systems])]
    assert labels == ["path/run-a/ckpt", "path/run-b/ckpt"]
    assert told_apart([Job(systems[0], task)])[0].system.label == "path/ckpt"
    named = [SystemRef("bm25", {"k1": k1}, "mine") for k1 in (0.9, 1.2)]
    with pytest.raises(ConfigError, match="'mine' and are not the same thing"):
        told_apart([Job(system, task) for system in named])


def test_a_stopped_sweep_says_what_is_in_it(harness, tmp_path):
    """The configuration that a word composes to is shown by Hydra, as before."""
    done = harness("--cfg", "job", "model=bm25", "task=legal")
    assert done.returncode == 0 and "k1: 1.5" in done.stdout and not list(tmp_path.iterdir())
