"""Boards, tables and the page: what is decided once and rendered alike everywhere."""

from __future__ import annotations

import csv
import dataclasses
import io
import os
import re
from pathlib import Path

import numpy as np
import pytest

from harness.facts import Checks, Facts
from harness.records.archive import Archive
from harness.records.memo import Memo
from harness.records.record import Measured, Record, from_json, to_json
from harness.report import drawings as drawing
from harness.report import formatting
from harness.report.board import board
from harness.report.canvas import png, svg
from harness.report.markdown import markdown
from harness.report.page import page
from harness.report.plots.draw import draw, pictures, suited
from harness.report.plots.speed import pareto
from harness.report.publish import publish
from harness.report.rank_intervals import leading
from harness.report.table import cells_csv
from harness.report.verdict import verdict
from harness.report.view import View
from harness.stats.bootstrap import bootstrap_means, estimate
from harness.types import Scores


def record(
    system, task, mean, *, status="ok", fingerprint="f", date="2026-01-01", unit="share", direction="higher", **more
):
    measured = (Measured("nDCG@10", mean, mean - 0.02, mean + 0.02, 50, "95%", unit, direction, "source"),)
    return Record(
        key=f"{system}{task}{fingerprint}",
        status=status,
        system=system,
        task=task,
        facts=Facts(dimension=8, parameters=1_500_000, licence="mit"),
        dataset={
            "fingerprint": fingerprint,
            "split": "test",
            "depth": 100,
            "counts": {"documents": 100, "queries": 50},
        },
        measures=measured if status == "ok" else (),
        seconds={"encode_document": 0.5},
        provenance={"date": date, "command": f"harness model={system} task={task}", "machine": {}},
        **more,
    )


def no_scores(_):
    return {}


def test_rows_are_ranked_by_the_mean_and_the_best_is_marked():
    """Without per-query scores only the best itself is in its tie group."""
    made = board([record("a", "t", 0.5), record("b", "t", 0.7)], no_scores)
    assert [(row.rank, row.system) for row in made.rows] == [(1, "b"), (2, "a")]
    assert "| **0.700** ±.020 |" in markdown(made, {}) and "| 0.500 ±.020 |" in markdown(made, {})


def test_a_row_on_other_data_is_marked_and_in_no_mean():
    """`≠` beside the number; not ranked, not bold, though it is the highest."""
    rows = [record("a", "t", 0.5), record("b", "t", 0.6), record("c", "t", 0.9, fingerprint="other")]
    made = board(rows, no_scores)
    (other,) = (row for row in made.rows if row.system == "c")
    assert other.rank is None and other.mean is None and not other.cells[0].tied_for_best
    assert formatting.value(other.cells[0]) == "0.900 ±.020 ≠"
    assert "≠: another data set" in "\n".join(formatting.legend(made))


def test_the_latest_record_of_a_name_is_shown_and_the_rest_counted():
    """Records are never overwritten by name; the board says how many older ones there are."""
    made = board([record("a", "t", 0.9, fingerprint="old"), record("a", "t", 0.5, date="2026-02-01")], no_scores)
    assert made.rows[0].cells[0].measured.mean == 0.5 and made.superseded == 1


def test_no_mean_over_measures_that_cannot_be_averaged():
    """Minutes and shares, or a measure of which less is better."""
    for odd in ({"unit": "EUR"}, {"direction": "lower"}):
        made = board([record("a", "t", 0.5), record("a", "u", 0.5, **odd)], no_scores)
        assert made.rows[0].mean is None


def test_csv_has_one_row_per_cell_with_its_status():
    """Failed, missing and incomparable cells too."""
    rows = [record("a", "t", 0.5), record("b", "t", 0, status="failed", reason="no room"), record("a", "u", 0.4)]
    table = list(csv.DictReader(io.StringIO(cells_csv(board(rows, no_scores)))))
    assert list(table[0]) == ["system", "task", "measure", "value", "low", "high", "n", "status"]
    assert {(row["system"], row["task"]): row["status"] for row in table} == {
        ("a", "t"): "ok", ("a", "u"): "ok", ("b", "t"): "failed", ("b", "u"): "not run",
    }  # fmt: skip


def test_the_page_asks_no_other_host_and_escapes_names():
    """Self-contained: styles, script and drawings inside; a name with markup is text."""
    rows = [record("a<script>", "t", 0.5), record("b", "t", 0, status="failed", reason="<b>no</b>")]
    made = board(rows, no_scores)
    html = page(made, lambda: {name: svg(figure) for name, figure in draw(made).items()})
    assert "<script>" in html and "a<script>" not in html and "&lt;b&gt;no" in html
    hosts = set(re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(https?://[^\"' )>]+)", html))
    assert not {host for host in hosts if "w3.org" not in host}


def test_an_empty_board_says_what_to_do():
    """And breaks nowhere."""
    made = board([], no_scores)
    assert "Nothing recorded yet" in markdown(made, {}) and "Nothing recorded yet" in page(made, dict)
    assert draw(made) == {}


def test_pareto_frontier():
    """Points that nobody beats in both; equals stand together."""
    assert pareto([(1, 3), (2, 2), (1, 2), (3, 1), (3, 1)]) == [0, 1, 3, 4]


def test_plots_are_the_same_bytes_for_the_same_board():
    """A rebuilt leaderboard changes nothing in version control."""
    made = board([record("a", "t", 0.5), record("b", "t", 0.7)], no_scores)
    assert [png(figure) for figure in draw(made).values()] == [png(figure) for figure in draw(made).values()]


def test_a_record_reads_back_as_it_was_written():
    """And refuses to hold what JSON has no word for."""
    one = record("a", "t", 0.5)
    assert from_json(to_json(one), "here") == one
    with pytest.raises(ValueError):
        to_json(record("a", "t", float("nan")))


def test_bootstrap_agrees_with_scipy():
    """The percentile interval of a mean, to the noise of the resampling; deterministic under its seed."""
    import scipy.stats

    values = np.random.default_rng(5).beta(0.4, 0.6, size=120)
    ours = estimate(values)
    theirs = scipy.stats.bootstrap(
        (values,), np.mean, n_resamples=10_000, method="percentile", rng=1
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, abs=0.004) and ours.high == pytest.approx(theirs.high, abs=0.004)
    assert estimate(values) == ours and ours.n == 120
    assert bootstrap_means(values[:, None]).std() == pytest.approx(values.std() / np.sqrt(120), rel=0.05)


def test_interval_covers_the_mean_it_claims_to():
    """About 95 of 100 samples from a known distribution hold its mean."""
    generator = np.random.default_rng(11)
    held = [(one := estimate(generator.beta(0.5, 0.5, 100), resamples=1000)).low <= 0.5 <= one.high for _ in range(400)]
    assert 0.915 <= np.mean(held) <= 0.98


def test_tie_group_holds_what_cannot_be_told_from_the_best():
    """Paired: a small constant lead is told apart though the intervals of the means overlap widely; noise is not."""
    values = np.random.default_rng(2).uniform(size=80)
    noisy = np.clip(values + np.random.default_rng(3).normal(0, 0.3, 80), 0, 1)
    lead = np.column_stack([values + 0.01, values])
    assert leading(lead, higher=True) == [True, False] and leading(lead, higher=False) == [False, True]
    assert leading(np.column_stack([values, noisy - noisy.mean() + values.mean() - 0.001]), higher=True) == [True, True]


def scored(*shifts, queries=200, tasks=("t",), seed=0):
    """A board of systems a, b, … whose scores differ by the shifts, with their scores per query."""
    generator, records, known = np.random.default_rng(seed), [], {}
    for task in tasks:
        base = generator.uniform(0.2, 0.8, size=queries)
        for name, shift in zip("abcdef", shifts, strict=False):
            values = base + shift + generator.normal(0, 0.05, size=queries)
            records.append(record(name, task, float(values.mean())))
            known[name, task] = Scores("nDCG@10", [str(one) for one in range(queries)], values)
    return board(records, lambda one: {"nDCG@10": known[one.system, one.task]})


@pytest.mark.parametrize("tasks", [("t",), ("t", "u", "v")])
def test_ranks_are_intervals_and_their_chances_add_up(tasks):
    """20. Two alike in front, one clearly behind: 1–2, 1–2, 3, readable without a legend."""
    made = scored(0.1, 0.1, 0.0, tasks=tasks)
    assert [formatting.rank(row) for row in made.rows] == ["1–2", "1–2", "3"]
    assert abs(sum(row.rank_interval.best for row in made.rows) - 1) < 1e-9 and formatting.best(made.rows[2]) == "<1 %"
    text = markdown(made, {})
    assert "| rank (95 %) | system |" in text and "| 1–2 | " in text and "chance of being best" in text
    assert [row.cells[0].tied_for_best for row in made.rows] == [True, True, False]
    assert ("for other tasks too" in text) == (len(tasks) > 1)


def test_20_the_number_alone_ranks_what_is_noise():
    """Five systems that differ in nothing: each has a bare place from its number, and one interval holds them all."""
    made = scored(0, 0, 0, 0, 0)
    assert [row.rank for row in made.rows] == [1, 2, 3, 4, 5]
    assert {formatting.rank(row) for row in made.rows} == {"1–5"}


def test_places_without_scores_per_query_are_bare_and_said_to_be():
    """mteb's delegated tasks: nothing says how sure a place is, unless there are tasks enough to be the sample."""
    few = board([record(name, "t", mean) for name, mean in (("a", 0.5), ("b", 0.7))], no_scores)
    assert [formatting.rank(row) for row in few.rows] == ["1", "2"] and formatting.best(few.rows[0]) == "–"
    assert "bare places" in markdown(few, {})
    noise = np.random.default_rng(0).normal(0, 0.01, size=(8, 2))
    many = [
        record(name, f"t{task}", 0.5 + 0.05 * task + gap + noise[task, place])
        for task in range(8)
        for place, (name, gap) in enumerate((("a", 0.0), ("b", 0.1)))
    ]
    made = board(many, no_scores)
    assert [formatting.rank(row) for row in made.rows] == ["1", "2"] and "take the tasks themselves" in markdown(
        made, {}
    )


def test_a_single_column_where_less_is_better_is_ranked_from_below():
    """A cost: the cheaper one is first."""
    made = board(
        [record("a", "t", 9.0, unit="EUR", direction="lower"), record("b", "t", 7.0, unit="EUR", direction="lower")],
        no_scores,
    )
    assert [(row.rank, row.system) for row in made.rows] == [(1, "b"), (2, "a")]


def test_scores_of_other_queries_make_no_tie_group():
    """Per-query scores of different sets are not paired."""
    scores = {
        "a": Scores("nDCG@10", ["1", "2"], np.array([1.0, 1.0])), "b": Scores("nDCG@10", ["3", "4"], np.array([0.9, 1.0])),
    }  # fmt: skip
    made = board([record("a", "t", 1.0), record("b", "t", 0.95)], lambda one: {"nDCG@10": scores[one.system]})
    assert {row.system: row.cells[0].tied_for_best for row in made.rows} == {"a": True, "b": False}


def test_a_column_says_where_systems_were_not_judged_alike_and_where_ids_decide():
    """8 and 3. Shares of unjudged and of tied documents, and what a reader has to think of them."""
    found = [
        record("a", "t", 0.5, checks=Checks(unjudged={"unjudged@10": 0.1}, ties={"ties@10": 0.0})),
        record("b", "t", 0.4, checks=Checks(unjudged={"unjudged@10": 0.3}, ties={"ties@10": 0.4})),
    ]
    text = markdown(board(found, no_scores), {})
    assert "unjudged@10 0.10 to 0.30: not judged alike, ties@10 0.00 to 0.40: document ids decide there" in text
    text = markdown(board(found[:1], no_scores), {})
    assert "unjudged@10 0.10 to 0.10" in text and "alike" not in text and "ties@10" not in text


def many(systems, tasks, *, missing=()):
    """A board of many systems whose scores per query are drawn; `missing` are (system, task) numbers that were not run."""
    generator = np.random.default_rng(0)
    known, records = {}, []
    for task in range(tasks):
        hard = generator.normal(0, 0.2, size=60)
        for system in range(systems):
            if (system, task) in missing:
                continue
            values = 0.5 + 0.002 * system + hard + generator.normal(0, 0.1, size=60)
            name = f"s{system:03d}", f"t{task:02d}"
            known[name] = Scores("nDCG@10", [str(query) for query in range(60)], values)
            records.append(record(*name, float(values.mean())))
    return board(records, lambda one: {"nDCG@10": known[one.system, one.task]})


def test_many_systems_are_drawn_on_one_page_each():
    """Beyond a dozen systems: dots and a heat map instead of forty panels, no plot taller than a page."""
    figures = draw(many(70, 8, missing={(3, 2)}))
    assert set(figures) == {"means", "heat-map", "speed"}
    assert all(figure.get_size_inches()[1] <= 10.5 for figure in figures.values())
    assert "the best 60 of 70" in svg(figures["means"]) and "the first 60 of 70 systems" in svg(figures["heat-map"])
    assert "quality" in draw(many(3, 2))


def test_names_in_the_speed_plot_do_not_cover_each_other():
    """Two systems of nearly one speed and one quality: their names stand apart, whatever their length."""
    made = board([record(f"long-name-{number}", "t", 0.5 + number / 2000) for number in range(5)], no_scores)
    figure = draw(made)["speed"]
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 5
    assert not any(a.overlaps(b) for place, a in enumerate(boxes) for b in boxes[place + 1 :])


def test_the_verdict_says_who_leads_and_what_it_costs():
    """In words, from the ranks and the speeds; nothing where there is nothing to compare."""
    queries = [str(number) for number in range(100)]
    noise = np.random.default_rng(0).normal(0, 0.05, size=(100, 3))
    values = dict(zip("abc", (noise + np.array([0.7, 0.5, 0.5])).T, strict=True))
    found = [record(name, "t", float(scores.mean())) for name, scores in values.items()]
    found[1] = dataclasses.replace(found[1], seconds={"encode_document": 0.0125})
    made = board(found, lambda one: {"nDCG@10": Scores("nDCG@10", queries, values[one.system])})
    assert verdict(made) == [
        "a leads on t: chance does not explain its distance from any of the other 2.",
        "b takes in documents 40 times as fast, at 0.195 less in the mean.",
    ]
    tied = board(found[1:], lambda one: {"nDCG@10": Scores("nDCG@10", queries, values[one.system])})
    assert sorted(verdict(tied)[0].partition(" cannot be told apart on t by these queries.")[0].split(" and ")) == [
        "b",
        "c",
    ]
    assert verdict(board(found[:1], no_scores)) == []


def test_columns_of_several_kinds_have_a_mean_per_kind():
    """As MTEB shows it: the mean over the tasks of a kind, and none where one of them is missing."""
    found = [record("a", task, mean) for task, mean in (("r1", 0.2), ("r2", 0.4), ("s", 0.9))]
    found += [record("b", task, mean) for task, mean in (("r1", 0.3), ("s", 0.7))]
    kinds = {"r1": "Retrieval", "r2": "Retrieval", "s": "STS"}
    found = [dataclasses.replace(one, dataset={**one.dataset, "kind": kinds[one.task]}) for one in found]
    made = board(found, no_scores)
    rows = {row.system: row.kinds for row in made.rows}
    assert made.kinds == ("Retrieval", "STS")
    assert rows["a"] == {"Retrieval": pytest.approx(0.3), "STS": 0.9} and rows["b"] == {"STS": 0.7}


def test_a_unit_that_is_no_share_stands_in_the_heading():
    """EUR, in the table and on the page."""
    made = board([record("a", "t", 189.0, unit="EUR", direction="lower")], no_scores)
    assert "nDCG@10 in EUR ↓" in markdown(made, {}) and "nDCG@10 in EUR ↓" in page(made, dict)


def test_one_answer_per_query_is_not_reproached_for_unjudged_documents():
    """With one judgment per query nobody was to judge the rest."""
    checks = Checks(unjudged={"unjudged@10": 0.9})
    counts = {"documents": 100, "queries": 50, "judgments": 50}
    one = dataclasses.replace(record("a", "t", 0.5, checks=checks), dataset={"counts": counts, "split": "test"})
    text = markdown(board([one], no_scores), {})
    assert "one judged answer per query" in text and "unjudged@10" not in text
    several = dataclasses.replace(one, dataset={"counts": {**counts, "judgments": 400}, "split": "test"})
    assert "unjudged@10 0.90 to 0.90" in markdown(board([several], no_scores), {})


def test_what_was_computed_of_a_column_is_kept_until_its_scores_change(tmp_path):
    """The second board of the same records computes nothing; another score makes its own column new, and no other."""
    archive, computed = Archive(tmp_path), []
    queries = [str(number) for number in range(40)]

    def write(system, task, shift):
        values = np.random.default_rng(len(system)).random(40) + shift
        archive.write(record(system, task, float(values.mean())), scores=[Scores("nDCG@10", queries, values)])

    def scores_of(one):
        computed.append((one.system, one.task))
        return archive.scores(one)

    for task in ("t", "u"):
        write("a", task, 0.0)
        write("bb", task, 0.1)
    first = board(archive.read(), scores_of, View(), Memo(archive))
    assert len(computed) == 4
    again = board(archive.read(), scores_of, View(), Memo(archive))
    assert len(computed) == 4 and [row.rank_interval for row in again.rows] == [row.rank_interval for row in first.rows]
    write("a", "t", 5.0)
    changed = board(archive.read(), scores_of, View(), Memo(archive))
    assert sorted(computed[4:]) == [("a", "t"), ("bb", "t")]
    assert changed.rows[0].system == "a" and changed.rows == board(archive.read(), archive.scores).rows
    for file in (tmp_path / "cache").glob("*.npz"):
        file.write_bytes(b"damaged")
    assert board(archive.read(), archive.scores, View(), Memo(archive)).rows == changed.rows


@pytest.mark.parametrize(("checks", "advised"), [
    (Checks(unanswered=5, language={"chosen": "plain"}), False),
    (Checks(unanswered=5, language={"chosen": "plain", "unlike": "German: Latin 98 %"}), True),
    (Checks(without_terms={"query": 0.4}, language={"chosen": "plain"}), True),
])  # fmt: skip
def test_a_language_is_advised_where_reading_another_one_would_mend_it(checks, advised):
    """English questions that share no word with a document are not mended by recognising English."""
    text = markdown(board([record("bm25", "t", 0.5, checks=checks)], no_scores), {})
    assert "bm25 on t: " in text and ("model.language=auto" in text) is advised


def test_pictures_of_a_large_board_are_those_that_one_process_draws(tmp_path: Path) -> None:
    """Other processes draw them while the tables are written; a process that was killed costs time and nothing else."""
    archive = Archive(tmp_path)
    for system in range(drawing.MANY // 20):
        for task in range(20):
            archive.write(record(f"system-{system:02}", f"task-{task:02}", mean=(system + task) / 100))
    made = board(archive.read(), archive.scores)
    alone = pictures(made, suited(made))
    with drawing.drawings(archive) as begun:
        assert len(begun._workers) == 2 or os.cpu_count() == 1
        begun.begin(made)
        assert dict(begun.finished()) == alone and {"means", "heat-map"} < set(alone)
    (kept,) = (tmp_path / "cache").glob("pictures*")
    kept.unlink()
    with drawing.drawings(archive) as begun:
        for worker in begun._workers:
            worker.kill()
        begun.begin(made)
        assert dict(begun.finished()) == alone
    before = kept.stat().st_mtime_ns
    publish(archive)
    assert kept.stat().st_mtime_ns == before  # nothing changed, nothing was drawn
