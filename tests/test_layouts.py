"""A BEIR folder in every layout that people have: the same data set, whatever its files look like."""

from __future__ import annotations

import json

import pytest

import layouts
from harness.data import beir
from harness.data.beir import read_folder
from harness.data.lines import TextsOnDisk
from harness.errors import DataError
from harness.records.archive import Archive
from test_bad_input import CORPUS, QUERIES, folder, refused

CORPUS_BYTES, QUERIES_BYTES = (
    "".join(json.dumps({"_id": f"{kind}{n}", "text": f"{kind} number {n}"}) + "\n" for n in range(9)).encode()
    for kind in "dq"
)
JUDGED = [("q0", "d0", 1), ("q0", "d7", 0), ("q3", "d3", 2), ("q8", "d8", 1)]
SAME = {("q0", "d0", 1), ("q0", "d7", 0), ("q3", "d3", 2), ("q8", "d8", 1)}


def triples(dataset) -> set[tuple[str, str, int]]:
    return {(query, document, grade) for query, row in dataset.qrels.items() for document, grade in row.items()}


@pytest.mark.parametrize("judged", [*layouts.QRELS, "ranx's Parquet"])
def test_judgments_are_the_same_in_every_layout(tmp_path, judged):
    """With or without header, by tabs or spaces, in TREC's columns, packed, as JSON or Parquet: no line is lost."""
    place = layouts.folder(tmp_path / "a", CORPUS_BYTES, QUERIES_BYTES, JUDGED, judged=judged)
    assert triples(read_folder(place, "test", "a")) == SAME


@pytest.mark.parametrize("held", [beir.HELD, 0], ids=["in memory", "on disk"])
@pytest.mark.parametrize("texts", layouts.TEXTS)
def test_texts_are_the_same_in_every_layout(tmp_path, monkeypatch, texts, held):
    """One file or several, packed or not, each with a byte-order mark or not, in memory or left on disk."""
    plain = layouts.folder(tmp_path / "a", CORPUS_BYTES, QUERIES_BYTES, JUDGED)
    monkeypatch.setattr(beir, "HELD", held)
    place = layouts.folder(tmp_path / "b", CORPUS_BYTES, QUERIES_BYTES, JUDGED, texts=texts)
    data = read_folder(place, "test", "a")
    assert isinstance(data.documents.texts, TextsOnDisk) == (held == 0)
    assert list(data.documents.texts) == [f"d number {n}" for n in range(9)]
    assert data.documents.texts[-1] == "d number 8" and data.documents.texts[3:5] == ["d number 3", "d number 4"]
    assert data.fingerprint == read_folder(plain, "test", "a").fingerprint


def test_beir_itself_loses_the_first_line_of_a_file_without_header(tmp_path):
    """The wrong number: beir skips one line whatever it says, and with it a judgment; here none is lost."""
    from beir.datasets.data_loader import GenericDataLoader

    place = layouts.folder(tmp_path / "a", CORPUS_BYTES, QUERIES_BYTES, JUDGED, judged="without header")
    *_, theirs = GenericDataLoader(str(place)).load(split="test")
    assert theirs["q0"] == {"d7": 0}
    assert read_folder(place, "test", "a").qrels["q0"] == {"d0": 1, "d7": 0}


def test_an_id_that_looks_like_a_header_is_none(tmp_path):
    """A first line that ends in a grade is a judgment, whatever its query is called."""
    qrels = [("query-id", "d1", 1), ("q1", "d2", 1)]
    texts = b'{"_id": "query-id", "text": "a"}\n{"_id": "q1", "text": "b"}\n'
    place = layouts.folder(tmp_path / "a", CORPUS_BYTES, texts, qrels, judged="without header")
    assert triples(read_folder(place, "test", "a")) == set(qrels)


IDS = ["a b", "a\u00a0b", "a\u0085b", "a\u2028b", "100%", "%000020", "#1", "😀", "naïve", "日本"]


@pytest.mark.parametrize(
    "judged", ["BEIR's own", "without header", "gzip", "mteb's JSON lines", "ranx's JSON", "ranx's Parquet"]
)
def test_ids_are_any_unicode(tmp_path, judged):
    """Spaces between tabs, no-break spaces and NEL, which Python's split and splitlines take for white space."""
    assert ["a", "b"] == ["a", "b"] and "a\u0085b".splitlines() == ["a", "b"]
    corpus, queries = (
        "".join(
            json.dumps({"_id": i, "text": f"{kind} {n}"}, ensure_ascii=False) + "\n" for n, i in enumerate(IDS)
        ).encode()
        for kind in ("document", "query")
    )
    qrels = [(identifier, identifier, 1) for identifier in IDS]
    place = layouts.folder(tmp_path / "a", corpus, queries, qrels, judged=judged)
    assert triples(read_folder(place, "test", "a")) == set(qrels)


def test_ids_without_ascii_white_space_need_no_tabs(tmp_path):
    """TREC's columns are parted by ASCII's white space alone."""
    ids = [identifier for identifier in IDS if " " not in identifier]
    texts = "".join(json.dumps({"_id": identifier, "text": "x"}) + "\n" for identifier in ids).encode()
    qrels = [(identifier, identifier, 1) for identifier in ids]
    place = layouts.folder(tmp_path / "a", texts, texts, qrels, judged="TREC's four")
    assert triples(read_folder(place, "test", "a")) == set(qrels)


def test_a_byte_order_mark_reaches_no_id(tmp_path):
    """At the start of each file, of a part that was appended to another, and within the JSON of a careless converter."""
    corpus = b'{"_id": "\xef\xbb\xbfd1", "text": "a"}\n' + layouts.MARK + b'{"_id": "d2", "text": "b"}\n'
    queries = b'{"_id": "q1", "text": "a"}\n'
    place = layouts.folder(tmp_path / "a", corpus, queries, [("q1", "d1", 1), ("q1", "d2", 1)])
    (place / "qrels" / "test.tsv").write_bytes(layouts.MARK + b"q1\td1\t1\n" + layouts.MARK + b"q1\td2\t1\n")
    data = read_folder(place, "test", "a")
    assert list(data.documents.ids) == ["d1", "d2"] and data.qrels == {"q1": {"d1": 1, "d2": 1}}


def test_judged_queries_that_are_not_in_the_query_file_are_a_subset(harness, tmp_path):
    """Evaluated without strict=false, said on the way, and counted in the record."""
    place = folder(tmp_path, qrels="q1\td1\t1\nq7\td1\t1\nq8\td9\t1\nq8\td2\t0\n")
    done = harness("model=bm25", "task=beir", place, "board=false")
    assert done.returncode == 0 and "2 judged queries are not in the query file, such as 'q7'" in done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.dataset["counts"]["unknown_queries"] == 3 and record.primary.n == 1


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"corpus.jsonl.gz": b""}, ["corpus.jsonl and ", "corpus.jsonl.gz stand for the same", "Which is meant"]),
        ({"corpus/a.jsonl": b""}, ["corpus/a.jsonl stand for the same"]),
        ({"qrels/test.txt": b"q1 0 d1 1\n"}, ["test.tsv and ", "test.txt stand for the same"]),
    ],
)
def test_which_of_two_files_is_meant_is_not_guessed(harness, tmp_path, files, said):
    """A folder that was packed and kept its plain files might hold two versions."""
    place = folder(tmp_path)
    for name, content in files.items():
        (tmp_path / "set" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "set" / name).write_bytes(content)
    refused(harness("model=bm25", "task=beir", place), *said, results=tmp_path / "results")


def test_a_packed_file_that_ends_too_early_is_named(tmp_path):
    """As a download leaves it that was interrupted."""
    place = layouts.folder(tmp_path / "a", CORPUS.encode(), QUERIES.encode(), [("q1", "d1", 1)], texts="gzip")
    whole = (place / "corpus.jsonl.gz").read_bytes()
    (place / "corpus.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"Cannot read .*corpus\.jsonl\.gz"):
        read_folder(place, "test", "a")
    (place / "corpus.jsonl.gz").write_bytes(b"")
    with pytest.raises(DataError, match="the corpus is empty"):
        read_folder(place, "test", "a")


def scifact(shared, tmp_path, texts, judged):
    """SciFact in one of the layouts."""
    source = shared / "scifact"
    lines = (source / "qrels" / "test.tsv").read_text().splitlines()[1:]
    qrels = [(q, d, int(g)) for q, d, g in (line.split("\t") for line in lines)]
    corpus, queries = ((source / f"{stem}.jsonl").read_bytes() for stem in ("corpus", "queries"))
    return layouts.folder(tmp_path / "scifact", corpus, queries, qrels, texts=texts, judged=judged)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("texts", "judged"),
    [*(("gzip", judged) for judged in [*layouts.QRELS, "ranx's Parquet"]), ("parts", "gzip"), ("zstandard", "gzip")],
)
def test_scifact_in_every_layout_gives_its_number(harness, shared, tmp_path, texts, judged):
    """bm25's 0.6863, and the fingerprint of the folder as BEIR publishes it."""
    source, place = shared / "scifact", scifact(shared, tmp_path, texts, judged)
    assert read_folder(place, "test", "x").fingerprint == read_folder(source, "test", "x").fingerprint
    done = harness("model=bm25", "task=beir", f"task.path={place}", "board=false")
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.primary.measure == "nDCG@10" and record.primary.mean == pytest.approx(0.6863, abs=5e-5)


@pytest.mark.slow
def test_scifact_in_several_packed_files_gives_minilms_number(harness, shared, tmp_path):
    """0.64508, as from the folder that BEIR publishes."""
    place = scifact(shared, tmp_path, "parts", "TREC's four, gzip")
    done = harness("model=minilm", "task=beir", f"task.path={place}", "board=false")
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.primary.mean == pytest.approx(0.64508, abs=5e-6)
