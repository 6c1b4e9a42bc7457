"""How fast an endpoint is asked: small requests first, larger ones while answers come easily, half of it after a timeout.

A server that is slow goes on with a request that nobody waits for any more. The same batches sent again wait behind what
was abandoned, and none is ever answered.
"""

from __future__ import annotations

from harness.endpoints.work import Limits, Speed

FIRST = 32
"""Texts in a request until the endpoint was seen to be quick."""
EASY = 1 / 4
"""Share of the timeout within which an answer is easy: twice the load would still take half of the timeout."""
SURE = 16
"""Easy answers in a row after which an endpoint that was too slow once is asked for more again."""


class Pace:
    """The speed of now, for all calls of a run. Used by one thread.

    Args:
        limits: What is never passed.
        timeout: Seconds after which an answer is given up.
    """

    def __init__(self, limits: Limits, timeout: float = 60.0) -> None:
        self.limits, self.timeout = limits, timeout
        self.now = Speed(min(FIRST, limits.texts), limits.concurrency)
        self._easy, self._needed = 0, 1

    def slower(self, sent: Speed) -> bool:
        """Half the speed at which a request was sent that got no answer in time; True if that is news.

        Requests that were under way together halve it once.
        """
        half = Speed(
            max(1, min(self.now.texts, sent.texts // 2)), max(1, min(self.now.concurrency, sent.concurrency // 2))
        )
        news, self.now = half != self.now, half
        self._easy, self._needed = 0, SURE
        return news

    def answered(self, sent: Speed, seconds: float) -> None:
        """An answer came after so many seconds to a request that was sent at that speed."""
        if seconds > self.timeout * EASY:
            self._easy = 0
            return
        self._easy += sent == self.now  # what was sent before says nothing of the speed of now
        if self._easy >= self._needed:
            self._easy = 0
            self.now = self._faster()

    def _faster(self) -> Speed:
        """Twice the texts; where these are at their limit, twice the requests at once."""
        now, limits = self.now, self.limits
        if now.texts < limits.texts:
            return Speed(min(2 * now.texts, limits.texts), now.concurrency)
        return Speed(now.texts, min(2 * now.concurrency, limits.concurrency))
