"""Sets by their names in ir_datasets: the same data set as the folder that they were made from, without a network."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from conftest import ROOT
from harness.data.beir import read_folder
from harness.records.archive import Archive
from test_bad_input import refused

pytest.importorskip("ir_datasets")


def prepared(shared: Path, home: Path) -> str:
    """IR_DATASETS_HOME as the library leaves it once it has fetched SciFact."""
    source = home / "beir" / "scifact" / "source.zip"
    source.parent.mkdir(parents=True)
    with zipfile.ZipFile(source, "w") as archive:
        for name in ("corpus.jsonl", "queries.jsonl", "qrels/test.tsv", "qrels/train.tsv"):
            archive.write(shared / "scifact" / name, f"scifact/{name}")
    return str(home)


@pytest.mark.slow
def test_scifact_by_its_name_there_is_the_folders(harness, shared, tmp_path):
    """bm25's 0.6863 through the library's own reader, and the fingerprint of BEIR's folder; by its short name too."""
    home = {"IR_DATASETS_HOME": prepared(shared, tmp_path / "home")}
    done = harness("model=bm25", "task=ir_datasets", "task.name=beir/scifact/test", "board=false", env=home)
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.primary.mean == pytest.approx(0.6863, abs=5e-5) and record.primary.measure == "nDCG@10"
    assert record.dataset["fingerprint"] == read_folder(shared / "scifact", "test", "x").fingerprint
    assert record.task == "ir_datasets/beir/scifact/test"
    done = harness("model=bm25", f"task={record.task}", "board=false", env=home)
    assert done.returncode == 0 and "already recorded" in done.stderr, done.stderr


@pytest.fixture
def registered(tmp_path, request):
    """A set of one's own, registered as the library documents it."""
    import ir_datasets

    for name, content in {"docs": "d1\tthe first\nd2\tthe second\n", "queries": "q1\twhich first\n"}.items():
        (tmp_path / f"{name}.tsv").write_text(content)
    (tmp_path / "qrels.txt").write_text("q1 0 d1 2\nq1 0 d2 0\n")
    files = {name: str(tmp_path / f"{name}.tsv") for name in ("docs", "queries")}
    own = ir_datasets.create_dataset(files["docs"], files["queries"], str(tmp_path / "qrels.txt"))
    name = f"{request.node.originalname.replace('_', '-')}/dev"
    ir_datasets.registry.register(name, own)
    return name


def test_a_registered_set_is_a_task(harness, registered, tmp_path):
    """Documents, queries and graded judgments; its split is the last part of its name."""
    done = harness("model=bm25", "task=ir_datasets", f"task.name={registered}", "board=false")
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.dataset["split"] == "dev" and record.primary.mean == 1.0
    assert record.dataset["counts"]["judgments"] == 2 and record.dataset["counts"]["documents"] == 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("beir/scifct/test", ["Unknown ir_datasets set 'beir/scifct/test'", "Did you mean beir/scifact/test"]),
        ("beir/scifact", ["'beir/scifact' has no qrels", "beir/scifact/test"]),
    ],
)
def test_a_wrong_name_is_one_line(harness, tmp_path, name, said):
    """The nearest name, or those below it that have judgments."""
    refused(harness("model=bm25", "task=ir_datasets", f"task.name={name}"), *said, results=tmp_path / "results")


def test_without_the_library_it_is_said_what_to_install(harness, monkeypatch):
    """The extra by its name."""
    monkeypatch.setitem(sys.modules, "ir_datasets", None)
    done = harness("model=bm25", "task=ir_datasets", "task.name=beir/scifact/test")
    refused(done, "pip install 'embedding-harness[ir-datasets]'")
    assert "ir-datasets" in (ROOT / "pyproject.toml").read_text()
