"""Whether the tests keep their word: simulations from real per-query scores, `python tests/bench/aa.py`.

Populations are the scores per query of the records in results/. A/A: two systems that differ in nothing but chance, because
whose score is whose is drawn query by query; a test at 5 % may find something in 5 % of them. Coverage: how often an
interval holds the population's mean. Power: how often a true difference of the predicted size is found.
"""

from __future__ import annotations

import numpy as np
from common import ROOT, table

DRAWS, QUERIES, RESAMPLES = 2_000, 150, 2_000
SYSTEMS = ("minilm", "wordllama", "bm25")


def main() -> str:
    from harness.records.archive import Archive

    archive = Archive(ROOT / "results")
    records = {
        (one.task, one.system): archive.scores(one)["nDCG@10"].values for one in archive.read() if one.status == "ok"
    }
    tasks = sorted({name for name, _ in records})
    pools = [np.column_stack([records[task, name] for name in SYSTEMS]) for task in tasks]
    generator = np.random.default_rng(0)
    rows = [
        [task, *(f"{value:.3f}" for value in simulated(pool, generator))]
        for task, pool in zip(tasks, pools, strict=True)
    ]
    rows.append([
        "mean over both", f"{together(pools, generator):.3f}", "", f"{covered(pools, generator):.3f}", "", "", f"{split(pools, generator):.3f}",
    ])  # fmt: skip
    return "\n".join([
        f"{DRAWS:,} draws of {QUERIES} queries each from the scores per query of {', '.join(SYSTEMS)}; {RESAMPLES:,} resamples. A share "
        f"of 0.05 in {DRAWS:,} draws is known to ± 0.010.", "",
        table(["task", "paired test finds what is not there (0.03–0.07)", "t test does", "95 % interval holds the mean (0.93–0.97)",
               "difference to be found", "is found (predicted 0.80)", "tie groups split what is alike (at most 0.05)"], rows), "",
    ])  # fmt: skip


def simulated(pool: np.ndarray, generator: np.random.Generator) -> list[float]:
    """One task's row: false positives of both tests, coverage, the difference, its power, family-wise error."""
    from harness.stats.paired import permutation, t_test
    from harness.stats.power import detectable

    gaps = pool[:, 0] - pool[:, 2]
    picked = generator.integers(len(gaps), size=(QUERIES, DRAWS))
    nothing = gaps[picked] * generator.choice((-1.0, 1.0), size=picked.shape)
    goal = detectable(gaps[:QUERIES] - gaps.mean())
    real = gaps[picked] - gaps.mean() + goal
    return [
        (permutation(nothing, resamples=RESAMPLES) <= 0.05).mean(),
        (t_test(nothing) <= 0.05).mean(),
        covered([pool], generator),
        goal,
        (permutation(real, resamples=RESAMPLES) <= 0.05).mean(),
        split([pool], generator),
    ]


def covered(pools: list[np.ndarray], generator: np.random.Generator) -> float:
    """How often the interval of the (first system's) mean over tasks holds the population's."""
    from harness.stats.bootstrap import interval
    from harness.stats.means import over_queries

    truth = np.mean([pool[:, 0].mean() for pool in pools])
    inside = 0
    for draw in range(DRAWS):
        low, high = interval(
            over_queries([one[:, :1] for one in drawn(pools, generator)], resamples=RESAMPLES, seed=draw)[:, 0]
        )
        inside += low <= truth <= high
    return inside / DRAWS


def together(pools: list[np.ndarray], generator: np.random.Generator) -> float:
    """How often two systems that are alike are told apart by their mean over tasks."""
    from harness.stats.ranks import ranks

    found = 0
    for draw in range(DRAWS):
        alike = [generator.permuted(one[:, [0, 2]], axis=1) for one in drawn(pools, generator)]
        found += bool((ranks(alike, resamples=1_000, seed=draw).first > 1).any())
    return found / DRAWS


def split(pools: list[np.ndarray], generator: np.random.Generator) -> float:
    """How often any of the systems that are all alike is told apart from another."""
    from harness.stats.ranks import ranks

    wrong = 0
    for draw in range(DRAWS):
        alike = [generator.permuted(one, axis=1) for one in drawn(pools, generator)]
        wrong += bool((ranks(alike, resamples=1_000, seed=draw).first > 1).any())
    return wrong / DRAWS


def drawn(pools: list[np.ndarray], generator: np.random.Generator) -> list[np.ndarray]:
    return [pool[generator.integers(len(pool), size=QUERIES)] for pool in pools]


if __name__ == "__main__":
    print(main())
