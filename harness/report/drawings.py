"""A board's pictures: kept while what they show stays the same; those of a large board are drawn while its tables are written."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from harness.records.archive import Archive
from harness.records.digest import digest
from harness.records.memo import Arrays, Memo
from harness.report.grid import Board
from harness.report.plots.draw import Picture, pictures, suited

MANY = 300
"""Records from which on other processes draw: to start them takes as long as the figures of a small board."""
HALF = {"heat-map"}
"""Plots that are half of the work, where two processes share it."""
PLOTS = Path(__file__).with_name("plots")


class Drawings:
    """Pictures of a board that is still to come, begun once it is there and waited for at the end.

    Args:
        memo: Where pictures are kept.
        workers: Processes that wait for their share of a board; none, and this one draws.
    """

    def __init__(self, memo: Memo, workers: Sequence[subprocess.Popen[bytes]] = ()) -> None:
        self._memo, self._workers = memo, tuple(workers)
        self._thread = ThreadPoolExecutor(1)
        self._found: Future[Mapping[str, Picture]] = Future()

    def begin(self, board: Board) -> None:
        """Draw this board; where other processes do, the caller goes on meanwhile."""
        self._found = self._thread.submit(self._pictures, board)
        if not self._workers:
            self._found.exception()  # waits: two threads of one process would only take turns

    def finished(self) -> Mapping[str, Picture]:
        """File stem → picture."""
        return self._found.result()

    def close(self) -> None:
        """Wait for what is under way."""
        self._thread.shutdown()

    def _pictures(self, board: Board) -> Mapping[str, Picture]:
        shown = _without_records(board)
        key = digest(
            [repr(shown), version("matplotlib"), [path.stat().st_mtime_ns for path in sorted(PLOTS.glob("*.py"))]]
        )
        kept = self._memo.arrays("pictures", key, lambda: _packed(self._drawn(shown)))
        stems = [name for name in suited(shown) if f"{name}.png" in kept]
        return {name: Picture(kept[f"{name}.png"].tobytes(), kept[f"{name}.svg"].tobytes().decode()) for name in stems}

    def _drawn(self, board: Board) -> Mapping[str, Picture]:
        names = suited(board)
        shares = (
            [names]
            if len(self._workers) < 2
            else [[name for name in names if name in HALF], [name for name in names if name not in HALF]]
        )
        with ThreadPoolExecutor(2) as threads:
            parts = list(threads.map(lambda worker, share: _ask(worker, board, share), self._workers, shares))
        answered = {name: picture for part in parts if part is not None for name, picture in part.items()}
        if parts and None not in parts:
            return answered
        return pictures(board, names)  # nobody else, or one that was killed


@contextlib.contextmanager
def drawings(archive: Archive, *, ahead: bool = False) -> Iterator[Drawings]:
    """Drawings of a results folder's board; what still draws at the end is stopped.

    Args:
        ahead: Whether there is something to be done before the board: its pictures are drawn elsewhere however small it is.
    """
    many = sum(1 for _ in archive.folder.glob("records/*/*/record.json")) >= MANY
    workers = [_worker() for _ in range(2 if many else int(ahead))] if (os.cpu_count() or 1) > 1 else []
    begun = Drawings(Memo(archive), workers)
    try:
        yield begun
    finally:
        for worker in workers:
            worker.kill()
        begun.close()
        for worker in workers:
            with worker:  # waits, and closes its pipes
                pass


def _worker() -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(PLOTS.parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-m", "harness.report.plots.worker"], env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _ask(worker: subprocess.Popen[bytes], board: Board, names: Sequence[str]) -> Mapping[str, Picture] | None:
    """Those pictures; None where the process did not come to an end."""
    answer, _ = worker.communicate(pickle.dumps((board, names)))
    return pickle.loads(answer) if worker.returncode == 0 else None  # noqa: S301 - our own


def _without_records(board: Board) -> Board:
    """What a plot shows: the records behind it, and the time at which they were written, move no picture."""
    rows = [
        replace(row, cells=tuple(replace(cell, record=None) for cell in row.cells), beside=()) for row in board.rows
    ]
    return replace(board, rows=tuple(rows), records=(), beside=())


def _packed(drawn: Mapping[str, Picture]) -> Arrays:
    files = {f"{name}.{kind}": content for name, one in drawn.items() for kind, content in one.files.items()}
    return {name: np.frombuffer(content, dtype=np.uint8) for name, content in files.items()}
