"""Scale: a folder in BEIR layout with 10,000, 100,000 and 1,000,000 documents, evaluated from disk; time and peak memory.

The encoder is a stub without weights (a text's vector is made from its digest): what is measured is reading, fingerprint,
look-up, store, search and record, which is everything of ours that grows with the corpus.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from common import process, table

SIZES = tuple(int(size) for size in os.environ.get("BENCH_SIZES", "10000,100000,1000000").split(","))
QUERIES = 100
PRIMES = (1_009, 1_013)
"""A document's number modulo both is its own up to a million: no two vectors are alike."""


def main() -> str:
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            made(Path(folder), size)
            for state in ("cold", "warm"):
                took, said = process(__file__, "one", folder=folder)
                rows.append([
                    f"{size:,}, {state}", f"{took:.1f}", f"{1e6 * said['seconds'] / size:.0f}", f"{said['peak'] / 2**20:,.0f}",
                    f"{said['search']:.2f}", f"{said['vectors'] / 2**20:,.0f}",
                ])  # fmt: skip
                print("  " + rows[-1][0], took, file=sys.stderr, flush=True)
            shutil.rmtree(Path(folder) / "cache")
    return "\n".join([
        "## Scale", "",
        f"BEIR folders of texts of 60 words, {QUERIES} queries, 384 numbers per vector, `memory` of 256 MB for the search. "
        "The encoder is a stub without weights. One run each. Peak is the process's resident memory without the pages of the mapped store, which "
        "the system may drop at will; what grows is ids, look-up keys and facts (some 200 bytes a document), not texts or vectors.",
        "", table(["documents", "process, s", "µs per document", "peak memory of its own, MB", "search, s", "vectors on disk, MB"], rows), "",
    ])  # fmt: skip


def made(folder: Path, size: int) -> None:
    """The data set; document i is the answer of query i."""
    (folder / "data" / "qrels").mkdir(parents=True)
    filler = " ".join(f"word{number}" for number in range(58))
    with (folder / "data" / "corpus.jsonl").open("w") as file:
        for number in range(size):
            file.write(json.dumps({"_id": f"d{number}", "title": "", "text": f"document {number} {filler}"}) + "\n")
    with (folder / "data" / "queries.jsonl").open("w") as file:
        for number in range(QUERIES):
            file.write(json.dumps({"_id": f"q{number}", "text": f"document {number} {filler}"}) + "\n")
    lines = [f"q{number}\td{number}\t1\n" for number in range(QUERIES)]
    (folder / "data" / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(lines))


def one() -> None:
    """One evaluation, in a process of its own."""
    import threading
    import time

    import numpy as np

    from encoders import MAKER, Hashing
    from harness.data.beir import read_folder
    from harness.encode.forward import encode
    from harness.encode.store import StoredVectors
    from harness.measures.evaluate import evaluate
    from harness.types import Run
    from toys import search

    class Wide(Hashing):
        dimension, budget = 384, (1 << 20, 4_096)

        def __init__(self) -> None:
            super().__init__()
            tables = (np.random.default_rng(prime).normal(size=(prime, 384)) for prime in PRIMES)
            self.tables = [table.astype(np.float32) for table in tables]

        def forward(self, prepared, rows):
            numbers = np.array([int(prepared.texts[row].split()[1]) for row in rows])
            return sum(table[numbers % len(table)] for table in self.tables)

    peak = [0]
    threading.Thread(target=watch, args=(peak,), daemon=True).start()
    start = time.perf_counter()
    data = read_folder(Path("data"), "test", "scale")
    encoder = Wide()
    documents = encode(lambda: encoder, data.documents.texts, StoredVectors(Path("cache"), MAKER))
    queries = encode(lambda: encoder, data.queries.texts, StoredVectors(Path("cache"), {**MAKER, "prompt": "q"}))
    before = time.perf_counter()
    ids, scores = search(
        queries.read(),
        documents,
        data.queries.ids,
        data.documents.ids,
        similarity="cosine",
        depth=100,
        memory=256 << 20,
    )
    searched = time.perf_counter() - before
    run = Run(list(data.queries.ids), ids, scores, 100)
    (found,) = evaluate(run, data, ["nDCG@10"])
    assert found.values.mean() == 1.0
    size = sum(path.stat().st_size for path in Path("cache").rglob("*.shard"))
    print(json.dumps({"seconds": time.perf_counter() - start, "peak": peak[0], "search": searched, "vectors": size}))


def watch(peak: list[int]) -> None:
    """The most anonymous memory that was resident: what cannot be dropped."""
    import time

    while True:
        lines = Path("/proc/self/status").read_text().splitlines()
        held = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024
        peak[0] = max(peak[0], held)
        time.sleep(0.02)


if __name__ == "__main__":
    if sys.argv[1:] == ["one"]:
        one()
    else:
        print(main())
