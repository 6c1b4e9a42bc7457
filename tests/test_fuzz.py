"""Whatever is typed: an answer, or one line that begins with `error:`; never a traceback, never half a file."""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import within
from harness.compose.main import names

ROWS = "question,answer,kind\nhow to pay?,by card,a\nwhere is it?,at home,b\nwhen is it?,at noon,a\nwho is it?,a neighbour,b\n"
COMMANDS = [
    "model=bm25 task=table task.path=faq.csv limit=2 board=false progress=false",
    "-m model=bm25,lsa task=table task.path=faq.csv limit=2 board=false",
    "model=bm25(k1=0.9) task=beir task.path=set measures=[nDCG@10,recall@5] depth=20 board=false",
    "model=bm25 model.b=0.5 model.stemmer=english task=legal limit=2 board=false overwrite=true",
    "-m model=bm25 model.k1=1,2 task=faq limit=2 board=false memory=10 device=cpu",
    "model=run model.path=bm25.run task=table task.path=faq.csv board=false",
    "model=rrf/bm25+lsa model.k=30 task=table task.path=faq.csv board=false data.vectors=none",
    "model=wordllama model.max_length=20 model.dims=64 task=table task.path=faq.csv board=false data.cache=cache",
    "model=bm25 --cfg job",
    "check task=table task.path=faq.csv examples=2 words=100",
    "check task=beir task.path=set task.split=test model=wordllama",
    "compare bm25 lsa task=table/faq shown=1",
    "compare bm25.run lsa.run task=table task.path=faq.csv measure=nDCG@5 to=pages",
    "power task=table/faq differences=[0.1,0.2] power=0.8",
    "power a=bm25 b=lsa measure=nDCG@10 results=results",
    "leaderboard explain=bm25 measure=nDCG@10",
    "leaderboard show=true strict=false results=results",
    "rescore measures=[Rprec,nDCG@3] system=bm25 board=false",
    "export to=out results=results",
    "export latex to=board.tex measure=nDCG@10 task=table*",
    "export every-eval-ever to=out organization=us system=bm25",
    "export huggingface to=out results=results",
    "store do=list cache=cache",
    "store do=prune days=3 of=wordllama cache=cache",
    "reproduce file=published.yaml model=bm25 prove=false progress=false",
]
VALUES = [
    "", "0", "-1", "null", "[]", "{}", "ä", "x" * 300, "x" * 5000, "NaN", "1e999", "-inf", "${x}", "${oc.env:HOME}", "=", "==",
    "@", '"', "'", "\\", "true", "1.5", "99999999999999999999", "a b", "a,b", "[a,b]", "{a: b}", "(", ")", "[", "}", "~", "~x",
    "..", ".", "faq.csv", "results", "é\n", "\t", "*", "glob(*)", "???", "nDCG@0", "@10", "nDCG@", "cuda", "gpu", "%s", "🙂",
    "\udcff", "choice(1,2)", "range(1,3)", "int(3)", ":", "a:b", "#", "!", "$", "-", "--", "+", "bm25", "legal", "NULL", "1/0",
]  # fmt: skip
WORDS = [
    "-m", "--cfg", "--help", "-x", "--frob", "--info", "--version", "-h", "--resolve", "task=faq", "model=bm25", "limit=0",
    "depth=0", "=", "a=b=c", "overwrite=true", "--limit", "--no-board", "~model", "+model=bm25", "++limit=2", "model.label=x",
    "task.label=",
    "hydra=x", "hydra.mode=RUN", "data=x", "data.mirror=nowhere", "encode.shard=1/2", "encode.shard=0/0", "audit=prompts",
    "model.k1=x", "task.path=", "measures=nDCG@10", "memory=0", "results=", "model@x=bm25", "-", "--", "hydra/launcher=x",
]  # fmt: skip


@st.composite
def edited(draw: st.DrawFn) -> list[str]:
    """A valid command after one to three edits."""
    words = draw(st.sampled_from(COMMANDS)).split(" ")
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(words) - 1))
        word = words[place]
        edit = draw(
            st.sampled_from(("value", "value", "character", "twice", "insert", "drop", "swap", "word", "append"))
        )
        key, separator, _ = word.partition("=")
        if edit == "value":
            words[place] = f"{key}={draw(st.sampled_from(VALUES))}" if separator else draw(st.sampled_from(VALUES))
        elif edit == "character" and word:
            at = draw(st.integers(0, len(word) - 1))
            words[place] = word[:at] + word[at + 1 :]
        elif edit == "twice":
            at = draw(st.integers(0, len(word)))
            words[place] = word[:at] + word[max(at - 1, 0) :]
        elif edit == "insert":
            at = draw(st.integers(0, len(word)))
            words[place] = word[:at] + draw(st.sampled_from([*"=,.:()[]{}'\"@~+-/\\ $ä0", "==", "${"])) + word[at:]
        elif edit == "drop" and len(words) > 1:
            del words[place]
        elif edit == "swap":
            other = draw(st.integers(0, len(words) - 1))
            words[place], words[other] = words[other], words[place]
        elif edit == "word":
            words.insert(place, draw(st.sampled_from(WORDS)))
        elif edit == "append":
            words.append(draw(st.sampled_from(words)))
    if words[0] not in names() and not any(word.startswith("model=") for word in words):
        words.append("model=bm25")  # the default model takes its time
    return words


@pytest.fixture(scope="module")
def working_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, a BEIR folder, two runs, published scores, and a results folder with two systems."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "faq.csv").write_text(ROWS)
    (folder / "set" / "qrels").mkdir(parents=True)
    (folder / "set" / "corpus.jsonl").write_text(
        '{"_id": "d1", "text": "first text"}\n{"_id": "d2", "text": "second"}\n'
    )
    (folder / "set" / "queries.jsonl").write_text('{"_id": "q1", "text": "first?"}\n')
    (folder / "set" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\n")
    (folder / "published.yaml").write_text(
        "- {model: bm25, task: faq, options: [limit=2], measure: nDCG@10, value: 0.5, tolerance: 1, source: here}\n"
    )
    done = within(["-m", "model=bm25,lsa", "task=table", "task.path=faq.csv", "board=false"], folder)
    assert done.returncode == 0, done.stderr
    for system in ("bm25", "lsa"):
        (stored,) = folder.glob(f"results/records/table_faq/{system}-*/run.trec.gz")
        (folder / f"{system}.run").write_bytes(gzip.decompress(stored.read_bytes()))
    return folder


def holds(words: list[str], template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What every command line is answered with."""
    with tempfile.TemporaryDirectory() as name, monkeypatch.context() as patch:
        folder = Path(name) / "here"
        shutil.copytree(template, folder)
        for variable in ("HOME", "HARNESS_CACHE"):
            patch.setenv(variable, str(Path(name) / variable.lower()))
        done = within(words, folder)
        said = f"{words}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        assert done.returncode in (0, 1, 2), said
        assert "Traceback" not in done.stdout + done.stderr, said
        if done.returncode == 2:
            assert done.stderr.splitlines()[-1].startswith("error: "), said
        if done.returncode == 1:
            assert "failed" in done.stdout + done.stderr, said
        assert not list(Path(name).rglob("*.part")), said


CHECKS = (HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=CHECKS)
@given(words=edited())
def test_sixty_edited_commands(words, working_folder, monkeypatch):
    """The same ones every time; `HARNESS_FUZZ=1` with `-m slow` looks at five hundred others."""
    holds(words, working_folder, monkeypatch)


@pytest.mark.slow
@pytest.mark.skipif("HARNESS_FUZZ" not in os.environ, reason="HARNESS_FUZZ=1: ten minutes, and others every time")
@settings(max_examples=500, deadline=None, database=None, suppress_health_check=CHECKS, print_blob=True)
@given(words=edited())
def test_five_hundred_edited_commands(words, working_folder, monkeypatch):
    """Others every time: `--hypothesis-seed=N` repeats them."""
    holds(words, working_folder, monkeypatch)
