"""A data set in each of the layouts that people have: same texts, same judgments, same fingerprint."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet

MARK = b"\xef\xbb\xbf"
Qrels = list[tuple[str, str, int]]


def zstd(content: bytes) -> bytes:
    """Packed by zstandard."""
    out = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(out, "zstd") as stream:
        stream.write(content)
    return out.getvalue().to_pybytes()


def columns(qrels: Qrels, line: str, head: str = "") -> bytes:
    """One line per judgment."""
    return (head + "".join(line.format(q=q, d=d, g=g) for q, d, g in qrels)).encode()


def nested(qrels: Qrels) -> dict[str, dict[str, int]]:
    """query id → document id → grade."""
    content: dict[str, dict[str, int]] = {}
    for query, document, grade in qrels:
        content.setdefault(query, {})[document] = grade
    return content


def parquet(qrels: Qrels, path: Path) -> None:
    """As ranx writes it: q_id, doc_id, score."""
    table = dict(zip(("q_id", "doc_id", "score"), map(list, zip(*qrels, strict=True)), strict=True))
    pyarrow.parquet.write_table(pyarrow.table(table), path)


HEAD = "query-id\tcorpus-id\tscore\n"
TABS, FOUR = "{q}\t{d}\t{g}\n", "{q} 0 {d} {g}\n"
QRELS: dict[str, tuple[str, Callable[[Qrels], bytes]]] = {
    "BEIR's own": ("test.tsv", lambda qrels: columns(qrels, TABS, HEAD)),
    "without header": ("test.tsv", lambda qrels: columns(qrels, TABS)),
    "with a mark, without header": ("test.tsv", lambda qrels: MARK + columns(qrels, TABS)),
    "Windows lines": ("test.tsv", lambda qrels: columns(qrels, TABS, HEAD).replace(b"\n", b"\r\n")),
    "three columns of spaces": ("test.txt", lambda qrels: columns(qrels, "{q}  {d} {g}\n", "qid docid relevance\n")),
    "grades with a point": ("test.tsv", lambda qrels: columns(qrels, "{q}\t{d}\t{g}.0\n", HEAD)),
    "TREC's four": ("test.qrels", lambda qrels: columns(qrels, FOUR)),
    "TREC's four with a header": ("test.txt", lambda qrels: columns(qrels, FOUR, "query_id iter doc_id rel\n")),
    "TREC's four, tabs": ("test.txt", lambda qrels: columns(qrels, "{q}\tQ0\t{d}\t{g}\n")),
    "TREC's four, any white space": ("test.txt", lambda qrels: columns(qrels, " {q}\t0 \v{d}\f {g} \n")),
    "gzip": ("test.tsv.gz", lambda qrels: gzip.compress(columns(qrels, TABS, HEAD))),
    "TREC's four, gzip": ("test.qrels.gz", lambda qrels: gzip.compress(columns(qrels, FOUR))),
    "text, gzip": ("test.txt.gz", lambda qrels: gzip.compress(columns(qrels, FOUR))),
    "zstandard": ("test.tsv.zst", lambda qrels: zstd(columns(qrels, TABS))),
    "mteb's JSON lines": (
        "test.jsonl",
        lambda qrels: "".join(
            json.dumps({"query-id": q, "corpus-id": d, "score": float(g)}) + "\n" for q, d, g in qrels
        ).encode(),
    ),
    "ranx's JSON": ("test.json", lambda qrels: json.dumps(nested(qrels), indent=2).encode()),
}
"""Layout → the name of the file of judgments, and its content."""


def gz(folder: Path, stem: str, content: bytes) -> None:
    (folder / f"{stem}.jsonl.gz").write_bytes(gzip.compress(content))


def zst(folder: Path, stem: str, content: bytes) -> None:
    (folder / f"{stem}.jsonl.zst").write_bytes(zstd(content))


def parts(folder: Path, stem: str, content: bytes) -> None:
    """Three files in a folder, one of them packed, each with a mark of its own."""
    (folder / stem).mkdir()
    lines = content.splitlines(keepends=True)
    third = len(lines) // 3 + 1
    for number in range(3):
        part = MARK + b"".join(lines[number * third : (number + 1) * third])
        packed = number == 1
        name = f"part-{number}.jsonl{'.gz' if packed else ''}"
        (folder / stem / name).write_bytes(gzip.compress(part) if packed else part)


def plain(folder: Path, stem: str, content: bytes) -> None:
    (folder / f"{stem}.jsonl").write_bytes(content)


def marked(folder: Path, stem: str, content: bytes) -> None:
    (folder / f"{stem}.jsonl").write_bytes(MARK + content)


TEXTS: dict[str, Callable[[Path, str, bytes], None]] = {
    "plain": plain,
    "gzip": gz,
    "zstandard": zst,
    "parts": parts,
    "a mark": marked,
}
"""Layout → what writes corpus or queries."""


def folder(
    path: Path, corpus: bytes, queries: bytes, qrels: Qrels, *, texts: str = "plain", judged: str = "BEIR's own"
):
    """A folder in BEIR layout, written in one of the ways above."""
    (path / "qrels").mkdir(parents=True)
    TEXTS[texts](path, "corpus", corpus)
    TEXTS[texts](path, "queries", queries)
    if judged == "ranx's Parquet":
        parquet(qrels, path / "qrels" / "test.parquet")
    else:
        name, content = QRELS[judged]
        (path / "qrels" / name).write_bytes(content(qrels))
    return path
