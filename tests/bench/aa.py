"""Whether the tests keep their word: simulations from real per-query scores, `python tests/bench/aa.py`.

Populations are the per-query scores of the records in results/. A/A: two draws of the same system's scores on other queries differ in
nothing but chance, so a paired test at 5 % may find something in 5 % of them; coverage: the interval holds the population's mean.
"""

from __future__ import annotations

import numpy as np
from common import ROOT, table

DRAWS, QUERIES, RESAMPLES = 2_000, 150, 2_000


def main() -> str:
    from harness.records.archive import Archive
    from harness.stats.bootstrap import bootstrap_means, interval
    from harness.stats.paired import permutation, t_test
    from harness.stats.power import detectable
    from harness.stats.ranks import ranks

    archive = Archive(ROOT / "results")
    records = {
        (one.task, one.system): archive.scores(one)["nDCG@10"].values for one in archive.read() if one.status == "ok"
    }
    generator = np.random.default_rng(0)
    rows = []
    for task in sorted({name for name, _ in records}):
        left, right = records[task, "minilm"], records[task, "bm25"]
        gaps = left - right
        picked = generator.integers(len(gaps), size=(QUERIES, DRAWS))
        # no difference between the two: whose score is whose is a coin's matter, query by query
        nothing = gaps[picked] * generator.choice((-1.0, 1.0), size=picked.shape)
        found = [(test(nothing) <= 0.05).mean() for test in (lambda one: permutation(one, resamples=RESAMPLES), t_test)]
        inside = [
            low <= left.mean() <= high
            for column in left[generator.integers(len(left), size=(QUERIES, DRAWS))].T
            for low, high in [interval(bootstrap_means(column[:, None], resamples=RESAMPLES)[:, 0])]
        ]
        goal = detectable(gaps[:QUERIES] - gaps.mean())
        real = gaps[picked] - gaps.mean() + goal
        power = (permutation(real, resamples=RESAMPLES) <= 0.05).mean()
        wrong = 0
        pool = np.column_stack([records[task, name] for name in ("minilm", "wordllama", "bm25")])
        for _ in range(DRAWS // 4):
            drawn = pool[generator.integers(len(pool), size=QUERIES)]
            alike = generator.permuted(drawn, axis=1)  # which system is which is a coin's matter
            group = ranks(alike, resamples=1_000)
            wrong += bool((group.first > 1).any())
        rows.append([
            task, f"{found[0]:.3f}", f"{found[1]:.3f}", f"{np.mean(inside):.3f}", f"{goal:.3f}", f"{power:.3f}", f"{wrong / (DRAWS // 4):.3f}",
        ])  # fmt: skip
    return "\n".join([
        "## Do the tests keep their word", "",
        f"{DRAWS:,} draws of {QUERIES} queries from the real per-query nDCG@10 of minilm and bm25; the tie groups of three systems in "
        f"{DRAWS // 4} draws. Asked: 0.03–0.07, the same, 0.93–0.97, –, 0.80 within 0.05, at most 0.05 within its error.", "",
        table(["task", "permutation finds nothing's difference", "t test does", "interval holds the mean", "difference to be found",
               "is found by", "tie groups split what is alike"], rows), "",
    ])  # fmt: skip


if __name__ == "__main__":
    print(main())
