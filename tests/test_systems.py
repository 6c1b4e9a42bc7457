"""Systems of systems: fused and reranked by hand-computed numbers, and the same however their parts' runs came about."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import toys
from harness.compose.composition import job, open_system
from harness.context import Context
from harness.evaluation.opening import Opener
from harness.evaluation.runs import stored_run
from harness.records.archive import Archive
from harness.systems.rerank import Reranked
from harness.systems.rrf import ReciprocalRankFusion
from harness.types import Run, Task

DATA = toys.data({"q1": {"a": 1}, "q2": {"b": 1}})
FIRST = toys.Fixed(toys.run({"q1": {"a": 3.0, "b": 2.0, "c": 1.0}, "q2": {"d": 9.0}}), "first")
SECOND = toys.Fixed(toys.run({"q1": {"c": 0.3, "d": 0.2}}), "second", "2")


def fused(k: int = 60, legs: int = 1000) -> ReciprocalRankFusion:
    return ReciprocalRankFusion([toys.whole(FIRST), toys.whole(SECOND)], k, legs)


def context(folder: Path) -> Context:
    return Context(results=folder, opener=open_system, runner=stored_run)


def test_fusion_by_hand(tmp_path):
    """1/61 for the first place of one, and so on; what a part lacks gives nothing; a part without an answer leaves the other."""
    run = toys.ranked(toys.whole(fused()), toys.task(DATA), context(tmp_path))
    assert run.doc_ids[0] == ["c", "a", "d", "b"]
    expected = [1 / 63 + 1 / 61, 1 / 61, 1 / 62, 1 / 62]  # d and b tie: document id, descending
    np.testing.assert_allclose(run.scores[0], np.array(expected, dtype=np.float32), rtol=1e-7)
    assert run.doc_ids[1] == ["d"] and run.scores[1].tolist() == [np.float32(1 / 61)]


def test_fusion_does_not_depend_on_how_many_are_returned(tmp_path):
    """Parts are asked for `legs` documents whatever the depth: a deeper run begins with the shallower one."""
    deep = toys.ranked(toys.whole(fused()), toys.task(DATA, depth=10), context(tmp_path))
    flat = toys.ranked(toys.whole(fused()), toys.task(DATA, depth=2), context(tmp_path))
    assert flat.doc_ids == [row[:2] for row in deep.doc_ids]
    assert toys.ranked(toys.whole(fused(legs=1)), toys.task(DATA), context(tmp_path)).doc_ids[0] == ["c", "a"]


def test_reranking_by_hand(tmp_path):
    """The best k of the first in the second's order; the tail below as it was; what the first lacks cannot be found."""
    second = toys.whole(Scoring({"a": 0.1, "b": 0.9, "c": 0.5, "d": 1.0}))
    for k, expected in ((2, ["b", "a", "c"]), (3, ["b", "c", "a"]), (1, ["a", "b", "c"])):
        system = toys.whole(Reranked(toys.whole(FIRST), second, k))
        run = toys.ranked(system, toys.task(DATA), context(tmp_path / str(k)))
        assert run.doc_ids == [expected, ["d"]]
        assert all((np.diff(row) < 0).all() for row in run.scores)


class Scoring:
    """Ranks whatever candidates it is given by fixed scores."""

    name, identity = "scoring", "3"

    def __init__(self, scores: dict[str, float]) -> None:
        self.scores = scores

    def index(self, documents, purpose, progress):
        return self

    def search(self, queries, depth, *, candidates, **_):
        rankings = {query_id: {one: self.scores[one] for one in candidates[query_id]} for query_id in queries.ids}
        return toys.run(rankings, depth)


@pytest.fixture(scope="module")
def faq() -> Task:
    task = Opener(Context()).task(job(["task=faq", "limit=40"]).task)
    assert isinstance(task, Task)
    return task


def test_through_its_index_and_through_stored_runs_a_composed_system_answers_alike(faq, tmp_path):
    """Under load it is asked through index(); a board joins runs. The same documents in the same order."""
    for name in ("rrf/bm25+wordllama", "rerank(k=20)/bm25:wordllama"):
        where = context(tmp_path / name.replace("/", "-"))
        system = where.open(name)
        index = system.index(faq.dataset.documents, faq.purpose)
        direct = index.search(faq.dataset.queries, faq.depth)
        index.close()
        joined = toys.ranked(system, faq, where)
        assert [list(row) for row in direct.doc_ids] == [list(row) for row in joined.doc_ids]


def test_fusion_equals_an_independent_one(faq, tmp_path):
    """Computed here from the parts' own runs, per query to the last float32."""
    where = context(tmp_path)
    deep = dataclasses.replace(faq, depth=1000)
    runs = [toys.ranked(where.open(name), deep, where) for name in ("bm25", "wordllama")]
    parts = [dict(zip(run.query_ids, run.doc_ids, strict=True)) for run in runs]
    run = toys.ranked(where.open("rrf/bm25+wordllama"), faq, where)
    for query_id, ids, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        total: dict[str, float] = {}
        for ranking in parts:
            for rank, document_id in enumerate(ranking[query_id]):
                total[document_id] = total.get(document_id, 0.0) + 1 / (61 + rank)
        best = sorted(total, key=lambda one: (np.float32(total[one]), one), reverse=True)[: faq.depth]
        assert list(ids) == best
        np.testing.assert_array_equal(scores, np.array([total[one] for one in best], dtype=np.float32))


def test_a_second_fusion_of_the_same_parts_encodes_and_searches_nothing(harness, tmp_path):
    """Its parts' runs lie in the results folder; only the join is new. Their own rows then come from those runs too."""
    words = ("task=faq", "limit=40", "board=false", "progress=false")
    assert harness("model=rrf/bm25+wordllama", *words).returncode == 0
    kept = sorted((tmp_path / "results" / "runs").glob("*/run.trec.gz"))
    assert len(kept) == 2
    import harness.systems.bm25 as lexical
    import harness.systems.dense as dense

    before = lexical.Lexical.index, dense.Dense.index
    lexical.Lexical.index = dense.Dense.index = _searched  # type: ignore[method-assign,assignment]
    try:
        done = harness("model=rrf(k=10)/bm25+wordllama", *words)
        again = harness("model=rrf/wordllama+bm25", *words)
        alone = harness("model=bm25", *words)
    finally:
        lexical.Lexical.index, dense.Dense.index = before
    assert done.returncode == again.returncode == alone.returncode == 0, (done.stderr, again.stderr)
    assert "from a stored run" in alone.stderr
    records = {one.system: one for one in Archive(tmp_path / "results").read()}
    assert set(records) == {"rrf/bm25+wordllama", "rrf(k=10)/bm25+wordllama", "rrf/wordllama+bm25", "bm25"}
    assert records["rrf/bm25+wordllama"].key != records["rrf(k=10)/bm25+wordllama"].key
    assert records["bm25"].checks.first["query"] and records["bm25"].index["seconds"] > 0
    assert records["rrf/bm25+wordllama"].primary.mean == pytest.approx(records["rrf/wordllama+bm25"].primary.mean)


def _searched(*_: object) -> None:
    raise AssertionError("a part was indexed again")


def test_a_shallower_run_comes_from_a_deeper_one_only_where_that_is_the_same(tmp_path):
    """A system that does not say that its runs nest is asked again."""
    archive = Archive(tmp_path)
    run = toys.run({"q1": {"a": 3.0, "b": 2.0}}, depth=100)
    archive.keep_run("0" * 24 + f"{100:08x}", "toy", run)
    key = "0" * 24 + f"{1:08x}"
    assert archive.find_run(key, 1, deeper=True).doc_ids == [["a"]]
    assert archive.find_run(key, 1, deeper=False) is None and archive.find_run(key, 200, deeper=True) is None
    assert isinstance(archive.find_run("0" * 24 + f"{100:08x}", 100, deeper=False), Run)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model=rrf", "model.systems=[bm25]"), "joins two systems or more"),
        (("model=rrf/bm25+bm25",), "each once"),
        (("model=rrf/bm25+bm52",), "Did you mean bm25"),
        (("model=rerank/bm25",), "takes two systems"),
        (("model=rerank(k=0)/bm25:wordllama",), "at least one document"),
        (("model=rrf",), "Add model.systems=VALUE"),
        (("model=run", "model.path=nowhere.run"), "model.path=nowhere.run is no file"),
    ],
)
def test_mistakes_are_one_line(harness, tmp_path, words, said):
    """What is wrong, and how to mend it."""
    done = harness(*words, "task=legal", "limit=2")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
    assert not (tmp_path / "results").exists()


def test_a_run_file_is_a_system(harness, tmp_path):
    """Another engine's answers on the board, with interval and rank; a file of another data set is refused."""
    harness("model=bm25", "task=legal", "board=false")
    (kept,) = tmp_path.glob("results/records/legal/bm25-*/run.trec.gz")
    (tmp_path / "theirs.run.gz").write_bytes(kept.read_bytes())
    done = harness("model=run", "model.path=theirs.run.gz", "task=legal")
    assert done.returncode == 0, done.stderr
    records = {one.system: one for one in Archive(tmp_path / "results").read()}
    assert records["run/theirs.run"].measures == records["bm25"].measures
    done = harness("model=run", "model.path=theirs.run.gz", "task=faq", "board=false")
    assert done.returncode == 2 and "documents that are not in the corpus" in done.stderr


def test_other_commands_reopen_a_mirrored_task_offline(harness, shared, tmp_path):
    """compare, rescore, power and check take data.mirror= as an evaluation does; without it they say what to do."""
    import mirrors

    mirror = f"data.mirror={mirrors.scifact(shared, tmp_path / 'mirror')}"
    done = harness("-m", "model=bm25", "model.k1=0.9,1.5", "task=mteb/SciFact", "limit=20", mirror, "board=false")
    assert done.returncode == 0, done.stderr
    task = "task=mteb/SciFact[first 20]"
    assert harness("measures=[nDCG@5]", mirror, "board=false", command="rescore").returncode == 0
    assert all(record.get("nDCG@5") for record in Archive(tmp_path / "results").read())
    done = harness("bm25", "bm25(k1=0.9)", task, mirror, command="compare")
    assert done.returncode == 0 and "bm25" in done.stdout, done.stderr
    assert harness(task, mirror, command="power").returncode == 0
    done = harness("task=mteb/SciFact", mirror, command="check")
    assert done.returncode == 0 and "5,183 documents" in done.stdout, done.stderr
    done = harness("measures=[nDCG@7]", "board=false", command="rescore")
    assert done.returncode == 2 and "data.mirror=DIR" in done.stderr and done.stderr.count("\n") == 1
