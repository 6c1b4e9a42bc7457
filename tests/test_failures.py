"""Where a system fails: by hand, and from records as a user asks for it."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

from harness.measures.names import parse
from harness.records.archive import Archive
from harness.report.failures import formatting
from harness.report.failures.build import failures
from harness.report.failures.markdown import markdown
from harness.report.failures.page import page
from harness.report.failures.table import table
from harness.types import Run
from test_compare import data, run


def hits(*firsts: range, queries: int = 60) -> np.ndarray:
    """1 for the queries whose relevant document is first."""
    found = np.zeros(queries)
    for one in firsts:
        found[list(one)] = 1
    return found


def built(runs: dict[str, Run], measure: str = "recall@1", shown: int = 3):
    """Failures of `a`."""
    return failures("a", "toy", data(60), runs, parse(measure), shown=shown)


def test_by_hand():
    """A finds the one relevant document first for 30 of 60 queries; a third are asked by phone, of which it finds 10 of 20."""
    found = built({"a": run(hits(range(30)))})
    assert (found.overall.estimate.mean, found.overall.estimate.n, found.overall.without) == (0.5, 60, 30)
    assert (
        0.35 < found.overall.estimate.low < 0.4 < 0.6 < found.overall.estimate.high < 0.65
    )  # ± 1.96 · 0.5 / √60 = 0.127
    slices = {part.what: (part.estimate.mean, part.estimate.n, part.without) for part in found.slices}
    assert slices["channel = phone"] == (0.5, 20, 10) and slices["channel = mail"] == (0.5, 40, 20)
    assert found.failing == 30 and len(found.worst) == 3
    first = found.worst[0]
    assert (first.query_id, first.value) == ("q30", 0.0)  # ids in their order where all else is equal
    assert [(one.document_id, one.grade, one.rank) for one in first.answers] == [("bad", 0, 1), ("good", 1, 2)]
    assert [(one.document_id, one.grade, one.rank) for one in first.relevant] == [("good", 1, 2)]
    assert "30 of them (50 %) have no relevant document in the first 1" in formatting.headline(found)
    assert "evaluate another" in markdown(found)


def test_the_queries_on_which_every_system_fails_are_likely_labels():
    """A finds the first 30, B the first 40: both miss 20, and both put the same document first."""
    found = built({"a": run(hits(range(30))), "b": run(hits(range(40)))})
    assert found.shared_count == 20 and {one.query.query_id for one in found.shared} == {"q40", "q41", "q42"}
    assert all((one.votes, one.favourite.document_id, one.favourite.grade) == (2, "bad", 0) for one in found.shared)
    for text in (markdown(found), page(found)):
        assert (
            "On 20 queries none of the 2 recorded systems has a relevant document in its first 1: likely a label"
            in text
        )
        assert "2 of 2 systems put bad first (grade 0)" in text
    assert built({"a": run(hits(range(30))), "b": run(hits(range(30, 60)))}).shared_count == 0


def test_those_on_whose_first_document_systems_agree_come_first():
    """One and the same unjudged answer of every system is what a missing judgment looks like."""
    other = run(np.zeros(60), first="new")
    mixed = Run(
        other.query_ids, [["new", "good"] if at == 50 else ["bad", "good"] for at in range(60)], other.scores, 10
    )
    found = built({"a": mixed, "b": other})
    assert found.shared_count == 60 and found.shared[0].query.query_id == "q50"
    assert (found.shared[0].votes, found.shared[0].favourite.grade) == (2, None)
    assert "2 of 2 systems put new first (unjudged)" in markdown(found)


def test_unanswered_queries_are_said():
    """They score 0, have no answers to show, and stand among the worst."""
    whole = run(hits(range(60)))
    part = Run(whole.query_ids, [ids if at < 50 else [] for at, ids in enumerate(whole.doc_ids)],
               [row if at < 50 else row[:0] for at, row in enumerate(whole.scores)], 10)  # fmt: skip
    found = built({"a": part})
    assert found.notes == ("17 % of the queries (10 of 60) are left unanswered and score as empty.",)
    assert found.failing == 10 and found.worst[0].answers == () and found.worst[0].relevant[0].rank is None
    assert "left unanswered" in markdown(found) and "Left unanswered" in page(found)


def test_nothing_failed():
    """Every query is answered perfectly."""
    found = built({"a": run(hits(range(60)))})
    assert found.failing == 0 and found.worst == () and "each has a relevant document in the first 1" in markdown(found)


def test_a_measure_where_less_is_better_has_its_worst_on_top():
    """`unjudged@1` is 1 where an unjudged document is first."""
    found = built({"a": run(hits(range(30)), first="new")}, "unjudged@1")
    assert found.failing == 30 and found.worst[0].value == 1.0 and found.slices[0].estimate.mean >= 0.5


def test_the_table_has_every_query_worst_first():
    """As a spreadsheet reads it."""
    rows = list(csv.DictReader(io.StringIO(table(built({"a": run(hits(range(30))), "b": run(hits(range(40)))})))))
    assert len(rows) == 60 and [float(row["recall@1"]) for row in rows] == [0.0] * 30 + [1.0] * 30
    assert rows[0]["first relevant rank"] == "2" and rows[0]["answered with"] == "bad good"
    column = "systems without a relevant document in the first 1"
    assert sum(row[column] == "2" for row in rows) == 20


@pytest.fixture
def recorded(harness, tmp_path):
    """Two systems on the embedded FAQ."""
    done = harness("-m", "model=bm25,wordllama", "task=faq", "board=false")
    assert done.returncode == 0, done.stderr
    return Archive(tmp_path / "results")


def test_from_records_as_typed(harness, recorded, tmp_path):
    """Interval and mean are the record's; a slice is the mean of its queries' recorded scores; the files are written."""
    done = harness("bm25", "task=faq", "measure=recall@10", "shown=4", command="failures")
    assert done.returncode == 0, done.stderr
    (record,) = [one for one in recorded.read() if one.system == "bm25"]
    measured = record.get("recall@10")
    assert f"recall@10 {measured.mean:.3f} [{measured.low:.3f}, {measured.high:.3f}] over 476 queries" in " ".join(
        done.stdout.split()
    )
    folder = tmp_path / "results" / "failures"
    assert sorted(file.name for file in folder.iterdir()) == [
        f"faq-bm25-recall@10.{end}" for end in ("csv", "html", "md")
    ]
    rows = list(csv.DictReader((folder / "faq-bm25-recall@10.csv").open(encoding="utf-8")))
    scores = recorded.scores(record)["recall@10"]
    values = dict(zip(scores.query_ids, scores.values, strict=True))
    assert {row["query_id"]: float(row["recall@10"]) for row in rows} == values
    runs = [recorded.run(one) for one in recorded.read()]
    tops = [{query: set(ids[:10]) for query, ids in zip(one.query_ids, one.doc_ids, strict=True)} for one in runs]
    both = sum(
        not any(set(row["judged relevant"].split()) & top.get(row["query_id"], set()) for top in tops) for row in rows
    )
    text = (folder / "faq-bm25-recall@10.md").read_text(encoding="utf-8")
    assert both > 0 and f"On {both} queries none of the 2 recorded systems" in text
    html = (folder / "faq-bm25-recall@10.html").read_text(encoding="utf-8")
    assert html.count("<details") == 8 and "default-src 'none'" in html and "Where bm25 fails on faq" in html


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "harness failures SYSTEM"),
        (["bm52", "task=faq"], "Did you mean bm25"),
        (["bm25", "task=fag"], "Did you mean faq"),
        (["bm25", "measure=nDCG@200"], "the run holds 100"),
        (["bm25", "shown=-1"], "shown=-1"),
    ],
)
def test_mistakes_are_one_line(harness, recorded, words, said, tmp_path):
    """And nothing is written."""
    done = harness(*words, command="failures")
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "results" / "failures").exists()


def test_a_system_on_other_data_is_not_looked_at(harness, recorded, tmp_path):
    """Its failures are those of another data set; its name is said."""
    (path,) = (tmp_path / "results" / "records" / "faq").glob("wordllama-*/record.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    record["dataset"]["fingerprint"] = "another"
    path.write_text(json.dumps(record), encoding="utf-8")
    done = harness("bm25", command="failures")
    assert (
        "evaluated on other data or less deep: wordllama" in " ".join(done.stdout.split())
        and "Only this system" in done.stdout
    )


def test_compare_with_itself_is_one_line(harness, recorded, tmp_path):
    """No table of zeros, no page; and a comparison's file is named by its measure."""
    done = harness("bm25", "bm25", "task=faq", command="compare")
    assert (done.returncode, done.stdout) == (0, "The two are the same on faq: bm25 and bm25 name one run.\n")
    folder = tmp_path / "results" / "compare"
    assert not folder.exists()
    for measure in ("recall@10", "MRR@10"):
        assert harness("bm25", "wordllama", "task=faq", f"measure={measure}", command="compare").returncode == 0
    assert {file.name for file in folder.glob("*.html")} == {
        f"faq-bm25-wordllama-{one}.html" for one in ("recall@10", "MRR@10")
    }
