"""Texts → vectors through an endpoint: batches within its limits, several at once, asked again only for what is missing.

One thread decides, others wait for answers: so batches, money and retries are counted in one place, and an answer that
arrived is handed over before the next is asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.endpoints.answers import Outcome, outcome
from harness.endpoints.budget import Meter, tokens_of
from harness.endpoints.protocol import Numbers, Request, Settings, Vendor
from harness.endpoints.transport import Transport, Unanswered
from harness.endpoints.work import Batch, Limits, Work
from harness.errors import HarnessError, ModelError, Unreachable, VectorError
from harness.types import Vectors

SAID = 400
"""Characters of what an endpoint says that stand in a message; cut after the key was taken out, never through it."""


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long is waited in between: up to `first` seconds, then twice that, and so on.

    Attributes:
        attempts: Tries of a batch of which nothing arrives.
        most: Seconds that are waited at most of our own accord.
        longest: Seconds that an endpoint may ask for in Retry-After; more stops.
    """

    attempts: int = 6
    first: float = 0.5
    most: float = 60.0
    longest: float = 600.0


@dataclass(frozen=True)
class Received:
    """Vectors of some of the texts; their positions, and tokens as far as the endpoint says."""

    rows: NDArray[np.int64]
    vectors: Vectors
    tokens: NDArray[np.int64]


class Client:
    """Asks one endpoint under one setting.

    Args:
        who: What to call it in messages: model and host.
        redact: Takes the key out of whatever the endpoint says.
        dimension: Numbers that a vector is to have; None takes the first one's.
    """

    def __init__(
        self, vendor: Vendor, settings: Settings, transport: Transport, meter: Meter, *, who: str,
        limits: Limits, patience: Patience, redact: Callable[[str], str], dimension: int | None = None,
    ) -> None:  # fmt: skip
        self._vendor, self._settings, self._transport, self._meter = vendor, settings, transport, meter
        self._who, self._limits, self._patience, self._redact = who, limits, patience, redact
        self.dimension = dimension

    def received(self, texts: Sequence[str], labels: Sequence[Any]) -> Iterator[Received]:
        """The vectors of all texts, in parts as they arrive; those of a part are the caller's before it goes on.

        A fault that no retry mends is raised after what is under way has arrived and was handed over.

        Raises:
            BudgetError: The next request could pass the budget.
            ModelError: The endpoint refuses a request.
            Unreachable: It does not answer.
            VectorError: A vector is not finite, or of another dimension; names the text.
        """
        work = Work(texts, self._limits)
        fault: BaseException | None = None
        with ThreadPoolExecutor(self._limits.concurrency) as pool:
            try:
                while work.running or (work.any_left and fault is None):
                    try:
                        while fault is None and len(work.running) < self._limits.concurrency and work.due():
                            fault = self._submit(work, pool)
                        done = work.wait()
                    except KeyboardInterrupt as interruption:
                        fault, done = interruption, set()
                    for future in done:
                        batch, money = work.running.pop(future)
                        part, error = self._received(work, batch, money, future.result(), labels)
                        fault = fault or error
                        if part is not None:
                            yield part
            finally:
                for future, (
                    batch,
                    money,
                ) in work.running.items():  # nobody takes them any more: they are billed all the same
                    self._abandoned(work, batch, money, future)
        if fault is not None:
            raise fault

    def _submit(self, work: Work, pool: ThreadPoolExecutor) -> HarnessError | None:
        """Send the next batch, or as much of it as the budget admits; the fault where not even one text fits."""
        batch = work.ready.popleft()
        if work.running and not self._meter.admits(work.of(batch)):
            work.ready.appendleft(batch)
            work.hold()  # what is under way may cost less than was reserved for it
            return None
        while not self._meter.admits(work.of(batch)):
            if len(batch.rows) == 1:
                return self._meter.exhausted(self._who)
            half = len(batch.rows) // 2
            work.ready.appendleft(replace(batch, rows=batch.rows[half:]))
            batch = replace(batch, rows=batch.rows[:half])
        texts = work.of(batch)
        money = self._meter.reserve(texts)
        future = pool.submit(
            _ask, self._transport, self._vendor, self._vendor.request(texts, self._settings), len(texts)
        )
        work.running[future] = batch, money
        return None

    def _received(
        self, work: Work, batch: Batch, money: float, result: Outcome, labels: Sequence[Any]
    ) -> tuple[Received | None, HarnessError | None]:
        """Settle a request: what arrived, with what is missing put back; or the fault that stops."""
        texts = work.of(batch)
        positions = sorted(result.vectors)
        arrived = [texts[position] for position in positions]
        billed = 0
        if not result.billed:
            self._meter.release(money)
        else:
            how = "lost" if not positions else "answered" if len(positions) == len(texts) else "in part"
            billed = self._meter.settle(money, texts, len(arrived), result.tokens, how)
        part, error = None, None
        if positions:
            rows = [batch.rows[position] for position in positions]
            part, error = self._checked(rows, [result.vectors[one] for one in positions], arrived, billed, labels)
        missing = tuple(row for position, row in enumerate(batch.rows) if position not in result.vectors)
        if error is None and missing:
            failed = 1 if positions else batch.failed + 1
            error = self._again(work, Batch(missing, failed), result, labels)
        return part, error

    def _again(self, work: Work, batch: Batch, result: Outcome, labels: Sequence[Any]) -> HarnessError | None:
        """Put a batch back for later; the fault where that cannot help any more."""
        fault = self._redact(result.fault)[:SAID]
        longest = max(batch.rows, key=lambda row: len(work.texts[row]))
        kept = "What arrived is kept; the same command goes on from there."
        if result.final:
            return ModelError(
                f"{self._who} refuses a request for {len(batch.rows)} text{'s' * (len(batch.rows) > 1)}, the longest is "
                f"'{labels[longest]}': {fault}. {result.hint} {kept}"
            )
        if batch.failed >= self._patience.attempts:
            return Unreachable(f"{self._who} gave no answer in {batch.failed} tries, the last one: {fault}. {kept}")
        if result.wait is not None and result.wait > self._patience.longest:
            return Unreachable(f"{self._who} asks to wait {result.wait:,.0f} s ({fault}). {kept}")
        self._meter.retried()
        own = random.uniform(0, min(self._patience.most, self._patience.first * 2 ** (batch.failed - 1)))
        if result.wait is not None:
            work.pause(result.wait)  # it is meant for every request
        work.put_back(batch, own + (result.wait or 0.0))
        return None

    def _checked(
        self, rows: Sequence[int], vectors: Sequence[Numbers], texts: Sequence[str], billed: int, labels: Sequence[Any]
    ) -> tuple[Received | None, HarnessError | None]:
        """The vectors that are vectors, and the fault of the first that is none."""
        good: list[int] = []
        arrays: list[Vectors] = []
        error: HarnessError | None = None
        for position, vector in enumerate(vectors):
            array = _array(vector)
            self.dimension = self.dimension or len(vector)
            if array is None:
                error = error or VectorError(
                    f"{self._who} returned NaN, infinity or no number in the vector of '{labels[rows[position]]}'. Look at "
                    "that text; the others are kept."
                )
            elif len(array) != self.dimension:
                error = error or VectorError(
                    f"{self._who} returned {len(array)} numbers for '{labels[rows[position]]}', not {self.dimension}: "
                    f"{self._of_dimension()}"
                )
            else:
                good.append(position)
                arrays.append(array)
        if not good:
            return None, error
        shares = np.cumsum([tokens_of(text) for text in texts], dtype=np.float64)
        tokens = np.diff(np.round(shares / shares[-1] * billed), prepend=0.0).astype(np.int64)
        return Received(np.array([rows[one] for one in good]), np.stack(arrays), tokens[good]), error

    def _of_dimension(self) -> str:
        if self._settings.dimensions is not None:
            return "it does not heed model.dimensions. Use model.dims=N instead, which cuts them here."
        return "mend model.dimension, or look whether this is the model that was meant."

    def _abandoned(self, work: Work, batch: Batch, money: float, future: Future[Outcome]) -> None:
        result = future.result()
        if result.billed:
            self._meter.settle(money, work.of(batch), 0, result.tokens, "lost")
        else:
            self._meter.release(money)


def _ask(transport: Transport, vendor: Vendor, request: Request, count: int) -> Outcome:
    """In a thread of its own: send and read."""
    try:
        return outcome(transport.send(request), vendor, count)
    except Unanswered as error:
        return Outcome(billed=error.sent, fault=str(error))


def _array(vector: Numbers) -> Vectors | None:
    """A vector as float32; None where it holds anything but finite numbers."""
    try:
        array = np.array(vector, dtype=np.float32)
    except (TypeError, ValueError):
        return None
    return array if array.ndim == 1 and len(array) and bool(np.isfinite(array).all()) else None
