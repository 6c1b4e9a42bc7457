"""How long a person waits for an answer that needs no model: `python tests/bench/startup.py`.

Whole processes, medians of five: `harness --help`, and `harness leaderboard` on 50 records.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROUNDS = 5


def timed(folder: str, *words: str) -> float:
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", *words], cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        sweep = ("model.k1=0.6,0.9,1.2,1.5,1.8", "model.b=0.1,0.3,0.5,0.75,1.0", "task=legal,faq", "board=false")
        timed(folder, "harness", "-m", "model=bm25", *sweep)
        records = len(list(Path(folder).glob("results/records/*/*/record.json")))
        for name, words in (
            ("--help", ("harness", "--help")),
            (f"leaderboard on {records} records", ("harness", "leaderboard")),
            ("a cell that is recorded", ("harness", "model=bm25", "task=legal", "board=false")),
        ):
            seconds = [timed(folder, *words) for _ in range(ROUNDS)]
            print(f"{name}: median {statistics.median(seconds):.2f} s, {min(seconds):.2f} to {max(seconds):.2f}")


if __name__ == "__main__":
    main()
