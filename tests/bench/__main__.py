"""`make bench`: every benchmark of issue-sized questions in one run, into results/bench.md. `python tests/bench [NAME …]`.

Needs the shared data beside the clone; nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from common import ROOT, ROUNDS, SCIFACT, machine

ALL = ("forward", "cold", "warm", "ladder", "nearest", "storage", "overhead", "cuda", "scale")


def main() -> int:
    chosen = sys.argv[1:] or ALL
    if not SCIFACT.exists():
        print(f"{SCIFACT} is not there: these benchmarks read the shared data beside the clone.", file=sys.stderr)
        return 2
    start = time.time()
    parts = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        parts.append(importlib.import_module(name).main().rstrip())
        print(parts[-1], flush=True)
    load = os.getloadavg()[0]
    intro = (
        "# Benchmarks\n\n`make bench` wrote this page: ours and the peers interleaved in one run, medians of "
        f"{ROUNDS} rounds with least and most. Compare ratios, not seconds.\n\n{machine()}; load {load:.1f} at the end; "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {(time.time() - start) / 60:.0f} minutes."
    )
    if len(chosen) == len(ALL):
        page = "\n\n".join([intro, *parts]) + "\n"
        path = ROOT / "results" / "bench.md"
        path.with_suffix(".part").write_text(page, encoding="utf-8")
        path.with_suffix(".part").rename(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
