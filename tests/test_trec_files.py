"""Runs and judgments as files: whatever the ids hold, another tool reads the same numbers from them as the record has."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import pytrec_eval

import layouts
import toys
from harness.errors import ResultsError
from harness.records.archive import Archive
from harness.records.foreign import read_run_file
from harness.records.runs import read_run, read_scores, run_bytes, scores_bytes
from harness.report.formats.trec import word, write_qrels, write_run
from harness.types import Scores
from test_bad_input import refused

IDS = [
    "a b",
    "a!b",
    "a\u00a0b",
    "a\u0085b",
    "a\u2028b",
    "100%",
    "%000020",
    "#1",
    "😀",
    "naïve",
    "日本",
    "tab\tbed",
    "r\rb",
    "\x1c",
]


def test_any_id_comes_back_from_our_own_files(tmp_path):
    """Runs and scores per query, with white space of every kind, an empty id and one that looks escaped."""
    ids = [*IDS, "", "\ufeffd", "n\nb"]
    run = toys.run({query: {document: float(n) for n, document in enumerate(ids)} for query in ids}, depth=20)
    (tmp_path / "run.gz").write_bytes(run_bytes(run, "a tag\u0085"))
    back = read_run(tmp_path / "run.gz", 20)
    assert back.query_ids == run.query_ids and back.doc_ids == run.doc_ids
    (tmp_path / "scores.gz").write_bytes(scores_bytes([Scores("m", ids, np.arange(len(ids)) / 7)]))
    assert read_scores(tmp_path / "scores.gz")["m"].query_ids == ids


def test_a_run_that_an_earlier_version_wrote_is_read(tmp_path):
    """It escaped a no-break space too."""
    (tmp_path / "run.gz").write_bytes(gzip.compress(b"q%0000a01 Q0 d%000020%000085 1 0.5 bm25\n"))
    back = read_run(tmp_path / "run.gz", 20)
    assert (back.query_ids, back.doc_ids) == (["q\u00a01"], [["d \u0085"]])


def odd(folder: Path) -> list[tuple[str, str, int]]:
    """A BEIR folder of these ids: each query names its document by a word of its own, and all share another."""
    documents = [json.dumps({"_id": i, "text": f"common word{n}"}, ensure_ascii=False) for n, i in enumerate(IDS)]
    queries = [
        json.dumps({"_id": i, "text": "common" if n % 3 else f"word{n}"}, ensure_ascii=False) for n, i in enumerate(IDS)
    ]
    qrels = [(i, i, 1 + n % 2) for n, i in enumerate(IDS)] + [(i, IDS[0], 0) for i in IDS[1:]] + [(IDS[0], "#1", -2)]
    layouts.folder(folder, "\n".join(documents).encode(), "\n".join(queries).encode(), qrels, judged="ranx's JSON")
    return qrels


def scores_of(folder: Path, name: str, measure: str) -> float:
    """trec_eval -c on two files, as pytrec_eval reads them: the mean over all judged queries."""
    with (folder / "qrels.txt").open() as file:
        qrels = pytrec_eval.parse_qrel(file)
    with (folder / f"{name}.run").open() as file:
        run = pytrec_eval.parse_run(file)
    values = pytrec_eval.RelevanceEvaluator(qrels, {measure}).evaluate(run)
    key = measure.replace(".", "_")
    return sum(values[query][key] if query in values else 0.0 for query in qrels) / len(qrels)


def test_trec_eval_gives_the_records_numbers_on_what_was_exported(harness, tmp_path):
    """To 1e-9, whatever ids hold; and the exported run is a system of the same scores."""
    odd(tmp_path / "set")
    words = ("task=beir", "task.path=set", "board=false")
    assert harness("model=bm25", *words).returncode == 0
    done = harness("trec", "to=out", command="export")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/beir_set/qrels.txt", "out/beir_set/bm25.run"]
    record = Archive(tmp_path / "results").read()[0]
    for ours, theirs in {"nDCG@10": "ndcg_cut.10", "recall@10": "recall.10", "precision@10": "P.10"}.items():
        assert abs(scores_of(tmp_path / "out" / "beir_set", "bm25", theirs) - record.get(ours).mean) < 1e-9
    assert 0 < record.primary.mean < 1
    done = harness("model=run", "model.path=out/beir_set/bm25.run", *words)
    assert done.returncode == 0, done.stderr
    records = {record.system: record for record in Archive(tmp_path / "results").read()}
    assert records["run/bm25"].measures == records["bm25"].measures


def test_a_tie_is_not_turned_by_what_is_escaped(tmp_path):
    """The wrong number: "a!b" stands before "a b" in the record, and behind "a%000020b" for who sorts by the escaped id."""
    run = toys.run({"q": {"a b": 0.5, "a!b": 0.5}, "r": {"c": 0.5, "d": 0.5}})
    assert run.doc_ids == [["a!b", "a b"], ["d", "c"]] and word("a b") > word("a!b")
    write_qrels({"q": {"a!b": 1}, "r": {"d": 1}}, tmp_path / "qrels.txt")
    write_run(run, "x", tmp_path / "x.run")
    assert scores_of(tmp_path, "x", "ndcg_cut.1") == 1.0
    lines = (tmp_path / "x.run").read_text().splitlines()
    assert [line.split()[4] for line in lines] == ["2", "1", "0.5", "0.5"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trek"], ["Unknown format 'trek'", "trec"]),
        (["trec"], ["holds no run"]),
        (["hugingface"], ["Unknown format 'hugingface'", "huggingface"]),
        (["every_eval_ever"], ["every-eval-ever"]),
        (["mteb", "measure=nDCG@5"], ["measure= is for harness export latex"]),
        (["trec", "organization=us"], ["organization= is for harness export every-eval-ever"]),
        (["huggingface"], ["no result of a model that is on the hub"]),
        (["every-eval-ever"], ["no result of a whole task"]),
        (["latex", "measure=nDGC@5"], ["nDCG"]),
        (["latex"], ["holds no record"]),
    ],
)
def test_a_wrong_export_is_one_line(harness, tmp_path, words, said):
    """Format and task by the nearest name; and nothing to write."""
    (tmp_path / "results").mkdir()
    refused(harness(*words, command="export"), *said)


RANX = {"q 2": {"d\u00a03": 1.5, "é#%": 1.25}, "q1": {"d1": 0.9, "d2": 0.5, "d9": 0.5}}
"""As ranx 0.3.21 wrote it."""


def ranx_parquet(path: Path, run: dict[str, dict[str, float]]) -> None:
    rows = [(query, document, score) for query, row in run.items() for document, score in row.items()]
    table = dict(zip(("q_id", "doc_id", "score"), map(list, zip(*rows, strict=True)), strict=True))
    pyarrow.parquet.write_table(pyarrow.table(table), path)


@pytest.mark.parametrize("ending", [".json", ".parquet", ".json.gz"])
def test_a_ranx_run_is_read(tmp_path, ending):
    """JSON and Parquet, ordered as trec_eval orders: of two ties the greater id first."""
    file = tmp_path / f"theirs{ending}"
    if ending == ".parquet":
        ranx_parquet(file, RANX)
    else:
        content = json.dumps(RANX, indent=2, ensure_ascii=False).encode()
        file.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    run = read_run_file(file)
    assert run.query_ids == ["q 2", "q1"] and run.doc_ids == [["d\u00a03", "é#%"], ["d1", "d9", "d2"]]


def test_a_trec_run_is_split_at_ascii_white_space_alone(tmp_path):
    """As trec_eval does: Python's split would find seven fields, and splitlines two lines. A mark is in no id."""
    line = "\ufeffq\u00a01\tQ0 d\u00851\x0b1 0.5 tag\r\n"
    assert len(line.split()) == 8 and len(line.splitlines()) == 3
    (tmp_path / "theirs.run").write_bytes(line.encode() + b"\n" + line.replace("\u00851", "\u20282").encode())
    run = read_run_file(tmp_path / "theirs.run")
    assert run.query_ids == ["q\u00a01"] and run.doc_ids == [["d\u20282", "d\u00851"]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"q": {"d": 1, "d": 2}}', "'d' is ranked twice for query 'q'"),
        ('{"q": {"d": "high"}}', "the score 'high' is no number"),
        ('{"q": {"d": 1e39}}', "cannot be ranked"),
        ('{"q": ["d"]}', "a JSON object of documents was expected"),
        ('{"q": {"d": 1}', "theirs.json:1: not JSON"),
        ("{}", "holds no line of a run"),
        ("\x04\x22\x4d\x18@@", "packed by LZ4, which is not read. Save it as .json"),
    ],
)
def test_a_bad_ranx_run_is_named(tmp_path, content, said):
    """A dictionary would keep the last of two scores without a word."""
    (tmp_path / "theirs.json").write_text(content)
    with pytest.raises(ResultsError, match=said):
        read_run_file(tmp_path / "theirs.json")


def test_runs_of_other_tools_are_rows_on_the_board(harness, tmp_path):
    """A TREC run, a ranx run and a system of our own: intervals, ranks and a comparison, and equal where they rank alike."""
    assert harness("model=bm25", "task=faq", "board=false").returncode == 0
    record = Archive(tmp_path / "results").read()[0]
    run = Archive(tmp_path / "results").run(record)
    rows = zip(run.query_ids, run.doc_ids, run.scores, strict=True)
    nested = {query: dict(zip(ids, scores.tolist(), strict=True)) for query, ids, scores in rows}
    (tmp_path / "ranx.json").write_text(json.dumps(nested))
    worse = {query: dict(list(row.items())[1:]) for query, row in nested.items()}
    lines = [f"{q} Q0 {d} 1 {s} engine\n" for q, row in worse.items() for d, s in row.items()]
    (tmp_path / "engine.run.gz").write_bytes(gzip.compress("".join(lines).encode()))
    for file in ("ranx.json", "engine.run.gz"):
        done = harness("model=run", f"model.path={file}", "task=faq")
        assert done.returncode == 0, done.stderr
    records = {record.system: record for record in Archive(tmp_path / "results").read()}
    assert records["run/ranx.json"].measures == record.measures
    assert records["run/engine.run"].primary.mean < record.primary.low
    board = (tmp_path / "results" / "leaderboard.md").read_text()
    assert "| 1–2 | bm25 |" in board and "| 1–2 | run/ranx.json |" in board and "| 3 | run/engine.run |" in board
    done = harness("bm25", "run/engine.run", "task=faq", command="compare")
    assert done.returncode == 0 and "bm25 is better than run/engine.run on faq" in " ".join(done.stdout.split())


def test_a_run_that_ends_before_the_depth_is_said(harness, tmp_path):
    """recall@100 of ten documents a query is that of ten: counted in the record, and said."""
    corpus, queries = (
        b"".join(b'{"_id": "%s%d", "text": "x"}\n' % (kind, n) for n in range(20)) for kind in (b"d", b"q")
    )
    layouts.folder(tmp_path / "set", corpus, queries, [("q0", "d0", 1)])
    (tmp_path / "short.run").write_text("q0 Q0 d3 1 0.5 x\n")
    done = harness("model=run", "model.path=short.run", "task=beir", "task.path=set", "board=false")
    assert (
        done.returncode == 0 and "short.run ranks at most 1 documents per query, and 1000 are asked for" in done.stderr
    )
    (record,) = Archive(tmp_path / "results").read()
    assert record.checks.other["ranks_at_most"] == 1
