"""What `make leaderboard` says of the tracked files that it rewrites."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from test_export import ROOT

CELLS = "system,task,measure,value,low,high,n,status\n"
FAQ = "minilm,faq,nDCG@10,0.708,0.674,0.741,476,ok\n"


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def said(folder: Path) -> str:
    script = ROOT / ".ci" / "moved.py"
    return subprocess.run([sys.executable, script, folder], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def clone(tmp_path) -> Path:
    """A repository with a board of one cell."""
    record = tmp_path / "results" / "records" / "faq" / "minilm"
    record.mkdir(parents=True)
    for name in ("leaderboard.csv", "measures.csv"):
        (tmp_path / "results" / name).write_text(CELLS + FAQ)
    (record / "record.json").write_text(
        json.dumps({"seconds": {"search": 1}, "provenance": {"date": "1", "commit": "a"}})
    )
    (record / "run.trec.gz").write_bytes(gzip.compress(b"q Q0 d 1 0.5 x\n" * 99, 9, mtime=0))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "x")
    return tmp_path


def test_what_differs_by_the_clock_is_said_and_no_value_moved(clone):
    """Dates, clocks, and the last digits; a run of the same lines that is packed otherwise is told from one of others."""
    assert said(clone) == "results/: no tracked file changed"
    record = clone / "results" / "records" / "faq" / "minilm"
    (record / "record.json").write_text(
        json.dumps({"seconds": {"search": 2}, "provenance": {"date": "2", "commit": "a"}})
    )
    (record / "run.trec.gz").write_bytes(gzip.compress(b"q Q0 d 1 0.5 x\n" * 99, 1, mtime=0))
    (clone / "results" / "measures.csv").write_text(CELLS + FAQ.replace("0.708", "0.7080000001"))
    line = said(clone)
    assert "3 tracked files differ" in line and "\n" not in line
    assert all(part in line for part in ("clocks", "dates", "packed otherwise", "No value", "(8 compared)"))
    assert "commit," not in line.partition("wrote them")[2]
    (record / "run.trec.gz").write_bytes(gzip.compress(b"q Q0 e 1 0.5 x\n", mtime=0))
    assert "OTHER LINES" in said(clone)


@pytest.mark.parametrize(
    ("written", "moved"),
    [
        (FAQ.replace("0.708", "0.70801"), "minilm on faq: nDCG@10 value (measures.csv) 0.708 → 0.70801"),
        (FAQ.replace("476", "475"), "n (measures.csv) 476.0 → 475.0"),
        ("minilm,faq,nDCG@10,,,,,failed\n", "4 MEASURED VALUES MOVED"),
        (FAQ + FAQ.replace("nDCG", "MRR"), "MRR@10 value (measures.csv) None → 0.708"),
    ],
)
def test_a_value_that_moved_is_said_loudly(clone, written, moved):
    """Also one that is gone or new."""
    (clone / "results" / "measures.csv").write_text(CELLS + written)
    line = said(clone)
    assert "MEASURED VALUES MOVED" in line and moved in line and "No value" not in line


def test_a_folder_without_history_has_nothing_to_compare_with(tmp_path):
    """And does not fail, for an evaluation there went well."""
    assert "no history of git" in said(tmp_path)


def test_a_cell_that_is_new_is_named_and_no_value_that_moved(clone):
    """The default board got another system: nothing of what stood there moved."""
    (clone / "results" / "measures.csv").write_text(CELLS + FAQ + FAQ.replace("minilm", "hybrid"))
    line = said(clone)
    assert "New cells: hybrid on faq" in line and "MOVED" not in line and "(8 compared)" in line
