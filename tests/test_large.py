"""Corpora that are not held in memory, and corpora that several processes encode."""

from __future__ import annotations

import json

import numpy as np
import pytest

from conftest import ROOT
from harness.data import beir, lines
from harness.data.beir import read_folder
from harness.data.lines import TextsOnDisk
from harness.errors import ConfigError, DataError
from harness.evaluation.encode_part import parsed

LEGAL = ROOT / "tasks" / "data" / "legal"


def folder(path, rows):
    (path / "qrels").mkdir(parents=True)
    (path / "corpus.jsonl").write_text("".join(rows), encoding="utf-8")
    (path / "queries.jsonl").write_text('{"_id": "q", "text": "what"}\n')
    (path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td2\t1\n")
    return path


ROWS = [
    '{"_id": "d1", "title": "Straße", "text": "naïve – 日本語"}\n',
    "\n",
    '{"_id": "d2", "text": "second"}\r\n',
    '{"_id": "d3", "title": "", "text": "last, without an end of line"}',
]


def test_texts_on_disk_are_those_in_memory(tmp_path, monkeypatch):
    """Same texts, same fingerprint, whatever the line ends; a byte order mark and blank lines are passed over."""
    place = folder(tmp_path / "a", ROWS)
    (place / "corpus.jsonl").write_bytes(b"\xef\xbb\xbf" + (place / "corpus.jsonl").read_bytes())
    held = read_folder(place, "test", "a")
    monkeypatch.setattr(beir, "HELD", 0)
    left = read_folder(place, "test", "a")
    assert isinstance(left.documents.texts, TextsOnDisk) and not isinstance(held.documents.texts, TextsOnDisk)
    assert list(left.documents.texts) == list(held.documents.texts) and left.documents.texts[1:] == [
        "second",
        "last, without an end of line",
    ]
    assert left.documents.texts[0] == "Straße naïve – 日本語" and left.fingerprint == held.fingerprint


def test_the_embedded_corpus_read_from_disk_gives_the_same_fingerprint(monkeypatch):
    """The real one, with metadata."""
    held = read_folder(LEGAL, "test", "legal")
    monkeypatch.setattr(beir, "HELD", 0)
    assert read_folder(LEGAL, "test", "legal").fingerprint == held.fingerprint


def test_a_fault_far_down_is_named_by_its_line(tmp_path):
    """The line of the file, not of the texts."""
    place = folder(tmp_path / "a", [*ROWS[:3], '{"_id": "d3"}\n'])
    with pytest.raises(DataError, match=r"corpus.jsonl:4: 'text' is missing"):
        read_folder(place, "test", "a")
    (place / "corpus.jsonl").write_bytes(b'{"_id": "d1", "text": "x"}\n{"_id": "\xff"}\n')
    with pytest.raises(DataError, match=r"not UTF-8 \(byte 36\)"):
        read_folder(place, "test", "a")
    assert lines.HELD > 1 << 20


def test_parts_encoded_apart_are_one_store(harness, tmp_path):
    """Three parts, in any order, by processes of their own; the evaluation that follows encodes nothing."""
    place = f"data.cache={tmp_path / 'kept'}"
    for part in (3, 1, 2):
        done = harness("model=wordllama", "task=legal", f"encode.shard={part}/3", place)
        assert done.returncode == 0 and f"part {part}/3 is in the store" in done.stderr, done.stderr
    assert not (tmp_path / "results" / "records").exists()
    assert harness("model=wordllama", "task=legal", place, "board=false").returncode == 0
    (record,) = tmp_path.glob("results/records/*/*/record.json")
    assert json.loads(record.read_text())["checks"]["fresh"] == {"query": 0, "document": 0}
    done = harness("model=wordllama", "task=legal", "encode.shard=4/3", place)
    assert done.returncode == 2 and "encode.shard=4/3 is no part of a whole" in done.stderr
    done = harness("model=bm25", "task=legal", "encode.shard=1/3", place)
    assert done.returncode == 2 and "is for a dense model" in done.stderr


def test_a_shard_is_a_part_of_a_whole():
    """From 1; nothing else is one."""
    assert parsed("3/16") == (3, 16)
    for wrong in ("0/3", "4/3", "3", "a/b", "-1/3", "1/3/5"):
        with pytest.raises(ConfigError):
            parsed(wrong)


def test_every_part_together_is_every_document():
    """No document is left out or encoded twice, whatever the number of parts."""
    for documents in (0, 1, 7, 100):
        for parts in (1, 3, 16):
            bounds = [(documents * (part - 1) // parts, documents * part // parts) for part in range(1, parts + 1)]
            assert np.concatenate([np.arange(*one) for one in bounds]).tolist() == list(range(documents))
