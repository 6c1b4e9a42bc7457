"""`python -m harness.report.plots.worker`: draws what it is asked for on its input, for `harness/report/drawings.py`.

Input: a pickled board and the plots' names; output: their pictures, pickled. It is started before there is a board, and
imports matplotlib meanwhile.
"""

from __future__ import annotations

import pickle
import sys


def main() -> None:
    """Read, draw, write; no board ever comes where the pictures are still known."""
    import matplotlib.backends.backend_agg
    import matplotlib.backends.backend_svg  # noqa: F401

    from harness.report.plots.draw import pictures

    asked = sys.stdin.buffer.read()
    if asked:
        sys.stdout.buffer.write(pickle.dumps(pictures(*pickle.loads(asked))))  # noqa: S301 - from who started this process


if __name__ == "__main__":
    main()
