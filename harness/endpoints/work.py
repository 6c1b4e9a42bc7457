"""What is to be asked of an endpoint: batches within its limits, under way, or waiting for their time."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from harness.endpoints.answers import Outcome
from harness.endpoints.budget import tokens_of


@dataclass(frozen=True)
class Limits:
    """Texts, and tokens by the rule, that a request may hold; how many requests are under way at once."""

    texts: int = 256
    tokens: int = 100_000
    concurrency: int = 4


@dataclass(frozen=True, order=True)
class Batch:
    """Positions of texts that one request asks for, and how often it failed."""

    rows: tuple[int, ...]
    failed: int = 0


class Work:
    """The batches of one call. `running` maps a request under way to its batch and the money reserved for it."""

    def __init__(self, texts: Sequence[str], limits: Limits) -> None:
        self.texts = texts
        self.ready = deque(batches(texts, limits))
        self.running: dict[Future[Outcome], tuple[Batch, float]] = {}
        self._later: list[tuple[float, int, Batch]] = []
        self._number = itertools.count()
        self._paused = 0.0
        self._held = False

    @property
    def any_left(self) -> bool:
        """True if there is a batch that is not under way."""
        return bool(self.ready or self._later)

    def of(self, batch: Batch) -> list[str]:
        """The texts of a batch."""
        return [self.texts[row] for row in batch.rows]

    def due(self) -> bool:
        """True if a batch may be sent now; what has waited long enough comes first."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self.ready.appendleft(heapq.heappop(self._later)[-1])
        return bool(self.ready) and now >= self._paused and not self._held

    def put_back(self, batch: Batch, seconds: float) -> None:
        """Ask again after so many seconds."""
        heapq.heappush(self._later, (time.monotonic() + seconds, next(self._number), batch))

    def pause(self, seconds: float) -> None:
        """Send nothing for so many seconds."""
        self._paused = max(self._paused, time.monotonic() + seconds)

    def hold(self) -> None:
        """Send nothing until an answer has come."""
        self._held = True

    def wait(self) -> set[Future[Outcome]]:
        """What has been answered, at the latest when something else is due."""
        times = [self._later[0][0]] if self._later else []
        times += [self._paused] if self.ready and self._paused > time.monotonic() else []
        seconds = max(0.0, min(times) - time.monotonic()) if times else None
        if not self.running:
            time.sleep(seconds or 0.0)
            return set()
        done = wait(self.running, timeout=seconds, return_when=FIRST_COMPLETED).done
        self._held = self._held and not done
        return done


def batches(texts: Sequence[str], limits: Limits) -> Iterator[Batch]:
    """Positions of texts in their order, each batch within the limits; a text that is over them stands alone."""
    rows: list[int] = []
    tokens = 0
    for row, text in enumerate(texts):
        size = tokens_of(text)
        if rows and (len(rows) >= limits.texts or tokens + size > limits.tokens):
            yield Batch(tuple(rows))
            rows, tokens = [], 0
        rows.append(row)
        tokens += size
    if rows:
        yield Batch(tuple(rows))
