"""What is to be asked of an endpoint: batches within its limits, under way, or waiting for their time."""

from __future__ import annotations

import heapq
import itertools
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace

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


@dataclass(frozen=True)
class Speed:
    """Texts in a request, and requests at once."""

    texts: int
    concurrency: int


@dataclass(frozen=True)
class Sent:
    """A request under way: its batch, the money reserved for it, and the speed at which it was sent."""

    batch: Batch
    money: float
    speed: Speed


class Work:
    """The batches of one call. `running` maps a request under way to what was sent."""

    def __init__(self, texts: Sequence[str], limits: Limits) -> None:
        self.texts = texts
        self.ready: deque[Batch] = deque()
        self.running: dict[Future[Outcome], Sent] = {}
        self._limits = limits
        self._next = 0
        self._later: list[tuple[float, int, Batch]] = []
        self._number = itertools.count()
        self._paused = 0.0
        self._held = False

    @property
    def any_left(self) -> bool:
        """True if there is a batch that is not under way."""
        return bool(self.ready or self._later or self._next < len(self.texts))

    def take(self, most: int) -> Batch:
        """The next batch, of at most so many texts; what failed before comes first."""
        if self.ready:
            return self.first(self.ready.popleft(), most)
        batch = Batch(tuple(_within(self.texts, self._next, min(most, self._limits.texts), self._limits.tokens)))
        self._next += len(batch.rows)
        return batch

    def first(self, batch: Batch, most: int) -> Batch:
        """The first so many texts of a batch; the others come next."""
        if len(batch.rows) <= most:
            return batch
        self.ready.appendleft(replace(batch, rows=batch.rows[most:]))
        return replace(batch, rows=batch.rows[:most])

    def of(self, batch: Batch) -> list[str]:
        """The texts of a batch."""
        return [self.texts[row] for row in batch.rows]

    def due(self) -> bool:
        """True if a batch may be sent now; what has waited long enough comes first."""
        now = time.monotonic()
        while self._later and self._later[0][0] <= now:
            self.ready.appendleft(heapq.heappop(self._later)[-1])
        return self._any_ready and now >= self._paused and not self._held

    @property
    def _any_ready(self) -> bool:
        return bool(self.ready) or self._next < len(self.texts)

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
        times += [self._paused] if self._any_ready and self._paused > time.monotonic() else []
        seconds = max(0.0, min(times) - time.monotonic()) if times else None
        if not self.running:
            time.sleep(seconds or 0.0)
            return set()
        done = wait(self.running, timeout=seconds, return_when=FIRST_COMPLETED).done
        self._held = self._held and not done
        return done


def batches(texts: Sequence[str], limits: Limits) -> Iterator[Batch]:
    """Positions of texts in their order, each batch within the limits; a text that is over them stands alone."""
    start = 0
    while start < len(texts):
        rows = _within(texts, start, limits.texts, limits.tokens)
        yield Batch(tuple(rows))
        start = rows.stop


def _within(texts: Sequence[str], start: int, most: int, tokens: int) -> range:
    """The positions from `start` on that are within the limits; at least one."""
    stop, size = start + 1, tokens_of(texts[start])
    while stop < min(len(texts), start + most):
        size += tokens_of(texts[stop])
        if size > tokens:
            break
        stop += 1
    return range(start, stop)
