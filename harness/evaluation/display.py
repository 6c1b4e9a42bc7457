"""The progress display: where the sweep stands, how long it still takes. On standard error, and only to a person."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from harness.config.jobs import Job
from harness.evaluation.opening import label_of
from harness.facts import Notes
from harness.records.record import Record
from harness.types import Encoder, Purpose, Role, Vectors
from harness.types import Progress as Tell

NO_PURPOSE = Purpose()


class Display:
    """One bar over all cells; the part of a cell that is done moves it too, so that the time left covers the sweep."""

    def __init__(self, jobs: int, *, shown: bool = True) -> None:
        self._console = Console(stderr=True, highlight=False, soft_wrap=True)
        self._progress = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[cell]}"),
            TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(compact=True),
            console=self._console, disable=not (shown and sys.stderr.isatty()), transient=True,
        )  # fmt: skip
        self._total, self._finished, self._pace = jobs, 0, Pace()
        self._bar = self._progress.add_task("", total=jobs, cell="")

    def __enter__(self) -> Display:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def walk(self, cells: Iterable[Job]) -> Iterator[Job]:
        """The cells of one job, each announced; a job that stands for several lengthens the bar."""
        for number, cell in enumerate(cells):
            self._total += number > 0
            with self.announced(f"{cell.system.label} × {label_of(cell.task)}"):
                yield cell

    @contextlib.contextmanager
    def announced(self, title: str) -> Iterator[None]:
        """One cell, or whatever else takes its time."""
        self._progress.update(self._bar, total=self._total, description=f"{self._finished + 1}/{self._total}  {title}")
        self._pace = Pace()
        yield
        self._finished += 1
        self._progress.update(self._bar, completed=self._finished, cell="")

    def texts(self, done: int, total: int, tokens: int = 0) -> None:
        """Called by what encodes: moves the bar by the part of the cell that is done, and says how fast it goes."""
        share = done / total if total else 0.0
        cell = f"{done:,}/{total:,} texts{self._pace.update(done, tokens)}"
        self._progress.update(self._bar, completed=self._finished + 0.99 * share, cell=cell)

    def say(self, line: str) -> None:
        """A line of its own, whether or not a bar is shown."""
        self._console.print(line, markup=False)

    def done(self, record: Record, how: str) -> None:
        """One line per finished cell, whether or not a bar is shown."""
        primary = record.primary
        if record.status != "ok" or primary is None:
            self._console.print(f"{record.system} × {record.task}: {record.status}: {record.reason}", markup=False)
            return
        bounds = (
            f" [{primary.low:.4f}, {primary.high:.4f}]" if primary.low is not None and primary.high is not None else ""
        )
        line = f"{record.system} × {record.task}: {primary.measure} {primary.mean:.4f}{bounds}, n={primary.n or '–'} ({how})"
        self._console.print(line, markup=False)


class Pace:
    """How fast texts are encoded, from the first that had to be computed on: what lay in the store took no time."""

    def __init__(self) -> None:
        self._start, self._before, self._tokens = time.perf_counter(), 0, 0

    def update(self, done: int, tokens: int) -> str:
        """`, 46 texts/s, 10,900 tokens/s`, or nothing while nothing was computed."""
        if not tokens:
            if not self._tokens:
                self._start, self._before = time.perf_counter(), done
            return ""
        self._tokens += tokens
        seconds = max(1e-6, time.perf_counter() - self._start)
        return f", {(done - self._before) / seconds:,.0f} texts/s, {self._tokens / seconds:,.0f} tokens/s"


class Watched:
    """An encoder that tells the display of every text it encodes for somebody else's evaluator."""

    def __init__(self, encoder: Encoder, tell: Tell) -> None:
        self._encoder, self._tell = encoder, tell

    @property
    def similarity(self) -> str:
        """The encoder's own."""
        return self._encoder.similarity

    def encode(
        self, texts: Sequence[str], role: Role, purpose: Purpose = NO_PURPOSE, *, progress: Tell | None = None
    ) -> Vectors:
        """The encoder's vectors."""
        return self._encoder.encode(texts, role, purpose, progress=progress or self._tell)

    def encoding_stats(self) -> Notes:
        """What the encoder saw."""
        return self._encoder.encoding_stats()
