"""6. The embedding store: reading and look-up beside a raw memory map; what checksums and flushes cost a cold run."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from common import interleaved, seconds, spread, table

ROWS, SIZE = 100_000, 384


def main() -> str:
    import os

    import xxhash

    from encoders import MAKER
    from harness.encode.keys import text_keys
    from harness.encode.shard import BLOCK, FACTS
    from harness.encode.store import StoredVectors

    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(ROWS, SIZE)).astype(np.float32)
    texts = [f"text number {number} of a corpus of abstracts" for number in range(ROWS)]
    keys = text_keys(texts)
    facts = np.zeros(ROWS, FACTS)
    with tempfile.TemporaryDirectory() as folder:
        cache = StoredVectors(Path(folder), MAKER)
        for start in range(0, ROWS, 10_000):
            cache.add(keys[start : start + 10_000], vectors[start : start + 10_000], facts[start : start + 10_000])
        raw = Path(folder) / "raw"
        vectors.tofile(raw)
        out = np.empty_like(vectors)

        def store() -> float:
            def read() -> None:
                opened = StoredVectors(Path(folder), MAKER)
                opened.read(opened.find(text_keys(texts)), out)

            return seconds(read)

        opened = StoredVectors(Path(folder), MAKER)
        found_once = opened.find(keys)
        again = np.empty_like(vectors)

        def reading() -> float:
            return seconds(lambda: opened.read(found_once, again))

        def mapped() -> float:
            return seconds(lambda: np.copyto(again, np.memmap(raw, np.float32, "r", shape=vectors.shape)))

        def written() -> float:
            fresh = StoredVectors(Path(folder) / "fresh", MAKER)
            for path in fresh.folder.glob("*"):
                path.unlink()
            return seconds(
                lambda: StoredVectors(Path(folder) / "fresh", MAKER).add(keys[:5_500], vectors[:5_500], facts[:5_500])
            )

        def bare() -> float:
            def write() -> None:
                with (Path(folder) / "bare").open("wb") as file:
                    file.write(vectors[:5_500].tobytes())

            return seconds(write)

        found = interleaved({
            "store": store, "reading": reading, "map": mapped, "add": written, "bare": bare,
            "sums": lambda: seconds(lambda: [xxhash.xxh3_64_intdigest(memoryview(vectors[:5_500]).cast("B")[at : at + BLOCK])
                                             for at in range(0, 5_500 * SIZE * 4, BLOCK)]),
        })  # fmt: skip
        assert np.array_equal(out, vectors)
        os.sync()
    share = [fast / slow for slow, fast in zip(found["reading"], found["map"], strict=True)]
    rows = [
        [
            "opened, looked up by text and read, checksums included: 100,000 × 384",
            spread(found["store"], "{:.3f}"),
            "0.3 s",
        ],
        ["the same rows read again", spread(found["reading"], "{:.3f}"), ""],
        ["copied from a raw memory map", spread(found["map"], "{:.3f}"), ""],
        ["speed of reading, of the raw map's", spread(share), "0.8"],
        [
            "SciFact's 5,500 vectors published: checksums, flushes, link",
            spread(found["add"], "{:.3f}"),
            "3 % of a cold run",
        ],
        ["of which checksums", spread(found["sums"], "{:.4f}"), ""],
        ["the same bytes written to a file, not flushed", spread(found["bare"], "{:.4f}"), ""],
    ]
    return "\n".join(["## 6. The embedding store", "", table(["", "seconds", "asked"], rows), ""])


if __name__ == "__main__":
    print(main())
