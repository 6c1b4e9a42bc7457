"""Texts → vectors through an endpoint: batches within its limits, several at once, asked again only for what is missing.

One thread decides, others wait for answers: so batches, money and retries are counted in one place, and an answer that
arrived is handed over before the next is asked for.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from harness.endpoints.answers import Outcome, outcome
from harness.endpoints.behaviour import Behaviour
from harness.endpoints.budget import Meter
from harness.endpoints.messages import Messages, several
from harness.endpoints.pace import Pace
from harness.endpoints.protocol import Request, Settings, Vendor
from harness.endpoints.received import Expected, Received, shares
from harness.endpoints.transport import Transport, Unanswered
from harness.endpoints.work import Batch, Limits, Sent, Speed, Work
from harness.errors import HarnessError

SHORT = 1.0
"""Seconds for which an endpoint may be away without a word."""


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long is waited in between: up to `first` seconds, then twice that, and so on.

    Attributes:
        attempts: Tries of a batch of which nothing arrives.
        most: Seconds that are waited at most of our own accord.
        longest: Seconds that an endpoint may ask for in Retry-After; more stops.
        away: Seconds for which an endpoint that is not there is asked again at least: a server restarts.
    """

    attempts: int = 6
    first: float = 0.5
    most: float = 60.0
    longest: float = 600.0
    away: float = 45.0

    def between(self, failed: int) -> float:
        """Seconds to wait after so many failures, of a random length: many clients do not come back at once."""
        return random.uniform(0, min(self.most, self.first * 2 ** max(0, failed - 1)))

    def until_back(self, gone: float) -> float:
        """Seconds until an endpoint that has not been there for so long is asked again."""
        return min(max(self.first, gone / 2), 5.0)


class Client:
    """Asks one endpoint under one setting.

    Args:
        limits: What a request may hold, and how many are under way at once.
        messages: How it is spoken of.
        dimension: Numbers that a vector is to have; None takes the first one's.
        behaviour: What the endpoint has shown so far; None begins anew.
    """

    def __init__(
        self, vendor: Vendor, settings: Settings, transport: Transport, meter: Meter, *, limits: Limits, patience: Patience,
        messages: Messages, dimension: int | None = None, behaviour: Behaviour | None = None,
    ) -> None:  # fmt: skip
        self._vendor, self._settings, self._transport, self._meter = vendor, settings, transport, meter
        self._limits, self._patience, self._messages = limits, patience, messages
        self._behaviour = behaviour or Behaviour(settings.model, Pace(limits))
        self._pace = Pace(limits, self._behaviour.pace.timeout) if messages.canary else self._behaviour.pace
        self._expected = Expected(messages.who, dimension, settings.dimensions)
        self._gone: float | None = None
        self._told = False

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
                        while fault is None and len(work.running) < self._pace.now.concurrency and work.due():
                            fault = self._submit(work, pool)
                        done = work.wait()
                    except KeyboardInterrupt as interruption:
                        fault, done = interruption, set()
                    for future in done:
                        part, error = self._received(work, work.running.pop(future), future.result(), labels)
                        fault = fault or error
                        if part is not None:
                            yield part
            finally:
                for future, sent in work.running.items():  # nobody takes them any more: they are billed all the same
                    self._abandoned(work, sent, future)
        if fault is not None:
            raise fault

    def _submit(self, work: Work, pool: ThreadPoolExecutor) -> HarnessError | None:
        """Send the next batch, or as much of it as the budget admits; the fault where not even one text fits."""
        batch = work.take(self._pace.now.texts)
        if work.running and not self._meter.admits(work.of(batch)):
            work.ready.appendleft(batch)
            work.hold()  # what is under way may cost less than was reserved for it
            return None
        while not self._meter.admits(work.of(batch)):
            if len(batch.rows) == 1:
                return self._meter.exhausted(self._messages.who, kept=self._behaviour.arrived)
            batch = work.first(batch, len(batch.rows) // 2)
        texts = work.of(batch)
        money = self._meter.reserve(texts)
        request = self._vendor.request(texts, self._settings)
        future = pool.submit(_ask, self._transport, self._vendor, request, len(texts))
        work.running[future] = Sent(batch, money, self._pace.now)
        return None

    def _received(
        self, work: Work, sent: Sent, result: Outcome, labels: Sequence[Any]
    ) -> tuple[Received | None, HarnessError | None]:
        """Settle a request: what arrived, with what is missing put back; or the fault that stops."""
        batch, texts = sent.batch, work.of(sent.batch)
        positions = sorted(result.vectors)
        arrived = [texts[position] for position in positions]
        billed = 0
        if not result.billed:
            self._meter.release(sent.money)
        else:
            how = "lost" if not positions else "answered" if len(positions) == len(texts) else "in part"
            billed = self._meter.settle(sent.money, texts, len(arrived), result.tokens, how)
        part, error = None, None
        if positions:
            self._learn(sent, result, texts)
            rows = [batch.rows[position] for position in positions]
            found = [result.vectors[one] for one in positions]
            tokens = shares(arrived, None if self._behaviour.counts_characters else billed)
            part, error = self._expected.of(rows, found, tokens, labels)
        missing = tuple(row for position, row in enumerate(batch.rows) if position not in result.vectors)
        if error is None and missing:
            if result.slow:
                self._slower(replace(sent.speed, texts=len(texts)), result)
            smaller = result.slow and len(missing) > self._pace.now.texts  # these very requests are not sent again
            failed = 1 if positions else batch.failed + (not smaller)
            error = self._again(work, replace(sent, batch=Batch(missing, failed)), result, labels)
        return part, error

    def _learn(self, sent: Sent, result: Outcome, texts: Sequence[str]) -> None:
        """What an answer shows of the endpoint."""
        self._gone = None
        self._behaviour.arrived |= not self._messages.canary
        self._behaviour.answered_as(result.model)
        if len(result.vectors) == len(texts):
            self._behaviour.counted(texts, result.tokens)
            self._pace.answered(sent.speed, result.seconds)

    def _again(self, work: Work, sent: Sent, result: Outcome, labels: Sequence[Any]) -> HarnessError | None:
        """Put a batch back for later; the fault where that cannot help any more."""
        batch, texts, patience = sent.batch, work.of(sent.batch), self._patience
        gone, kept = self._absent(result), self._behaviour.kept
        if result.final and not result.status:
            return self._messages.out_of_reach(result, kept)
        if result.final:
            path = self._vendor.request(texts[:1], self._settings).path
            return self._messages.refused(result, texts, [labels[row] for row in batch.rows], path, kept)
        if batch.failed >= patience.attempts and not (result.away and gone < patience.away):
            return self._messages.given_up(result, texts, batch.failed, gone, self._pace.timeout, kept)
        if result.wait is not None and result.wait > patience.longest:
            return self._messages.asks_to_wait(result, texts, kept)
        self._meter.retried()
        own = patience.between(batch.failed)
        if result.away:
            own = patience.until_back(gone)
            work.pause(own)
            if gone >= SHORT and not self._told:
                self._told, fault = True, self._messages.fault(result, texts)
                self._behaviour.say(
                    f"nobody answers at {self._messages.url} ({fault}): asked again for {patience.away:.0f} s"
                )
        if result.wait is not None:
            work.pause(result.wait)  # it is meant for every request
        work.put_back(batch, own + (result.wait or 0.0))
        return None

    def _absent(self, result: Outcome) -> float:
        """For how many seconds nobody has been there."""
        if not result.away:
            self._gone = None
            return 0.0
        if self._gone is None:
            self._gone, self._told = time.monotonic(), False
        return time.monotonic() - self._gone

    def _slower(self, sent: Speed, result: Outcome) -> None:
        if self._pace.slower(sent):
            now, fault = self._pace.now, self._messages.fault(result, ())
            self._behaviour.say(
                f"too slow for {several(sent.texts, 'text')} a request, {sent.concurrency} at once ({fault}): on "
                f"with {several(now.texts, 'text')}, {now.concurrency} at once"
            )

    def _abandoned(self, work: Work, sent: Sent, future: Future[Outcome]) -> None:
        result = future.result()
        if result.billed:
            self._meter.settle(sent.money, work.of(sent.batch), 0, result.tokens, "lost")
        else:
            self._meter.release(sent.money)


def _ask(transport: Transport, vendor: Vendor, request: Request, count: int) -> Outcome:
    """In a thread of its own: send and read."""
    start = time.monotonic()
    try:
        result = outcome(transport.send(request), vendor, count)
        return replace(result, seconds=time.monotonic() - start)
    except Unanswered as error:
        away = not error.sent and not error.final
        return Outcome(billed=error.sent, fault=str(error), slow=error.slow, away=away, final=error.final)
