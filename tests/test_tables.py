"""A table as a spreadsheet saves it: whatever parts its fields and encodes its letters, the data set is the same, and is said."""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from conftest import ROOT
from harness.data.table import read_table
from harness.data.table_file import Reading
from harness.errors import ConfigError, DataError
from harness.records.archive import Archive
from layouts import zstd
from test_bad_input import refused

ROWS = [
    ["question", "answer", "product"],
    ["Wie groß ist die „Straße“; und warum?", "Zehn, höchstens elf Meter.", "Weg"],
    ["Was kostet es, und wo?", "5 € | im Laden;\nauch online", "Laden"],
    ["Où est-ce?", "Là-bas, à côté", "Laden"],
]


def text(separator: str = ",", rows: list[list[str]] | None = None) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator="\r\n").writerows(rows or ROWS)
    return out.getvalue()


def read(path: Path, **options: str):
    return read_table(path, name="t", reading=Reading(**options))


@pytest.fixture
def plain(tmp_path):
    """The data set of the table in UTF-8 and commas."""
    (tmp_path / "plain.csv").write_bytes(text().encode())
    data, taken = read(tmp_path / "plain.csv")
    assert taken == {} and data.counts["queries"] == 3
    return data


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_separator_and_encoding_are_told_by_the_file(tmp_path, plain, separator, encoding):
    """The same data set, and what was taken."""
    (tmp_path / "faq.csv").write_bytes(text(separator).encode(encoding))
    data, taken = read(tmp_path / "faq.csv")
    assert data.fingerprint == plain.fingerprint and data.queries.properties == plain.queries.properties
    name = {"utf-16": "utf-16-le", "utf-32": "utf-32-le", "utf-8-sig": "utf-8"}.get(encoding, encoding)
    assert taken == {
        **({"encoding": name} if name != "utf-8" else {}),
        **({"separator": separator} if separator != "," else {}),
    }


@pytest.mark.parametrize("ending", [".csv.gz", ".csv.zst", ".tsv", ".tsv.gz"])
def test_a_packed_table_is_the_same(tmp_path, plain, ending):
    """By gzip or zstandard; a .tsv has tabs."""
    content = text("\t" if "tsv" in ending else ",").encode()
    pack = {"gz": gzip.compress, "zst": zstd}.get(ending.rpartition(".")[2], bytes)
    (tmp_path / f"faq{ending}").write_bytes(pack(content))
    data, taken = read(tmp_path / f"faq{ending}")
    assert data.fingerprint == plain.fingerprint and not taken


@pytest.mark.parametrize("ending", [".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_json_lines_and_parquet(tmp_path, ending):
    """Packed or not; the bytes of JSON lines may be in any of the encodings too."""
    objects = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    file = tmp_path / f"faq{ending}"
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in objects)
    if ending == ".parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(objects), file)
    else:
        file.write_bytes({"gz": gzip.compress, "zst": zstd}.get(ending.rpartition(".")[2], bytes)(lines.encode()))
    data, taken = read(file)
    assert list(data.queries.texts) == [row[0] for row in ROWS[1:]] and not taken
    if ending == ".jsonl":
        file.write_bytes(lines.encode("utf-16"))
        assert read(file)[0].fingerprint == data.fingerprint


def test_a_file_as_a_german_excel_saves_it(harness, tmp_path):
    """Semicolons and Windows-1252: evaluated, said on the way, and recorded; stated, it is not said again."""
    (tmp_path / "faq.csv").write_bytes(text(";").encode("cp1252"))
    done = harness("model=bm25", "task=table", "task.path=faq.csv", "board=false")
    assert done.returncode == 0, done.stderr
    assert "faq.csv is read with task.encoding=cp1252 task.separator=semicolon." in done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.dataset["options"] == {"read": {"encoding": "cp1252", "separator": ";"}}
    words = ["task.separator=semicolon", "task.encoding=windows-1252", "results=other", "board=false"]
    done = harness("model=bm25", "task=table", "task.path=faq.csv", *words)
    assert done.returncode == 0 and "is read with" not in done.stderr, done.stderr
    (again,) = Archive(tmp_path / "other").read()
    assert (
        again.dataset["fingerprint"] == record.dataset["fingerprint"]
        and again.dataset["options"] == record.dataset["options"]
    )


@pytest.mark.parametrize(
    ("content", "options", "questions"),
    [
        ("Summary;Clause\na, b;c, d\ne, f;g, h\n", {"question": "Summary", "answer": "Clause"}, ["a, b", "e, f"]),
        ("Summary, long;Clause\na, b;c\n", {"question": "Summary, long", "answer": "Clause"}, ["a, b"]),
        ("question|answer\na;b|c;d\n", {}, ["a;b"]),
        ("sep=;\r\nquestion;answer\r\na,b;c\r\n", {}, ["a,b"]),
        ("question ; answer\n a ; b \n ; \n", {}, ["a"]),
        ("question;answer;;\na;b;;\n;;;\n", {}, ["a"]),
        ('"question","answer"\n"a;b;c","d"\n"e","f"\n', {}, ["a;b;c", "e"]),
        ("question,answer\r" + "a,b\r", {}, ["a"]),
    ],
)
def test_separators_are_told_apart_where_texts_hold_others(tmp_path, content, options, questions):
    """By rows that fit the header, and by the columns that are asked for; empty rows and columns of a spreadsheet go."""
    (tmp_path / "faq.csv").write_text(content, newline="")
    data, _ = read(tmp_path / "faq.csv", **options)
    assert list(data.queries.texts) == questions and all(key for key in data.queries.properties)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('question;answer\na;"b\nb2\nb3"\nc;d\ne;f;g\nh;i\n', r"faq.csv:6: 3 fields where the header has 2"),
        ('question;answer\na;"b\nb2\nb3"\nc;d\ne\nh;i\n', r"faq.csv:6: 1 fields where the header has 2"),
        ('question;answer\na;b\n"c" c;d\n', r"faq.csv:3: not a well-formed row"),
        ("sep=;\nquestion;answer\na;b;c\n", r"faq.csv:3: 3 fields"),
        ("Summary;Clause\na;b\n", r"no column 'question'. Columns: Summary, Clause"),
        ("Summary, long;Clause\na;b,c,d\n", r"Columns: Summary, long, Clause\."),
    ],
)
def test_a_fault_is_named_by_its_line(tmp_path, content, said):
    """The line of the file behind a text of three lines, where pandas says line 4 or takes the short row as it is."""
    (tmp_path / "faq.csv").write_text(content)
    with pytest.raises(DataError, match=said):
        read(tmp_path / "faq.csv")


def test_a_script_that_is_not_western_is_not_guessed(tmp_path):
    """Windows-1251 is valid Windows-1252: it would be read as letters that nobody wrote. Stated, it is read."""
    rows = [["question", "answer"], ["Где мой заказ?", "В пути"], ["Сколько стоит?", "Пять рублей"]]
    (tmp_path / "faq.csv").write_bytes(text(";", rows).encode("cp1251"))
    assert "Ãäå" in (tmp_path / "faq.csv").read_bytes().decode("cp1252")
    with pytest.raises(DataError, match=r"no Western language. State it with task.encoding=NAME"):
        read(tmp_path / "faq.csv")
    assert read(tmp_path / "faq.csv", encoding="cp1251")[0].queries.texts[0] == "Где мой заказ?"
    with pytest.raises(DataError, match=r"is not shift_jis, which task.encoding=sjis states"):
        (tmp_path / "faq.csv").write_bytes(b"question,answer\na,\xff\xff\n")
        read(tmp_path / "faq.csv", encoding="sjis")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["task.encoding=utf-9"], ["task.encoding=utf-9", "utf-8"]),
        (["task.encoding=base64"], ["task.encoding=base64"]),
        (["task.separator=semi"], ["task.separator=semi", "semicolon"]),
        (["task.sheet=FAQ"], ["task.sheet is for .xlsx", "faq.csv"]),
        (["task.answer=question"], ["the same column, 'question'"]),
    ],
)
def test_a_wrong_statement_is_one_line(harness, tmp_path, words, said):
    """What it is for, and the nearest."""
    (tmp_path / "faq.csv").write_bytes(text().encode())
    refused(harness("model=bm25", "task=table", "task.path=faq.csv", *words), *said, results=tmp_path / "results")


def workbook(path: Path, **sheets: list[list[object]]) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_a_workbook_by_its_sheet(harness, tmp_path):
    """The first sheet, which is said where there are several; another by name; numbers as a person reads them."""
    rows = [[], ["question", "answer", "year"], ["wo?", "hier", 2024], [None, None, None], ["wann?", 7, 2025]]
    workbook(tmp_path / "faq.xlsx", FAQ=rows, Archiv=[["question", "answer"], ["alt?", "ja"]])
    data, taken = read(tmp_path / "faq.xlsx")
    assert list(data.documents.texts) == ["hier", "7"] and data.queries.properties["year"] == ["2024", "2025"]
    assert list(data.queries.ids) == ["q3", "q5"] and taken == {"sheet": "FAQ"}
    done = harness("model=bm25", "task=table", "task.path=faq.xlsx", "board=false")
    assert done.returncode == 0 and "faq.xlsx is read with task.sheet=FAQ" in done.stderr, done.stderr
    assert list(read(tmp_path / "faq.xlsx", sheet="Archiv")[0].queries.texts) == ["alt?"]
    with pytest.raises(DataError, match=r"no sheet 'Archive'. Sheets: FAQ, Archiv. Try task.sheet='Archiv'"):
        read(tmp_path / "faq.xlsx", sheet="Archive")
    workbook(tmp_path / "empty.xlsx", FAQ=[["question", "answer"], ["wo?", None]])
    with pytest.raises(DataError, match=r"empty.xlsx:2: column 'answer' is empty"):
        read(tmp_path / "empty.xlsx")


def test_a_workbook_without_the_library_says_what_to_install(tmp_path, monkeypatch):
    """The extra by its name."""
    workbook(tmp_path / "faq.xlsx", FAQ=[["question", "answer"], ["wo?", "hier"]])
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ConfigError, match=r"pip install 'embedding-harness\[tables\]'"):
        read(tmp_path / "faq.xlsx")


def test_questions_that_are_their_own_answers_are_refused(tmp_path):
    """The wrong number: every question finds itself, and any system scores 1.0. One that is, among others, stays."""
    (tmp_path / "faq.csv").write_text("question,answer\nWhere is it?,where  is it?\nWhat now?,What now?\n")
    with pytest.raises(DataError, match="every question in column 'question' is its own answer"):
        read(tmp_path / "faq.csv")
    (tmp_path / "faq.csv").write_text("question,answer\nWhere is it?,Where is it?\nWhat now?,Wait\n")
    assert read(tmp_path / "faq.csv")[0].counts["queries"] == 2


def test_a_long_text_is_no_fault(tmp_path):
    """Python's csv takes 128 KB by default; a document may be longer. The setting of others is left as it was."""
    (tmp_path / "faq.csv").write_text(f"question,answer\na,{'x ' * 100_000}\n")
    before = csv.field_size_limit()
    assert len(read(tmp_path / "faq.csv")[0].documents.texts[0]) == 199_999 and csv.field_size_limit() == before


def test_the_embedded_table_in_every_form_gives_its_number(harness, tmp_path):
    """faq with semicolons in UTF-16, packed: bm25's 0.450."""
    rows = list(csv.reader((ROOT / "tasks/data/faq/faq.csv").open(encoding="utf-8", newline="")))
    (tmp_path / "faq.csv.gz").write_bytes(gzip.compress(text(";", rows).encode("utf-16")))
    harness("model=bm25", "task=faq", "board=false")
    done = harness("model=bm25", "task=table", "task.path=faq.csv.gz", "overwrite=true", "board=false")
    assert done.returncode == 0, done.stderr
    records = Archive(tmp_path / "results").read()
    assert len({record.dataset["fingerprint"] for record in records}) == 1
    assert all(round(record.primary.mean, 3) == 0.450 for record in records)
