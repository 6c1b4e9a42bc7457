"""The statistics of a board beside scipy's loop: 20 systems × 15 tasks × 10,000 resamples, `python tests/bench/resampling.py`.

Ours: every cell's interval, the tie groups of every task (190 pairs, max-T), rank intervals, chances and both intervals of
the means. scipy's: one `permutation_test` per pair and task and one `bootstrap` per cell, without any adjustment and without
means; ten of each are timed per round and the rest is counted from them.
"""

from __future__ import annotations

import numpy as np
from common import interleaved, ratio, seconds, spread, table

SYSTEMS, TASKS, QUERIES, RESAMPLES, SAMPLE = 20, 15, 350, 10_000, 10


def main() -> str:
    from scipy import stats

    from harness.report.rank_intervals import leading, rank_intervals
    from harness.stats.bootstrap import bootstrap_means, interval

    generator = np.random.default_rng(0)
    tasks = [generator.beta(0.5, 0.7, size=(QUERIES, SYSTEMS)) for _ in range(TASKS)]
    means = np.array([one.mean(axis=0) for one in tasks])
    pairs = SYSTEMS * (SYSTEMS - 1) // 2

    def ours() -> float:
        def board() -> None:
            for one in tasks:
                resampled = bootstrap_means(one, resamples=RESAMPLES)
                [interval(resampled[:, place]) for place in range(SYSTEMS)]
                leading(one, higher=True)
            rank_intervals(tasks, means, higher=True)

        return seconds(board)

    def scipys() -> float:
        gaps = [tasks[0][:, 0] - tasks[0][:, place] for place in range(1, SAMPLE + 1)]
        tests = seconds(
            lambda: [
                stats.permutation_test(
                    (one,), np.mean, permutation_type="samples", n_resamples=RESAMPLES, vectorized=True
                )
                for one in gaps
            ]
        )
        cells = seconds(
            lambda: [stats.bootstrap((one,), np.mean, method="percentile", n_resamples=RESAMPLES) for one in gaps]
        )
        return (tests * pairs + cells * SYSTEMS) * TASKS / SAMPLE

    found = interleaved({"ours": ours, "scipy": scipys})
    return "\n".join([
        "## The statistics of a board", "",
        f"{SYSTEMS} systems × {TASKS} tasks of {QUERIES} queries, {RESAMPLES:,} resamples. Asked: under 10 s, and 100× scipy's loop.", "",
        table(["", "seconds"], [
            ["ours: intervals, tie groups, rank intervals, chances, means over tasks", spread(found["ours"])],
            [f"scipy's loop: {pairs * TASKS:,} permutation tests and {SYSTEMS * TASKS} bootstraps, counted from {SAMPLE} each", spread(found["scipy"], "{:.0f}")],
            ["how many times faster", ratio(found["scipy"], found["ours"])],
        ]), "",
    ])  # fmt: skip


if __name__ == "__main__":
    print(main())
