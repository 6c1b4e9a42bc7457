"""One word of the shell is one value: paths and free text, whatever they look like to a grammar, in evaluations and commands."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from harness.compose.composition import for_hydra, job
from harness.compose.plugins import folders
from harness.config.grammar import read
from harness.config.kinds import Kinds
from harness.config.literal import QUOTED, as_typed
from harness.errors import ConfigError
from harness.records.archive import Archive

ROWS = "question,answer\nhow to pay?,by card\nwhere is it?,at home\nwhen is it?,at noon\n"
NAMES = [
    "Größe.csv", "faq (1).csv", "a=b.csv", "faq,2026.csv", "🙂.csv", "my faq.csv", "[draft].csv", "{a}.csv", "it's.csv",
    'so "called".csv', "50%.csv", "1e3.csv", "a#b!.csv", "~draft.csv", "glob(x).csv", "a\\b.csv", "@x&y;z.csv", "-x.csv",
]  # fmt: skip


def records(folder: Path) -> list[object]:
    return Archive(folder / "results").read()


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_evaluated_checked_and_evaluated_again(harness, tmp_path, name):
    """Without quotes inside quotes; the recorded command makes the same cell again, and a check reads the same file."""
    (tmp_path / name).write_text(ROWS, encoding="utf-8")
    done = harness("model=bm25", "task=table", f"task.path={name}", "board=false")
    assert done.returncode == 0, done.stderr
    (record,) = records(tmp_path)
    assert Path(record.dataset["asked"]["options"]["path"]).name == name and record.primary.n == 3
    again = harness(*shlex.split(record.provenance["command"])[1:], "board=false")
    assert "already recorded" in again.stderr and len(records(tmp_path)) == 1, again.stderr
    check = harness("task=table", f"task.path={name}", command="check")
    assert check.returncode == 0 and "3 documents, 3 queries" in check.stdout, check.stderr


def test_what_stands_in_the_home_folder(harness, tmp_path, monkeypatch):
    """`~/a b/faq.csv` as zsh and a YAML leave it, and `$HOME` expanded by the shell to a path with spaces; results too."""
    home = tmp_path / "home of me"
    (home / "a b").mkdir(parents=True)
    (home / "a b" / "faq.csv").write_text(ROWS)
    monkeypatch.setenv("HOME", str(home))
    for path in ("~/a b/faq.csv", str(home / "a b" / "faq.csv")):
        done = harness("model=bm25", "task=table", f"task.path={path}", "results=~/my results", "board=false")
        assert done.returncode == 0, done.stderr
    assert len(Archive(home / "my results").read()) == 1 and not (tmp_path / "~").exists()
    assert harness("results=~/my results", "explain=bm25", command="leaderboard").returncode == 0


ODD = [
    "1_000", "1e3", "007", "1.50", "TRUE", "False", "null", "nan", "-inf", "", " a ", "a, b", "[a,b]", "{a: b}", "f(x)", "'",
    '"', "a\\", "\\'", "a=b", "x\ty", "two\nlines",
]  # fmt: skip


@settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")) | st.sampled_from(ODD))
def test_free_text_reaches_the_task_as_it_was_typed(text):
    """Hydra reads what was typed, and what is recorded can be typed again; a column named 1e3 is not asked for as 1000.0."""
    assume("${" not in text and not QUOTED.fullmatch(text))
    words = ["model=bm25", "task=table", f"task.question={text}"]
    given_to_hydra = for_hydra(words, sweep=False)
    assert read("task.question", given_to_hydra[-1].partition("=")[2]) == text
    recorded = as_typed(given_to_hydra, Kinds.of(words, folders()))
    assert for_hydra(recorded, sweep=False) == given_to_hydra


def test_a_column_may_be_called_as_a_number_is():
    """1e3 is not asked for as 1000.0, nor TRUE as True."""
    words = [
        "model=bm25",
        "task=table",
        "task.path=x.csv",
        "task.question=1e3",
        "task.answer=TRUE",
        "model.stemmer=007",
    ]
    composed = job(words)
    assert (composed.task.options["question"], composed.task.options["answer"]) == ("1e3", "TRUE")
    assert composed.system.options["stemmer"] == "007"
    assert {*words} == {*composed.overrides}


def test_what_is_left_to_the_grammar():
    """Quotes around the whole, `null` where there may be none, `${…}`; options that are no text keep their types."""
    words = ["model=bm25", "task=table", "task.path=x.csv"]
    options = job([*words, 'task.question="a, b"', "task.held_out=null", "model.k1=1e-1"])
    assert options.task.options["question"] == "a, b" and options.task.options["held_out"] is None
    assert options.system.options["k1"] == 0.1
    assert for_hydra(["task=legal", "task.split=dev,test"], sweep=True)[1] == "task.split=dev,test"
    assert for_hydra(["model=bm25", "model.k1=1,2"], sweep=True)[1] == "model.k1=1,2"


@pytest.mark.parametrize("value", ["[a.csv,b (1).csv]", "a.csv,b (1).csv", "choice(a.csv,'b (1).csv')"])
def test_a_sweep_over_two_files(harness, tmp_path, value):
    """A list in brackets, or with commas as everywhere in a sweep."""
    for name in ("a.csv", "b (1).csv"):
        (tmp_path / name).write_text(ROWS.replace("card", name))
    done = harness("-m", "model=bm25", "task=table", f"task.path={value}", "board=false")
    assert done.returncode == 0, done.stderr
    assert {record.task for record in records(tmp_path)} == {"table/a", "table/b (1)"}
    for record in records(tmp_path):
        again = harness(*shlex.split(record.provenance["command"])[1:], "board=false")
        assert "already recorded" in again.stderr, again.stderr


def test_a_comma_in_a_sweep_is_never_ambiguous(harness, tmp_path):
    """The file of the whole name wins where its parts are none; where they exist as well, it has to be said."""
    words = ("model=bm25", "task=table", "task.path=faq,2026.csv", "board=false")
    (tmp_path / "faq,2026.csv").write_text(ROWS)
    done = harness("-m", *words)
    assert done.returncode == 0 and [record.task for record in records(tmp_path)] == ["table/faq,2026"], done.stderr
    for name in ("faq", "2026.csv"):
        shutil.copy(tmp_path / "faq,2026.csv", tmp_path / name)
    done = harness("-m", *words)
    assert done.returncode == 2 and "is the name of one file and of 2" in done.stderr
    assert harness(*words).returncode == 0  # without -m there is nothing to ask
    (tmp_path / "faq,2026.csv").unlink()
    done = harness(*words)
    assert done.returncode == 2 and "harness -m task.path=faq,2026.csv" in done.stderr


def test_prompts_are_given_as_a_dictionary(harness, tmp_path):
    """With spaces and a colon, without `+`; by their key too; the record's command gives the same prompt again."""
    words = ("model=wordllama", "task=faq", "limit=2", "board=false")
    done = harness(*words, 'model.prompts={query: "find: "}')
    assert done.returncode == 0, done.stderr
    (record,) = records(tmp_path)
    assert record.facts.prompts == {"query": "find: "} and record.checks.prompts["query"] == "find: "
    assert "already recorded" in harness(*words, "model.prompts.query=find: ").stderr
    assert "already recorded" in harness(*shlex.split(record.provenance["command"])[1:], "board=false").stderr


def test_an_option_as_a_flag(harness, tmp_path):
    """`--model bm25` is `model=bm25`, as for the other commands."""
    done = harness("--model", "bm25", "--task=faq", "--limit", "2", "--no-board", "--overwrite")
    assert done.returncode == 0, done.stderr
    assert records(tmp_path)[0].provenance["command"] == "harness model=bm25 task=faq limit=2"
    assert not (tmp_path / "results" / "leaderboard.md").exists()


def test_words_of_a_notebook_may_hold_spaces(tmp_path, monkeypatch):
    """`beir task.path=DIR` is cut at its keys, and a run file is a path."""
    import harness

    monkeypatch.chdir(tmp_path)
    (tmp_path / "my faq, 1.csv").write_text(ROWS)
    frame = harness.evaluate("bm25", "table task.path=my faq, 1.csv", measures="MRR@10", progress=False)
    assert list(frame["task"]) == ["table/my faq, 1"] and list(frame["measure"]) == ["MRR@10"]
    with pytest.raises(ConfigError, match="names no task"):
        harness.evaluate("bm25", "", progress=False)
