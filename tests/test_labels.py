"""One name, one thing: systems and tasks that differ never share a row or a column, in one sweep, in two calls, or over a
mirror; and a row whose cells come from different weights says so."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from harness.config.label import label, labels
from harness.records.archive import Archive

BASE = {"k1": 1.5, "b": 0.75, "name": None, "path": None, "split": "test", "prompts": {}, "held_out": None}


def records(folder: Path) -> dict[tuple[str, str], object]:
    return {(one.system, one.task): one for one in Archive(folder / "results").read()}


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory) -> Path:
    """run-a/ckpt and run-b/ckpt: the embedded static model, and the same with its vectors in another order."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    from conftest import opened

    folder = tmp_path_factory.mktemp("runs")
    model = opened("wordllama").model._model
    weights = model[0].embedding.weight.detach().numpy()
    for run, rows in (("run-a", weights), ("run-b", np.roll(weights, 7, axis=0))):
        made = StaticEmbedding(model[0].tokenizer, embedding_weights=np.ascontiguousarray(rows))
        SentenceTransformer(modules=[made], device="cpu").save(str(folder / run / "ckpt"))
    return folder


def numbers(folder: Path) -> dict[str, float]:
    return {system: round(one.primary.mean, 4) for (system, _), one in records(folder).items()}


def test_23_two_checkpoints_of_one_folder_name_in_one_sweep(harness, tmp_path, checkpoints):
    """The second was reported "already recorded" with the first's score."""
    paths = ",".join(str(checkpoints / run / "ckpt") for run in ("run-a", "run-b"))
    done = harness("-m", "model=path", f"model.path={paths}", "task=faq", "limit=40", "board=false")
    assert done.returncode == 0 and "already recorded" not in done.stderr, done.stderr
    found = numbers(tmp_path)
    assert set(found) == {"path/run-a/ckpt", "path/run-b/ckpt"} and len(set(found.values())) == 2
    assert found["path/run-a/ckpt"] > 2 * found["path/run-b/ckpt"]


def test_23_two_checkpoints_of_one_folder_name_in_two_calls(harness, tmp_path, checkpoints):
    """The first keeps its short name; the second gets as much of its path as tells it apart, and keeps that."""
    for run in ("run-a", "run-b", "run-b"):
        done = harness("model=path", f"model.path={checkpoints / run / 'ckpt'}", "task=faq", "limit=40", "board=false")
        assert done.returncode == 0, done.stderr
    found = numbers(tmp_path)
    assert set(found) == {"path/ckpt", "path/run-b/ckpt"} and len(set(found.values())) == 2
    assert "already recorded as path/run-b/ckpt" in done.stderr


def test_23_two_checkpoints_over_a_mirror(harness, tmp_path, checkpoints):
    """ORG/NAME is their name there."""
    done = harness(
        "-m", "model=hub/run-a/ckpt,hub/run-b/ckpt", "task=faq", "limit=40", f"data.models={checkpoints}", "board=false"
    )
    assert done.returncode == 0, done.stderr
    found = numbers(tmp_path)
    assert set(found) == {"hub/run-a/ckpt", "hub/run-b/ckpt"} and len(set(found.values())) == 2


def test_the_same_folder_trained_again_is_one_row_without_a_mean(harness, tmp_path, checkpoints):
    """Its cells come from different weights until both tasks are evaluated again: no mean, and why."""
    shutil.copytree(checkpoints / "run-a" / "ckpt", tmp_path / "ckpt")
    words = ("model=path", f"model.path={tmp_path / 'ckpt'}", "limit=20")
    harness(*words, "task=faq", "board=false")
    shutil.rmtree(tmp_path / "ckpt")
    shutil.copytree(checkpoints / "run-b" / "ckpt", tmp_path / "ckpt")
    assert harness(*words, "task=legal").returncode == 0
    page = (tmp_path / "results" / "leaderboard.md").read_text()
    (row,) = (line for line in page.splitlines() if "| path/ckpt |" in line)
    assert "| other weights |" in row and "path/ckpt: its cells come from 2 different weights" in page
    assert harness(*words, "task=faq").returncode == 0
    assert "other weights" not in (tmp_path / "results" / "leaderboard.md").read_text()


def test_two_tables_of_one_file_name_are_two_columns(harness, tmp_path):
    """2023/faq.csv and 2024/faq.csv: other questions under one name stood in one column."""
    for year, answer in (("2023", "by card"), ("2024", "by phone")):
        (tmp_path / year).mkdir()
        (tmp_path / year / "faq.csv").write_text(f"question,answer\nhow to pay?,{answer}\nwhere is it?,at home\n")
    for year in ("2023", "2024"):
        assert harness("model=bm25", "task=table", f"task.path={year}/faq.csv", "board=false").returncode == 0
    assert {task for _, task in records(tmp_path)} == {"table/faq", "table/2024/faq"}
    done = harness(
        "-m", "model=bm25", "task=table", "task.path=2023/faq.csv,2024/faq.csv", "results=sweep", "board=false"
    )
    assert done.returncode == 0, done.stderr
    assert {one.task for one in Archive(tmp_path / "sweep").read()} == {"table/2023/faq", "table/2024/faq"}


def test_a_held_out_table_and_another_split_show_in_the_columns_name(harness, tmp_path):
    """Questions of another file are another column, also for a task with a YAML of its own."""
    (tmp_path / "held.csv").write_text("ask,reply\nhow can I pay,By card.\n")
    harness("model=bm25", "task=faq", "limit=5", "board=false")
    harness("model=bm25", "task=faq", "task.held_out=held.csv", "board=false")
    harness("model=bm25", "task=legal", "task.split=dev", "limit=5", "board=false")
    found = {task for _, task in records(tmp_path)}
    assert {"faq[first 5]", "legal(split=dev)[first 5]"} <= found
    assert not any(task == "faq" for task in found)


def test_a_name_of_ones_own(harness, tmp_path):
    """model.label= and task.label= are what stands on the board; two things under one are refused."""
    done = harness(
        "model=bm25", "model.k1=0.9", "model.label=ours", "task=legal", "task.label=clauses", "limit=5", "board=false"
    )
    assert done.returncode == 0 and set(records(tmp_path)) == {("ours", "clauses[first 5]")}
    done = harness("-m", "model=bm25", "model.k1=0.9,1.2", "model.label=ours", "task=legal", "limit=5")
    assert (
        done.returncode == 2
        and "'ours' and are not the same thing" in done.stderr
        and "model.label=NAME" in done.stderr
    )


def test_labels_of_different_options_differ():
    """Every pair of some hundred selections of one choice: what differs is in the name."""
    values = {
        "k1": (1.5, 0.9), "name": (None, "a", "b"), "path": (None, "x/faq.csv", "y/faq.csv", "y/faq.tsv", "faq-1.5"),
        "split": ("test", "dev"), "prompts": ({}, {"query": "q: "}), "held_out": (None, "h.csv"),
    }  # fmt: skip
    chosen = [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]
    longest = [[*labels("table", {**BASE, **options}, BASE)][-1] for options in chosen]
    assert len(set(longest)) == len(chosen)
    shortest = {
        next(labels("table", {**BASE, **options}, BASE)) for options in chosen if options["path"] != "y/faq.csv"
    }
    assert "table" in shortest and "table/a/faq(k1=0.9,split=dev)" in shortest and "table/faq-1.5" in shortest


def test_systems_of_systems_are_named_by_their_parts():
    """As they are typed, unquoted; brackets only where a part could be read as several."""
    base = {"k": 60, "legs": 1000}
    assert label("rrf", {"systems": ["bm25", "minilm"], **base}, base) == "rrf/bm25+minilm"
    assert label("rrf/bm25+minilm", {"systems": ["bm25", "minilm"], **base, "k": 10}, {"systems": [], **base}) == (
        "rrf(k=10)/bm25+minilm"
    )
    assert label("rrf", {"systems": ["rrf/a+b", "c"], **base}, base) == "rrf/(rrf/a+b)+c"
    assert label("rerank", {"systems": ["rrf/a+b", "c"], "k": 100}, {"k": 100}) == "rerank/rrf/a+b:c"
    assert label("my-hybrid", {"systems": ["a", "b"], **base}, {"systems": ["a", "b"], **base}) == "my-hybrid"


@pytest.mark.parametrize("group", ["model", "task"])
def test_a_private_yaml_of_a_built_in_name_is_refused_or_wins_visibly(harness, tmp_path, group):
    """--help showed one and the run took the other."""
    folder = tmp_path / "private" / "conf" / group
    folder.mkdir(parents=True)
    name, text = {
        "model": ("bm25-flat", ""), "task": ("faq", "# Our own questions\ndefaults: [table]\npath: own.csv\n"),
    }[group]  # fmt: skip
    if group == "model":
        name, text = "minilm", "# Our own minilm\ndefaults: [bm25]\nk1: 0.5\n"
    (tmp_path / "own.csv").write_text("question,answer\nwho?,me\nwhere?,here\n")
    (folder / f"{name}.yaml").write_text(text)
    env = {"HARNESS_PLUGINS": str(tmp_path / "private")}
    words = ("model=minilm", "task=legal", "limit=2") if group == "model" else ("model=bm25", "task=faq")
    done = harness(*words, "board=false", env=env)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f"Two {group}s are named '{name}'" in done.stderr and str(folder / f"{name}.yaml") in done.stderr
    assert f"conf/{group}/{name}.yaml and " in done.stderr and "override: true" in done.stderr
    (folder / f"{name}.yaml").write_text(text + "override: true\n")
    done = harness(*words, "board=false", env=env)
    assert done.returncode == 0, done.stderr
    assert f"{group}={name} is {folder / name}.yaml, which overrides the built-in one" in done.stderr
    (record,) = records(tmp_path).values()
    assert record.facts.other["k1"] == 0.5 if group == "model" else record.dataset["counts"]["queries"] == 2
    assert "(overrides the built-in one" in harness("--help", env={**env, "COLUMNS": "300"}).stdout


def test_a_label_moves_no_number(harness, tmp_path, shared):
    """A prompt that belongs to a task goes by the data set's name: called otherwise, the task is asked in the same words."""
    import mirrors

    mirror = f"data.mirror={mirrors.scifact(shared, tmp_path / 'mirror')}"
    words = ("model=wordllama", "+model.prompts={SciFact-query: 'claim: '}", "limit=5", mirror, "board=false")
    assert harness(*words, "task=mteb/SciFact").returncode == 0
    done = harness(*words, "task=mteb/SciFact", "task.label=claims", "results=other")
    assert done.returncode == 0, done.stderr
    (one,), (other,) = (Archive(tmp_path / name).read() for name in ("results", "other"))
    assert (one.task, other.task) == ("mteb/SciFact[first 5]", "claims[first 5]")
    assert one.checks.first["query"].startswith("claim: ") and one.checks.first == other.checks.first
    assert one.measures == other.measures and one.key == other.key
    done = harness(*words, "task=mteb/SciFact", "task.label=claims")
    assert "already recorded as" in done.stderr and "mteb/SciFact[first 5]" in done.stderr
