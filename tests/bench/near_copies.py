"""Near copies: ours (digests in bands, `harness/checks/`) beside datasketch's MinHash and MinHashLSH.

python tests/bench/near_copies.py [FOLDER of a BEIR corpus]     needs `pip install datasketch` beside the harness

The same word 5-shingles, 120 permutations, 20 bands of 6; what is a candidate is verified by its Jaccard in both. Interleaved,
five rounds, medians with least and most.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from pathlib import Path

from harness.checks.alike import near_copies
from harness.checks.digests import BANDS, ROWS, SHINGLE, digests, jaccard, words_of
from harness.data.beir import read_folder

ROUNDS = 5


def planted(number: int, copies: int) -> tuple[list[str], set[tuple[int, int]]]:
    """Texts of random words, and near copies of some: one word of sixty is another."""
    chance = random.Random(7)
    words = [f"w{one}" for one in range(20_000)]
    texts = [" ".join(chance.choices(words, k=60)) for _ in range(number)]
    pairs = set()
    for position in chance.sample(range(number), copies):
        split = texts[position].split()
        split[-1] = "another"
        pairs.add((position, len(texts)))
        texts.append(" ".join(split))
    return texts, pairs


def ours(texts: list[str]) -> set[tuple[int, int]]:
    return {(group[0], other) for group in near_copies(digests(texts), texts) for other in group[1:]}


def theirs(texts: list[str]) -> set[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(num_perm=BANDS * ROWS, params=(BANDS, ROWS))
    found = set()
    for position, text in enumerate(texts):
        words = words_of(text)
        shingles = [" ".join(words[at : at + SHINGLE]).encode() for at in range(len(words) - SHINGLE + 1)]
        if not shingles:
            continue
        (sketch,) = MinHash.bulk([shingles], num_perm=BANDS * ROWS)
        found |= {(other, position) for other in index.query(sketch) if jaccard(texts[other], text) >= 0.9}
        index.insert(position, sketch)
    return found


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parents[3] / "shared" / "data" / "scifact")
    made, pairs = planted(20_000, 500)
    for name, texts, known in (
        ("SciFact", list(read_folder(folder, "test", "scifact").documents.texts), None), ("20,500 texts", made, pairs)
    ):  # fmt: skip
        took: dict[str, list[float]] = {"ours": [], "datasketch": []}
        found = {}
        for _ in range(ROUNDS):
            for side, run in (("ours", ours), ("datasketch", theirs)):
                start = time.perf_counter()
                found[side] = run(texts)
                took[side].append(time.perf_counter() - start)
        for side, seconds in took.items():
            hits = f", {len(known & found[side])} of {len(known)} planted" if known else ""
            print(
                f"{name}: {side} {statistics.median(seconds):.2f} s [{min(seconds):.2f}, {max(seconds):.2f}], "
                f"{len(found[side])} pairs{hits}"
            )
        ratio = [b / a for a, b in zip(took["ours"], took["datasketch"], strict=True)]
        print(
            f"{name}: datasketch takes {statistics.median(ratio):.1f} times as long [{min(ratio):.1f}, {max(ratio):.1f}]"
        )


if __name__ == "__main__":
    main()
