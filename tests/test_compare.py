"""Two systems query by query: by hand, from run files of others, and what is refused."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from conftest import within
from harness.data.build import dataset
from harness.errors import ResultsError
from harness.measures.names import parse
from harness.records.foreign import read_run_file
from harness.report.comparison import formatting
from harness.report.comparison.build import Contestant, compare
from harness.report.comparison.differences import groups, slices
from harness.report.comparison.markdown import markdown
from harness.stats.power import detectable, needed
from harness.types import Run, Texts

ROOT = Path(__file__).parents[1]


def data(queries: int):
    """Every query has one relevant document, `good`; `bad` is judged 0; a third are asked by phone."""
    ids = [f"q{number}" for number in range(queries)]
    texts = [f"question {'long ' * (number % 3)}{number}" for number in range(queries)]
    channel = ["phone" if number % 3 == 0 else "mail" for number in range(queries)]
    return dataset(
        name="toy", split="test", documents=Texts(["bad", "good", "new"], ["wrong words", "right words", "unseen words"]),
        queries=Texts(ids, texts, {"channel": channel}), qrels={one: {"good": 1, "bad": 0} for one in ids},
    )  # fmt: skip


def run(hits, first="bad") -> Run:
    """`good` first where there is a hit, else second."""
    ids = [f"q{number}" for number in range(len(hits))]
    ranked = [["good", "bad"] if hit else [first, "good"] for hit in hits]
    return Run(ids, ranked, [np.array([2.0, 1.0], dtype=np.float32)] * len(hits), 10)


def compared(a, b, measure="MRR@10", **options):
    """A comparison of hits with hits."""
    return compare(
        Contestant("a", run(a, **options)), Contestant("b", run(b)), "toy", data(len(a)), parse(measure), shown=2
    )


def test_a_comparison_by_hand():
    """A has 30 of 60 first, B none: reciprocal ranks 0.75 and 0.5; 30 wins, 30 ties."""
    made = compared(np.r_[np.ones(30), np.zeros(30)], np.zeros(60))
    assert (made.a.mean, made.b.mean, made.overall.difference) == (0.75, 0.5, 0.25)
    assert (made.wins, made.ties, made.losses) == (30, 30, 0)
    assert made.better == "a" and made.overall.low < 0.25 < made.overall.high and made.lost == ()
    assert max(made.overall.p, made.overall.p_t, made.overall.p_bootstrap) < 0.001
    first = made.won[0]
    assert (first.query_id, first.a, first.b) == ("q0", 1.0, 0.5)
    assert [(one.document_id, one.grade, one.a, one.b) for one in first.documents] == [
        ("good", 1, 1, 2),
        ("bad", 0, 2, 1),
    ]
    text = markdown(made)
    assert "a is better than b on toy" in text and "`good` (grade 1, a 1st, b 2nd) right words" in text


def test_the_same_run_twice_is_no_difference():
    """Nothing is won, nothing is lost, no p value is small."""
    made = compared(np.ones(40), np.ones(40))
    assert made.better == "" and made.overall.p == 1.0 and made.ties == 40
    assert "cannot be told apart" in formatting.verdict(made)


def test_a_measure_where_less_is_better_turns_the_winner():
    """`unjudged@10` of A is the higher one, and so A is the worse."""
    made = compared(np.zeros(40), np.zeros(40), measure="unjudged@10", first="new")
    assert made.overall.difference > 0 and made.better == "b" and made.losses == 40


def test_systems_that_were_not_judged_alike_are_said_to_be():
    """8. B's top is judged, A's is not: its number says less; judging could turn the order."""
    made = compared(np.zeros(40), np.ones(40), first="new")
    assert any("unjudged@10 differs: a 50.0%, b 0.0%" in note for note in made.notes)
    assert "could turn the order" in made.unsettled[0] or "stands" in made.unsettled[0]
    assert any("Judge next: " in line and " × new " in line for line in made.unsettled)


def test_ties_are_said_with_the_expected_value():
    """3. A constant scorer: where the ids decide, the mean over all their orders stands beside it."""
    flat = dataclasses.replace(run(np.ones(20)), scores=[np.ones(2, dtype=np.float32)] * 20)
    made = compare(
        Contestant("flat", flat), Contestant("b", run(np.ones(20))), "toy", data(20), parse("MRR@10"), shown=0
    )
    assert any("expected-MRR@10 is: flat 0.750, b 1.000" in note for note in made.notes)


def test_slices_are_corrected_for_their_number():
    """Twenty slices of noise: uncorrected, one in twenty is a finding."""
    generator = np.random.default_rng(0)
    differences = generator.normal(size=800)
    found = slices(differences, {f"s{one}": np.arange(one * 20, one * 20 + 20) for one in range(40)})
    plain = [one for one in found if abs(one.effect) * np.sqrt(20) > 2.1]
    assert plain and not [one for one in found if one.p <= 0.05]


def test_slices_are_the_properties_and_the_length_of_the_question():
    """A property that names each query is no slice."""
    made = groups(
        {"channel": ["a", "b"] * 30, "id": [str(one) for one in range(60)]}, ["w " * (one % 7 + 1) for one in range(60)]
    )
    assert [len(places) for name, places in made.items() if "channel" in name] == [30, 30]
    assert not any("id =" in name for name in made) and sum("question of" in name for name in made) == 3


def test_a_difference_of_the_size_that_can_be_told_needs_the_queries_there_are():
    """detectable and needed are each other's inverse."""
    differences = np.random.default_rng(0).normal(size=300)
    assert abs(needed(differences, detectable(differences)) - 300) <= 1
    assert needed(differences, detectable(differences) / 2) in range(1196, 1205)


RUN = "q1 Q0 d2 1 0.5 x\nq1 Q0 d9 2 0.5 x\nq1 Q0 d1 3 0.9 x\n"


@pytest.mark.parametrize("ending", [".trec", ".gz"])
def test_a_run_file_is_ordered_as_trec_eval_orders_it(tmp_path, ending):
    """By score, then by id descending, whatever its ranks say; compressed or not."""
    import gzip

    file = tmp_path / f"theirs{ending}"
    file.write_bytes(gzip.compress(RUN.encode()) if ending == ".gz" else RUN.encode())
    assert read_run_file(file).doc_ids == [["d1", "d9", "d2"]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("q1 Q0 d3 4 x", "six fields"),
        ("q1 Q0 d3 4 high x", "no number"),
        ("q1 Q0 d2 4 0.1 x", "ranked twice"),
        ("q1 Q0 d3 4 nan x", "cannot be ranked"),
    ],
)
def test_a_bad_line_is_named(tmp_path, line, said):
    """File and line."""
    file = tmp_path / "theirs.trec"
    file.write_text(RUN + line + "\n")
    with pytest.raises(ResultsError, match=f"theirs.trec:4: .*{said}"):
        read_run_file(file)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """bm25 twice on the embedded questions."""
    folder = tmp_path_factory.mktemp("compare")
    done = within(
        ["-m", "model=bm25", "model.k1=0.9,1.5", "task=faq", f"results={folder}", "board=false", "progress=false"], ROOT
    )
    assert not done.returncode, done.stderr
    return folder


def test_compare_as_a_user_types_it(recorded, harness, tmp_path):
    """Two records; then a record and its own run as a file of another system, which must be the same."""
    import gzip

    names = sorted(path.name.rpartition("-")[0] for path in recorded.glob("records/faq/*"))
    one, other = "bm25(k1=0.9)", "bm25"
    assert len(names) == 2
    done = harness(one, other, f"results={recorded}", f"to={tmp_path}", command="compare")
    assert done.returncode == 0 and "faq" in done.stdout and "p value" in done.stdout, done.stderr
    assert {path.suffix for path in tmp_path.iterdir()} >= {".md", ".html", ".png"}
    (file,) = recorded.glob("records/faq/bm25-*/run.trec.gz")
    theirs = tmp_path / "theirs.run"
    theirs.write_bytes(gzip.decompress(file.read_bytes()) + b"q-unknown Q0 a1 1 1.0 x\n")
    done = harness(other, str(theirs), "--task", "faq", f"results={recorded}", f"to={tmp_path}", command="compare")
    assert "cannot be told apart" in " ".join(done.stdout.split()) and "answers 1 queries more" in " ".join(
        done.stdout.split()
    )
    done = harness(
        other,
        str(theirs),
        "task=faq",
        "measure=success@7",
        f"results={recorded}",
        f"to={tmp_path}",
        command="compare",
    )
    assert done.returncode == 0 and "success@7" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bm25",), "Two systems have to be named"),
        (("bm25", "bm52"), "Did you mean bm25"),
        (("bm25", "bm25(k1=0.9)", "task=fag"), "Did you mean faq?"),
        (("bm25", "bm25(k1=0.9)", "measur=MAP"), "Did you mean measure?"),
        (("bm25", "bm25(k1=0.9)", "measure=nDCG@200"), "the run holds 100"),
        (("bm25", "bm25(k1=0.9)", "--measure"), "requires an argument"),
    ],
)
def test_mistakes_get_one_line(recorded, harness, words, said):
    """Exit code 2, nothing written."""
    done = (
        harness(*words, f"results={recorded}", command="compare")
        if "--measure" not in words
        else harness(f"results={recorded}", *words, command="compare")
    )
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
    assert not (recorded / "compare").exists()


def test_power_as_a_user_types_it(recorded, harness):
    """The table of the pair, and the mistakes."""
    done = harness(f"results={recorded}", "task=faq", "differences=[0.02]", command="power")
    assert done.returncode == 0 and "for 0.02" in done.stdout and "bm25, bm25(k1=0.9)" in done.stdout
    for words, said in (
        (("task=fag",), "faq"),
        (("power=2",), "share between 0 and 1"),
        (("differences=[0]",), "above 0"),
        (("a=bm52",), "bm25"),
    ):
        done = harness(f"results={recorded}", *words, command="power")
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1


def test_28_no_verdict_over_a_run_that_leaves_most_queries_unanswered(harness, recorded, tmp_path):
    """One perfect answer among 476 was "worse, p < 0.001"; the difference on what both answer stands beside the whole."""
    from harness.compose.composition import job
    from harness.context import Context
    from harness.evaluation.opening import Opener

    data = Opener(Context()).task(job(["task=faq"]).task).dataset
    lines = [
        f"{query_id} Q0 {next(iter(data.qrels[query_id]))} 1 1.0 theirs\n" for query_id in list(data.queries.ids)[:12]
    ]
    (tmp_path / "theirs.run").write_text("".join(lines))
    done = harness(
        "bm25", str(tmp_path / "theirs.run"), "task=faq", f"results={recorded}", f"to={tmp_path}", command="compare"
    )
    said = " ".join(done.stdout.split())
    assert done.returncode == 0 and "No verdict on faq: theirs.run leaves 464 of 476 queries unanswered" in said
    assert "is better than" not in said and "Over the 12 that both answer: nDCG@10, difference -" in said
    almost = [
        f"{query_id} Q0 {next(iter(data.qrels[query_id]))} 1 1.0 theirs\n" for query_id in list(data.queries.ids)[:450]
    ]
    (tmp_path / "most.run").write_text("".join(almost))
    done = harness(
        "bm25", str(tmp_path / "most.run"), "task=faq", f"results={recorded}", f"to={tmp_path}", command="compare"
    )
    assert "most.run is better than bm25 on faq" in " ".join(done.stdout.split())
