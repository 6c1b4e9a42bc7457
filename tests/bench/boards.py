"""A board of many systems and tasks from records alone: `python tests/bench/boards.py [SYSTEMS TASKS QUERIES]`.

Whole processes of `harness leaderboard`: with nothing computed before, again, and with one cell that is new. The records are
written by the harness's own archive; their scores are drawn, correlated query by query as those of real systems are.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from harness.records.record import Measured  # noqa: E402
from harness.types import Scores  # noqa: E402

MEASURES = ("nDCG@10", "MAP@10", "MRR@10", "recall@10", "recall@100", "precision@10", "success@5", "unjudged@10")


def write_results(folder: Path, systems: int, tasks: int, queries: int) -> None:
    """A results folder of systems × tasks records with scores per query."""
    from harness.records.archive import Archive
    from harness.records.digest import digest
    from harness.records.record import from_json

    template = next(ROOT.glob("results/records/legal/minilm*/record.json"))
    record = from_json(template.read_text(encoding="utf-8"), str(template))
    generator = np.random.default_rng(0)
    skill = generator.normal(0, 0.12, size=systems)
    archive = Archive(folder)
    os.fsync = lambda handle: None  # a benchmark's folder need not survive a crash
    for task in range(tasks):
        ids = [f"t{task}-q{query}" for query in range(queries)]
        hardness = generator.normal(0.2, 0.9, size=queries)
        fingerprint = digest(["task", task])
        for system in range(systems):
            latent = hardness + skill[system] + generator.normal(0, 0.6, size=queries)
            values = np.clip(1 / (1 + np.exp(-latent)), 0, 1).round(4)
            scores = [Scores(name, ids, values ** (1 + 0.1 * number)) for number, name in enumerate(MEASURES)]
            archive.write(
                dataclasses.replace(
                    record, key=digest(["key", task, system]), system=f"model-{system:03d}", task=f"task-{task:03d}",
                    facts=dataclasses.replace(record.facts, weights=digest(["weights", system]), model=f"org/model-{system}"),
                    dataset={**record.dataset, "name": f"task-{task:03d}", "fingerprint": fingerprint, "counts": {"documents": 1000, "queries": queries}},
                    measures=tuple(_measured(one) for one in scores),
                ),
                scores=scores,
            )  # fmt: skip


def _measured(scores: Scores) -> Measured:
    mean, half = float(scores.values.mean()), 1.96 * float(scores.values.std()) / len(scores.values) ** 0.5
    return Measured(scores.measure, mean, mean - half, mean + half, len(scores.values))


def leaderboard(folder: Path) -> tuple[float, int]:
    """Seconds and peak memory in MB of a whole process that writes the board."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "leaderboard", f"results={folder}", "show=false"], cwd=folder.parent,
        env={**os.environ, "PYTHONPATH": os.environ.get("BENCH_HARNESS", str(ROOT))},
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"leaderboard failed with {status}")
    return time.perf_counter() - start, usage.ru_maxrss // 1024


def main() -> None:
    systems, tasks, queries = map(int, sys.argv[1:4] or (60, 40, 300))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "results"
        write_results(folder, systems, tasks, queries)
        aside = Path(scratch) / "aside"
        cell = sorted((folder / "records" / "task-001").iterdir())[0]
        timings = {"cold": leaderboard(folder), "again": leaderboard(folder)}
        shutil.move(cell, aside)
        leaderboard(folder)
        shutil.move(aside, cell)
        timings["one cell new"] = leaderboard(folder)
    for name, (seconds, memory) in timings.items():
        print(json.dumps({"board": name, "seconds": round(seconds, 2), "memory_mb": memory}))


if __name__ == "__main__":
    main()
