"""`make bench`: every benchmark in one run, into results/bench.md. `python tests/bench [NAME …]`.

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

ALL = ("nearest", "storage", "forward", "scale", "cold", "warm", "cuda")
"""In the order in which they are run; the page has them by their numbers."""


def main() -> int:
    chosen = sys.argv[1:] or ALL
    if not SCIFACT.exists():
        print(f"{SCIFACT} is not there: these benchmarks read the shared data beside the clone.", file=sys.stderr)
        return 2
    start = time.time()
    parts = []
    for name in chosen:
        print(f"{name} …", file=sys.stderr, flush=True)
        made = importlib.import_module(name).main().rstrip()
        print(made, flush=True)
        parts += [f"## {part}" for part in ("\n" + made).split("\n## ")[1:]]
        if set(ALL) <= set(chosen):
            write(sorted(parts), (time.time() - start) / 60, finished=name == chosen[-1])
    return 0


def write(parts: list[str], minutes: float, *, finished: bool) -> None:
    """The page; while it is not finished, aside."""
    intro = (
        "# Benchmarks\n\n`make bench` wrote this page: ours and the peers interleaved in one run, medians of "
        f"{ROUNDS} rounds with least and most. Compare ratios, not seconds.\n\n{machine()}; load {os.getloadavg()[0]:.1f} at the "
        f"end; {time.strftime('%Y-%m-%d', time.gmtime())}, {minutes:.0f} minutes."
    )
    aside = ROOT / "results" / ".bench.md"
    aside.write_text("\n\n".join([intro, *(part.rstrip() for part in parts)]) + "\n", encoding="utf-8")
    if finished:
        aside.rename(ROOT / "results" / "bench.md")


if __name__ == "__main__":
    sys.exit(main())
