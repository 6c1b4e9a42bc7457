"""Everything a person may type: one line, exit code 2, what, where, how to mend it."""

from __future__ import annotations

import errno
import os
import shutil

import pytest

from harness.records.archive import Archive
from test_bad_input import refused

LINES = [
    (["model=minilm", "model.max_length=0"], ["model.max_length=0", "at least 1"]),
    (["model=minilm", "model.max_length=-5"], ["model.max_length=-5", "at least 1"]),
    (["model=minilm", "model.max_length=2"], ["model.max_length=2", "no room for a text", "at least 3"]),
    (["model=wordllama", "model.dimension=-1"], ["model.dimension=-1", "at least 1"]),
    (["model=wordllama", "device=gpu"], ["device=gpu", "Did you mean cuda?"]),
    (["model=bm25", "device=cuda:x"], ["device=cuda:x", "auto, cpu, cuda"]),
    (["model=bm25", "memory=0"], ["memory=0", "at least 1"]),
    (["model=bm25", "limit=0"], ["limit=0", "at least 1"]),
    (["model=bm25", "depth=0"], ["depth=0", "at least 1"]),
    (["model=bm25", "model.k1=nan"], ["model.k1=nan", "finite number"]),
    (["model=bm25", "model.b=1e999"], ["model.b=inf", "finite"]),
    (["model=[minilm,bm25]"], ["harness -m model=minilm,bm25"]),
    (["model=0"], ["'model=0' names no model"]),
    (["-m", "model=bm25,null"], ["'model=bm25,null' names no model"]),
    (["task="], ["'task=' names no task"]),
    (["-m"], ["harness -m model=minilm,bm25"]),
    (["--frobnicate", "model=bm25"], ["Unknown flag '--frobnicate'", "KEY=VALUE"]),
    (["--modl", "bm25"], ["Unknown flag '--modl'", "Did you mean --model"]),
    (["--limit"], ["--limit needs a value: limit=VALUE"]),
    (["model=bm25", "task=table", "task.path=" + "x" * 5000], ["task.path=xxx", "File name too long"]),
]


@pytest.mark.parametrize(("arguments", "said"), LINES, ids=[" ".join(words)[:40] for words, _ in LINES])
def test_a_line_of_an_evaluation(harness, tmp_path, arguments, said):
    """Where it was typed, and with what is meant."""
    refused(harness(*arguments), *said, results=tmp_path / "results")


@pytest.mark.parametrize("command", ["leaderboard", "power", "rescore", "export", "compare"])
def test_a_results_folder_that_is_not_there(harness, tmp_path, command):
    """Refused and not made, with the one that is there; an empty board would say that nothing was evaluated."""
    (tmp_path / "results" / "records").mkdir(parents=True)
    words = {"rescore": ["measures=[MAP]"], "compare": ["bm25", "lsa"]}.get(command, [])
    done = harness(*words, "results=resluts", command=command)
    refused(done, "results=resluts is not a folder", "Did you mean results=results?")
    assert not (tmp_path / "resluts").exists()


def test_a_board_of_no_record(harness, tmp_path):
    """A folder of something else is left as it is."""
    refused(harness("results=.", command="leaderboard"), ". holds no record")
    assert not list(tmp_path.iterdir())


def test_one_measure_is_a_list_of_one(harness, tmp_path):
    """`measures="nDCG@10"` as a YAML has it; in a `Task` a text is refused with its line, for its letters are no measures."""
    done = harness("model=bm25", 'measures="nDCG@10"', "limit=2", "board=false")
    assert done.returncode == 0, done.stderr
    assert [measure.measure for measure in Archive(tmp_path / "results").read()[0].measures] == ["nDCG@10"]
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text(
        'from harness import Task, task\n\n\n@task\ndef mine() -> Task:\n    return Task(dataset=None, measures="nDCG@10")\n'
    )
    done = harness("model=bm25", "task=mine", env={"HARNESS_PLUGINS": str(tmp_path / "plugins")})
    refused(done, "mine.py:6", "measures='nDCG@10' is a text", "measures=('nDCG@10',)")


YAMLS = {
    "no defaults": ("name: a/b\n", ["does not say which model it extends", "defaults: [hub]"]),
    "nothing": ("# mine\n", ["does not say which model it extends"]),
    "another name": (
        "defaults: [hubb]\nname: a/b\n",
        ["Unknown model 'hubb'", "Did you mean hub", "mine.yaml extends it"],
    ),
    "no list": ("defaults: hub\nname: a/b\n", ["is no list of one name", "defaults: [hub]"]),
    "a list": ("- a\n", ["mine.yaml:1", "KEY: VALUE"]),
    "itself": ("defaults: [mine]\n", ["extends itself"]),
}


@pytest.mark.parametrize(("content", "said"), YAMLS.values(), ids=YAMLS)
def test_a_yaml_that_is_no_model(harness, tmp_path, content, said):
    """The file is named, and what it lacks: not "Unknown model", for it is there."""
    folder = tmp_path / "plugins" / "conf" / "model"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(content)
    done = harness("model=mine", "task=legal", env={"HARNESS_PLUGINS": str(tmp_path / "plugins")})
    refused(done, "mine.yaml", *said, results=tmp_path / "results")


def test_two_run_files_need_no_record(harness, tmp_path):
    """`compare a.run b.run` on any task, as an evaluation names it; a file that is not there is named."""
    folder = tmp_path / "set"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "text": "one"}\n{"_id": "d2", "text": "two"}\n')
    (folder / "queries.jsonl").write_text('{"_id": "q1", "text": "one?"}\n{"_id": "q2", "text": "two?"}\n')
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    (tmp_path / "a.run").write_text("q1 Q0 d1 1 2.0 a\nq2 Q0 d2 1 2.0 a\n")
    (tmp_path / "b (1).run").write_text("q1 Q0 d2 1 2.0 b\nq2 Q0 d2 1 2.0 b\n")
    words = ("task=beir", f"task.path={folder}", "measure=success@1", "to=pages")
    done = harness("a.run", "b (1).run", *words, command="compare")
    assert done.returncode == 0, done.stderr
    assert "+0.5000" in done.stdout or "0.5" in done.stdout
    assert (tmp_path / "pages").is_dir() and not (tmp_path / "results").exists()
    refused(harness("a.run", "c.run", *words, "results=.", command="compare"), "c.run is none")
    refused(
        harness("a.run", "b (1).run", "model=bm25", *words, command="compare"), "'model=bm25'", "harness compare A B"
    )


def test_a_cache_that_cannot_be_written(harness, tmp_path):
    """The advice names the option of the cache, and not that of the results; no model is loaded before."""
    done = harness("model=wordllama", "task=faq", "limit=2", "data.cache=/proc/nothing")
    refused(done, "Cannot write /proc/nothing", "data.cache=DIR", results=tmp_path / "results")
    assert "results=DIR" not in done.stderr


def test_results_that_are_a_file_are_refused_before_anything_is_computed(harness, tmp_path, monkeypatch):
    """No query is asked: hours would be lost."""
    (tmp_path / "mine").write_text("a file")
    monkeypatch.setattr("harness.evaluation.runs.fresh_run", lambda *_: pytest.fail("computed"))
    refused(harness("model=bm25", "task=legal", "results=mine"), "Cannot write mine", "results=DIR")
    assert (tmp_path / "mine").read_text() == "a file"


def test_a_disk_that_fills_up_stops_a_sweep_at_its_first_cell(harness, tmp_path, monkeypatch):
    """The operating system's own refusal, injected where a file is put into its place; the rest is not computed for nothing."""
    replace = os.replace

    def full(source, target, **other):
        if "run.trec" in str(target):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(source, target, **other)

    monkeypatch.setattr(os, "replace", full)
    done = harness("-m", "model=bm25,lsa", "task=faq,legal", "limit=2", "board=false", "progress=false")
    refused(done, "No space left on device", "results=DIR", "The sweep stops at bm25 × faq[first 2]")
    assert not list((tmp_path / "results").rglob("record.json")) and not list(tmp_path.rglob("*.part"))
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "results")
    assert harness("-m", "model=bm25,lsa", "task=faq", "limit=2", "board=false").returncode == 0
