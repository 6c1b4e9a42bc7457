"""What an endpoint showed of itself in this run: how fast it is, under which name it answers, how it counts.

Each is said once, and recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.endpoints.pace import Pace

MANY = 8
"""Texts of which tokens and characters are the same number by chance no more."""


class Behaviour:
    """What all requests of a run have shown. Used by one thread.

    Args:
        name: Of the model that is asked for.
        say: Is given each line once.
    """

    def __init__(self, name: str, pace: Pace, say: Callable[[str], None] = lambda line: None) -> None:
        self.name, self.pace, self.say = name, pace, say
        self.arrived = False
        self.counts_characters = False
        self._answered_by: list[str] = []

    @property
    def kept(self) -> str:
        """What becomes of the vectors so far, for a message; empty where there is none."""
        return "What arrived is kept; the same command goes on from there." if self.arrived else ""

    def answered_as(self, name: str) -> None:
        """A reply names the model that answered; empty where it names none."""
        if not name or name == self.name or name in self._answered_by:
            return
        self._answered_by.append(name)
        self.say(
            f"asked for '{self.name}', answered by '{name}'. Another name of the same model, or a server that takes any "
            "name: look whether it is the model that was meant"
        )

    def counted(self, texts: Sequence[str], tokens: int | None) -> None:
        """A whole answer reports so many tokens for these texts."""
        if self.counts_characters or len(texts) < MANY or tokens != sum(map(len, texts)):
            return
        self.counts_characters = True
        self.say(
            "this server counts characters where it says tokens: its counts, and what model.price makes of them, are "
            "several times those of the estimate"
        )

    def notes(self) -> dict[str, Any]:
        """For the record: `answered_by`, where it is not the name that was asked for, and `counts`."""
        by = {"answered_by": list(self._answered_by)} if self._answered_by else {}
        return {**by, **({"counts": "characters"} if self.counts_characters else {})}
