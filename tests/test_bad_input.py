"""Every mistake of a user: one clear line that names it, where, and what to do; exit code 2; nothing written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import ROOT

CORPUS = '{"_id": "d1", "title": "One", "text": "first text"}\n{"_id": "d2", "text": "second text"}\n'
QUERIES = '{"_id": "q1", "text": "first?"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\n"


def folder(tmp_path: Path, corpus: str = CORPUS, queries: str = QUERIES, qrels: str | None = QRELS) -> str:
    """A BEIR folder with one part replaced."""
    place = tmp_path / "set"
    (place / "qrels").mkdir(parents=True)
    (place / "corpus.jsonl").write_text(corpus, encoding="utf-8")
    (place / "queries.jsonl").write_text(queries, encoding="utf-8")
    if qrels is not None:
        (place / "qrels" / "test.tsv").write_text(qrels, encoding="utf-8")
    return f"task.path={place}"


def refused(done: subprocess.CompletedProcess[str], *said: str, results: Path | None = None) -> None:
    """One line on standard error that says all of it, exit code 2, no traceback, no results."""
    assert done.returncode == 2, (done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1 and lines[0].startswith("error: "), done.stderr
    for part in said:
        assert part in lines[0], (part, lines[0])
    assert results is None or not results.exists() or not any(results.rglob("record.json"))


LINES = [
    (["model=minillm"], ["Unknown model 'minillm'", "minilm"]),
    (["model=bm25", "task=legall"], ["Unknown task 'legall'", "Did you mean legal"]),
    (["model=bm25", "measures=[nDGC@10]"], ["Unknown measure 'nDGC'", "nDCG"]),
    (["model=bm25", "measures=[recall]"], ["recall@10"]),
    (["model=bm25", "measures=[Rprec@5]"], ["takes no cutoff"]),
    (["model=bm25", "measures=[nDCG(gan=exp)@10]"], ["no parameter 'gan'", "gain=linear"]),
    (["model=bm25", "measures=[]"], ["measures=[]"]),
    (["model=bm25", "measures=[nDCG@1000]"], ["depth=1000"]),
    (["model=bm25", "task.splitt=dev"], ["Unknown option 'task.splitt'", "task.split"]),
    (["model=bm25", "task.split=tset"], ["task.split=tset", "test, dev, train"]),
    (["model=bm25", "depht=5"], ["Unknown option 'depht'", "Did you mean depth"]),
    (["model=bm25", "depth=abc"], ["depth", "'abc'"]),
    (["model=bm25", "depth=0"], ["depth=0", "at least 1"]),
    (["model=bm25", "limit=-1"], ["limit=-1"]),
    (["model=bm25", "model.k1=high"], ["model.k1", "'high'"]),
    (["model=bm25", "model.stemmer=klingon"], ["model.stemmer=klingon", "english"]),
    (["model=bm25", "nonsense"], ["'nonsense'", "KEY=VALUE"]),
    (["model=bm25,minilm"], ["-m"]),
    (["model=bm25", "task=table"], ["task.path=VALUE"]),
    (["model=bm25", "task=beir"], ["task.name=NAME", "task.path=DIR"]),
    (["model=bm25", "task=beir", "task.path=nowhere"], ["nowhere does not exist", "corpus.jsonl"]),
    (["model=bm25", "task=beir", "task.name=scifact"], ["hub is not within reach", "data.mirror=DIR"]),
    (["model=hub"], ["model.name=VALUE"]),
    (["model=bge-base"], ["BAAI/bge-base-en-v1.5", "not within reach", "model.path=DIR"]),
    (["model=path", "model.path=nowhere"], ["nowhere is not a folder"]),
    (["model=bm25", "data.mirror=nowhere"], ["data.mirror=nowhere is not a folder"]),
    (["model=wordllama", "model.digest=00"], ["not the weights that were meant"]),
    (["model=wordllama", "model.dimension=300"], ["256 numbers", "300"]),
    (["model=wordllama", "device=cuda:9"], ["no CUDA device"]),
]


@pytest.mark.parametrize(("arguments", "said"), LINES, ids=[" ".join(one) for one, _ in LINES])
def test_mistake_on_the_command_line(harness, tmp_path, arguments, said):
    """Named with the nearest valid choice and how to mend it."""
    refused(harness(*arguments), *said, results=tmp_path / "results")


DATA = {
    "half a folder": ({"qrels": None}, ["qrels/test.tsv does not exist"]),
    "malformed JSON": ({"corpus": CORPUS + '{"_id": "d3", "text": \n'}, ["corpus.jsonl:3", "not JSON"]),
    "no text": ({"corpus": '{"_id": "d1"}\n'}, ["corpus.jsonl:1", "'text' is missing"]),
    "a list": ({"queries": "[1]\n"}, ["queries.jsonl:1", "object was expected"]),
    "duplicate id": ({"corpus": CORPUS + '{"_id": "d1", "text": "again"}\n'}, ["corpus.jsonl:3", "line 1 already"]),
    "id as number and text": (
        {"queries": QUERIES + '{"_id": 1, "text": "a"}\n{"_id": "1", "text": "b"}\n'},
        ["jsonl:3"],
    ),
    "two fields": ({"qrels": QRELS + "q1\td2\n"}, ["test.tsv:3", "2 fields"]),
    "half a grade": ({"qrels": QRELS + "q1\td2\t0.5\n"}, ["test.tsv:3", "'0.5' is not an integer", "threshold"]),
    "no grade": ({"qrels": QRELS + "q1\td2\tnan\n"}, ["test.tsv:3", "'nan' is not an integer"]),
    "a word for a grade": ({"qrels": "q1\td1\tyes\n"}, ["test.tsv:1", "'yes'", "call the first one query-id"]),
    "three columns and four": ({"qrels": "q1 0 d1 1\nq1 d2 1\n"}, ["test.tsv:2", "3 fields, expected 4", "docid"]),
    "a list for an id": ({"corpus": CORPUS + '{"_id": ["d3"], "text": "x"}\n'}, ["corpus.jsonl:3", "list"]),
    "half a character": ({"corpus": CORPUS + '{"_id": "d3", "text": "\\ud800"}\n'}, ["'d3'", "surrogate"]),
    "judged twice": ({"qrels": QRELS + "q1\td1\t0\n"}, ["test.tsv:3", "judged 0"]),
    "dangling": (
        {"qrels": QRELS + "q1\td9\t1\nq7\td1\t1\n"},
        ["1 judgments of a document", "q1 → d9", "task.strict=false"],
    ),
    "no positive": ({"qrels": "query-id\tcorpus-id\tscore\nq1\td1\t0\n"}, ["no query", "relevant"]),
    "no judgments": ({"qrels": "query-id\tcorpus-id\tscore\n"}, ["no query", "relevant"]),
    "empty text": ({"corpus": CORPUS + '{"_id": "d3", "text": " "}\n'}, ["1 documents without text", "d3"]),
    "empty corpus": ({"corpus": "", "qrels": "query-id\tcorpus-id\tscore\n"}, ["corpus is empty"]),
}


@pytest.mark.parametrize(("parts", "said"), DATA.values(), ids=DATA)
def test_mistake_in_a_beir_folder(harness, tmp_path, parts, said):
    """Named with file and line."""
    refused(harness("model=bm25", "task=beir", folder(tmp_path, **parts)), *said, results=tmp_path / "results")


TABLES = {
    "no such column": ("faq.csv", "ask,reply\na,b\n", ["no column 'question'", "ask, reply", "task.question="]),
    "ragged row": ("faq.csv", "question,answer\na,b\nc,d,e\n", ["faq.csv:3", "3 fields where the header has 2"]),
    "open quote": ("faq.csv", 'question,answer\na,"b\n', ["faq.csv:2", "not a well-formed row"]),
    "empty answer": ("faq.csv", "question,answer\na,\n", ["faq.csv:2", "column 'answer' is empty"]),
    "only a header": ("faq.csv", "question,answer\n", ["has no rows"]),
    "tabs": ("faq.tsv", "question\tanswer\na\n", ["faq.tsv:2", "1 fields"]),
    "json": ("faq.jsonl", '{"question": "a", "answer": "b"}\n{oops}\n', ["faq.jsonl:2", "not JSON"]),
    "parquet": ("faq.parquet", "not parquet", ["not a Parquet file"]),
    "a document": ("faq.docx", "", ["'.docx' is not a table", ".csv", ".xlsx", ".csv.gz"]),
    "no workbook": ("faq.xlsx", "none", ["faq.xlsx: not a workbook that can be read"]),
    "two of one name": ("faq.csv", "question,answer,answer\na,b,c\n", ["2 columns 'answer'"]),
    "its own answer": (
        "faq.csv",
        "question,answer\nWho are you?,who  are you?\n",
        ["its own answer", "task.question="],
    ),
}


@pytest.mark.parametrize(("name", "content", "said"), TABLES.values(), ids=TABLES)
def test_mistake_in_a_table(harness, tmp_path, name, content, said):
    """Named with file and line."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    refused(harness("model=bm25", "task=table", f"task.path={name}"), *said, results=tmp_path / "results")


PLUGINS = {
    "syntax error": ({"mine.py": "from harness import task\ndef broken(:\n"}, ["mine.py:2", "def broken(:"]),
    "import error": ({"mine.py": "import no_such_package\n"}, ["mine.py cannot be imported", "no_such_package"]),
    "two of one name": (
        dict.fromkeys(("one.py", "two.py"), "from harness import task\n@task\ndef same():\n    ...\n"),
        ["Two tasks are named 'same'", "one.py:2", "two.py:2"],
    ),
    "a type that is no option": (
        {"mine.py": "from harness import task\n@task\ndef mine(x: object = None):\n    ...\n"},
        ["mine.py:2"],
    ),
    "a task that is none": (
        {"mine.py": "from harness import task\n@task\ndef mine():\n    return 3\n"},
        ["mine.py:2", "returned int, not a Task"],
    ),
    "an unknown key in a YAML": (
        {"conf/model/mine.yaml": "defaults: [hub]\nname: a/b\nprompst: {query: x}\n"},
        ["mine.yaml:3", "Unknown option 'model.prompst'", "model.prompts"],
    ),
    "a wrong type in a YAML": (
        {"conf/model/mine.yaml": "defaults: [hub]\nname: a/b\ndimension: big\n"},
        ["mine.yaml:3", "'big'"],
    ),
    "broken YAML": ({"conf/model/mine.yaml": "defaults: [hub\n"}, ["mine.yaml", "not YAML"]),
}


@pytest.mark.parametrize(("files", "said"), PLUGINS.values(), ids=PLUGINS)
def test_mistake_in_a_plug_in(harness, tmp_path, files, said):
    """Named with its path and line; a plug-in that cannot be imported stops the program."""
    place = tmp_path / "plugins"
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(content)
    arguments = ["model=mine", "task=legal"] if any("conf" in name for name in files) else ["model=bm25", "task=mine"]
    refused(harness(*arguments, env={"HARNESS_PLUGINS": str(place)}), *said, results=tmp_path / "results")


def test_model_folder_without_weights(harness, tmp_path):
    """The folder is named, and what should stand in it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    refused(harness("model=path", "model.path=model"), "holds no weights", "*.safetensors")


def test_weights_that_are_not_weights(harness, tmp_path, minilm_folder):
    """A damaged file is a user's mistake to mend, not a traceback."""
    shutil.copytree(minilm_folder, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"nothing")
    refused(harness("model=path", "model.path=model"), "cannot be loaded")


def test_results_folder_that_cannot_be_written(harness, tmp_path):
    """A file where the folder should be, and a file system that refuses: named, with what to do."""
    (tmp_path / "results").write_text("a file")
    refused(harness("model=bm25", "task=legal"), "Cannot write", "results=DIR")
    refused(harness("model=bm25", "task=legal", "results=/proc/harness"), "Cannot write /proc/harness", "results=DIR")


def test_full_disk_leaves_nothing_half_written(script, tmp_path):
    """Under a limit on file size, which fails as a full disk does, the run is refused and no part of it remains."""
    done = script(
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "sys.argv[1:] = ['model=bm25', 'task=legal', 'progress=false']; from harness.compose.main import main; main()"
    )
    refused(done, "Cannot write", "results=DIR", results=tmp_path / "results")
    assert not list((tmp_path / "results").rglob("*.part"))


def test_a_record_that_is_none(harness, tmp_path):
    """A damaged record is named; a newer format is refused, not guessed at."""
    place = tmp_path / "results" / "records" / "t" / "s-0"
    place.mkdir(parents=True)
    (place / "record.json").write_text("{}")
    refused(harness(command="leaderboard"), "record.json: not a record")
    (place / "record.json").write_text(json.dumps({"format": 99}))
    refused(harness(command="leaderboard"), "format 99 is newer")


@pytest.mark.parametrize(
    ("command", "arguments", "said"),
    [
        ("leaderboard", ["reslts=x"], ["Unknown option 'reslts'", "results"]),
        ("leaderboard", ["show=perhaps"], ["show"]),
        ("leaderboard", ["measure=nDGC@10"], ["Unknown measure 'nDGC'"]),
        ("rescore", [], ["measures=[NAME,…]"]),
        ("rescore", ["measures=[nDCG@5]"], ["results=results is not a folder"]),
        ("export", [], ["results=results is not a folder"]),
    ],
)
def test_mistake_to_another_command(harness, command, arguments, said):
    """Every command answers in the same way."""
    refused(harness(*arguments, command=command), *said)


def test_an_interruption_while_text_is_executed_has_our_exit_code(tmp_path):
    """As where a library that is being imported makes its classes: `python -m` would end by the signal, code −2."""
    (tmp_path / "interrupted.py").write_text(
        "import sys\nfrom harness.compose.exit_codes import guarded\n"
        "sys.exit(guarded(lambda: exec('raise KeyboardInterrupt')))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 130 and b"interrupted" in done.stderr


def test_interrupted_run_says_so_and_resumes(tmp_path, shared):
    """Ctrl-C: exit code 130, one line, no half-written file; what was finished before is found again."""
    command = [
        sys.executable,
        "-m",
        "harness",
        "-m",
        "model=bm25,minilm",
        "task=beir",
        f"task.path={shared / 'scifact'}",
    ]
    running = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.rglob("record.json")) and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(8)  # minilm is loading or encoding now
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=60)
    assert running.returncode == 130, stderr
    assert "interrupted" in stderr and "Traceback" not in stderr
    assert not list(tmp_path.rglob("*.part"))
    (record,) = tmp_path.rglob("record.json")
    assert json.loads(record.read_text())["system"] == "bm25"
    again = subprocess.run(
        [*command[:4], "model=bm25", *command[5:], "board=false"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "already recorded" in again.stderr
