"""What a person asks of a board beside the usual one: other measures, slices, some of its rows, and records taken off it."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import ROOT, within
from harness.records.archive import Archive


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """Two settings of BM25 on legal, and one of them on faq."""
    folder = tmp_path_factory.mktemp("board-options") / "results"
    for words in (["-m", "model=bm25", "model.k1=1.2,1.5", "task=legal"], ["model=bm25", "task=faq"]):
        done = within([*words, "limit=60", f"results={folder}", "progress=false", "board=false"], ROOT)
        assert not done.returncode, done.stderr
    return folder


@pytest.fixture
def results(recorded, tmp_path) -> Path:
    """A copy of those results."""
    return Path(shutil.copytree(recorded, tmp_path / "results"))


def cells(folder: Path) -> dict[tuple[str, str, str], tuple[str, str]]:
    """(system, task, measure) → (value, status) of the board's CSV."""
    with (folder / "leaderboard.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(row["system"], row["task"], row["measure"]): (row["value"], row["status"]) for row in rows}


def test_a_measure_that_no_record_holds_is_refused_and_rescore_named(harness, results):
    """It would show another measure in its place."""
    done = harness("measure=nDCG@7", f"results={results}", command="leaderboard")
    assert done.returncode == 2 and not (results / "leaderboard.csv").exists()
    assert "No record holds nDCG@7" in done.stderr and "harness rescore measures=['nDCG@7']" in done.stderr


def test_a_task_without_the_measure_says_so_and_shows_no_other(harness, results):
    """wrong-direction is legal's alone: faq's cell is not nDCG under its name."""
    assert harness("measure=wrong-direction@10", f"results={results}", command="leaderboard").returncode == 0
    shown = cells(results)
    assert shown["bm25", "faq[first 60]", "wrong-direction@10"] == ("", "not measured")
    assert shown["bm25", "legal[first 60]", "wrong-direction@10"][1] == "ok"


def test_several_measures_stand_side_by_side_and_the_first_ranks(harness, results):
    """The values are the record's own; the mean is over the first measure alone."""
    done = harness(
        "measures=[nDCG@10,complete-answer@10]", "tasks=[legal*]", f"results={results}", command="leaderboard"
    )
    assert done.returncode == 0, done.stderr
    shown = cells(results)
    for record in Archive(results).read():
        if record.task.startswith("legal"):
            for name in ("nDCG@10", "complete-answer@10"):
                assert float(shown[record.system, record.task, name][0]) == pytest.approx(record.get(name).mean)
    assert {task for _, task, _ in shown} == {"legal[first 60]"}


def test_slices_become_columns_with_the_means_of_their_queries(harness, results):
    """Each stratum's mean is that of its queries' own scores; an unknown property has the nearest named."""
    done = harness("by=stratum", "tasks=[legal*]", f"results={results}", command="leaderboard")
    assert done.returncode == 0, done.stderr
    from harness.data.beir import read_folder

    queries = read_folder(ROOT / "tasks" / "data" / "legal", "test", "legal").queries
    stratum = dict(zip(queries.ids, queries.properties["stratum"], strict=True))
    record = next(one for one in Archive(results).read() if one.system == "bm25" and one.task.startswith("legal"))
    scores = Archive(results).scores(record)["nDCG@10"]
    shown, seen = cells(results), 0
    for value in set(stratum.values()):
        own = [score for query, score in zip(scores.query_ids, scores.values, strict=True) if stratum[query] == value]
        if len(own) > 1:
            seen += 1
            cell = shown["bm25", f"legal[first 60], stratum={value}", "nDCG@10"]
            assert float(cell[0]) == pytest.approx(np.mean(own))
    assert seen > 1
    done = harness("by=stratumm", f"results={results}", command="leaderboard")
    assert done.returncode == 2 and "Did you mean stratum?" in done.stderr


def test_systems_and_tasks_by_pattern(harness, results):
    """A pattern that fits nothing is refused, with what there is."""
    assert harness("systems=[bm25(*]", f"results={results}", command="leaderboard").returncode == 0
    assert {system for system, *_ in cells(results)} == {"bm25(k1=1.2)"}
    done = harness("tasks=[leagl]", f"results={results}", command="leaderboard")
    assert done.returncode == 2 and "Unknown task 'leagl'" in done.stderr


def test_a_column_that_failed_is_dropped_and_not_lost(harness, results):
    """A failed cell stands on the board until it is dropped; its record is moved, not deleted."""
    harness("-m", "model=bm25", "task=beir", "task.path=nowhere,nothing", "board=false", f"results={results}")
    assert [record.task for record in Archive(results).read() if record.status == "failed"]
    done = harness("failed=true", f"results={results}", command="drop")
    assert done.returncode == 0, done.stderr
    assert all(record.status == "ok" for record in Archive(results).read())
    assert list((results / "dropped").glob("*/*/record.json"))
    assert harness(f"results={results}", command="drop").returncode == 2
    done = harness("task=[nope]", f"results={results}", command="drop")
    assert done.returncode == 2 and "error:" in done.stderr


def test_rescore_shows_what_it_computed(harness, results):
    """The new values stand in its output, with their intervals."""
    done = harness("measures=[nDCG@3]", "task=legal[first 60]", "board=false", f"results={results}", command="rescore")
    record = next(one for one in Archive(results).read() if one.system == "bm25" and one.task.startswith("legal"))
    assert f"bm25 × legal[first 60]: nDCG@3 {record.get('nDCG@3').mean:.3f} [" in done.stdout, done.stderr


def test_what_a_task_is_stands_on_its_board(harness, results):
    """The first line of its YAML or plug-in, so that a reader knows that the embedded ones are fictional."""
    assert harness(f"results={results}", command="leaderboard").returncode == 0
    text = (results / "leaderboard.md").read_text(encoding="utf-8")
    assert "Customer support: 476 questions over 175 answers of one fictional product" in text
    assert "Contract clauses" in text
