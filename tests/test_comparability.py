"""Rows that were different experiments are never on one board unmarked: records edited by hand, one thing at a time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conftest import within
from harness.records.archive import Archive
from harness.report import formatting
from harness.report.board import board

ROOT = Path(__file__).parents[1]

DATA = [
    ("dataset.fingerprint", "0" * 32, "fingerprint"),
    ("dataset.split", "dev", "split"),
    ("dataset.depth", 1000, "depth"),
    ("dataset.exclude_self", True, "exclude_self"),
]
VERSIONS = [
    ("facts.prompts", {"query": "query: "}, "prompts"),
    ("checks.prompts.query", "search_query: ", "query prompt"),
    ("facts.max_length", 64, "max_length"),
    ("facts.dtype", "bfloat16", "dtype"),
    ("facts.weights", "f" * 32, "weights"),
    ("provenance.harness", "0.0.9", "harness"),
    ("provenance.libraries.torch", "1.13.0", "torch"),
    ("provenance.libraries.pytrec-eval-terrier", "0.1", "pytrec-eval-terrier"),
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """Two systems on two small tasks, evaluated; a dense one that needs no torch, with the facts of a transformer."""
    folder = tmp_path_factory.mktemp("results")
    done = within(
        [
            "-m",
            "model=wordllama,bm25,lsa",
            "task=legal,faq",
            "limit=40",
            f"results={folder}",
            "progress=false",
            "board=false",
        ],
        ROOT,
    )
    assert not done.returncode, done.stderr
    return folder


def edited(recorded: Path, folder: Path, path: str, value: object) -> Path:
    """A copy of the results in which wordllama's record on legal says something else."""
    import shutil

    shutil.copytree(recorded, folder)
    (file,) = folder.glob("records/legal*/wordllama-*/record.json")
    record = json.loads(file.read_text())
    node = record
    *keys, last = path.split(".")
    for key in keys:
        node = node.setdefault(key, {})
    assert node.get(last) != value
    node[last] = value
    file.write_text(json.dumps(record))
    return folder


def cell(folder: Path):
    archive = Archive(folder)
    made = board(archive.read(), archive.scores)
    (row,) = [one for one in made.rows if one.system == "wordllama"]
    return made, row.cells[[one.task.startswith("legal") for one in made.columns].index(True)]


def test_what_was_evaluated_together_is_comparable(recorded):
    """Nothing is marked where nothing differs: three kinds of system, two tasks."""
    archive = Archive(recorded)
    made = board(archive.read(), archive.scores)
    assert [one.differences for row in made.rows for one in row.cells] == [()] * 6
    assert formatting.legend(made) == []


@pytest.mark.parametrize(("path", "value", "what"), DATA)
def test_19_another_experiment_is_marked_and_in_no_mean(recorded, tmp_path, path, value, what):
    """Another data set, split, depth or policy; without the guard its number would be averaged and ranked."""
    made, found = cell(edited(recorded, tmp_path / "r", path, value))
    assert [one.what for one in found.differences] == [what] and not found.counts
    assert formatting.value(found).endswith("≠") and any("no mean" in line for line in formatting.legend(made))
    (row,) = [one for one in made.rows if one.system == "wordllama"]
    assert row.rank is None and row.mean is None


@pytest.mark.parametrize(("path", "value", "what"), VERSIONS)
def test_19_another_version_is_marked_and_counts(recorded, tmp_path, path, value, what):
    """Another prompt, length, dtype or version."""
    made, found = cell(edited(recorded, tmp_path / "r", path, value))
    assert what in [one.what for one in found.differences] and found.counts
    assert formatting.value(found).endswith("†") and any("it counts" in line for line in formatting.legend(made))


@pytest.mark.parametrize(("path", "value", "what"), [DATA[2], VERSIONS[0]])
def test_strict_refuses_and_explain_says_what_and_how(recorded, tmp_path, harness, path, value, what):
    """`strict=true` writes nothing; `--explain` names the difference and a command that mends it."""
    folder = edited(recorded, tmp_path / "r", path, value)
    done = harness(f"results={folder}", "strict=true", command="leaderboard")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "--explain wordllama" in done.stderr
    assert not (folder / "leaderboard.md").exists()
    done = harness(f"results={folder}", "--explain", "wordllama", command="leaderboard")
    assert done.returncode == 0 and what in done.stdout
    assert "→ harness model=wordllama task=legal limit=40 overwrite=true" in done.stdout
    assert "bm25" not in done.stdout
    done = harness(f"results={folder}", "--explain=wordlama", command="leaderboard")
    assert done.returncode == 2 and "Did you mean wordllama?" in done.stderr


def test_another_version_says_which_to_install(recorded, tmp_path, harness):
    """A library's version is mended by installing what the rest was made with."""
    folder = edited(recorded, tmp_path / "r", "provenance.libraries.torch", "1.13.0")
    done = harness(f"results={folder}", "--explain", "wordllama", command="leaderboard")
    assert "torch 1.13.0, elsewhere " in done.stdout and "→ pip install torch==" in done.stdout


def test_compare_refuses_another_experiment_and_notes_another_version(recorded, tmp_path, harness):
    """Two systems side by side follow the same rule as a board."""
    folder = edited(recorded, tmp_path / "r", "dataset.fingerprint", "0" * 32)
    (task,) = {one.task for one in Archive(folder).read() if one.task.startswith("legal")}
    done = harness("wordllama", "bm25", f"task={task}", f"results={folder}", command="compare")
    assert done.returncode == 2 and "not comparable" in done.stderr
    folder = edited(recorded, tmp_path / "s", "provenance.harness", "0.0.9")
    done = harness("wordllama", "bm25", f"task={task}", f"results={folder}", command="compare")
    assert done.returncode == 0 and "Another harness:" in done.stdout and "0.0.9" in done.stdout
    done = harness("wordllama", "bm25", f"task={task}", f"results={folder}", "strict=true", command="compare")
    assert done.returncode == 2
