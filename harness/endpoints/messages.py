"""The lines in which a client tells what no retry mends: what, where, and how a person may mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.endpoints.answers import Outcome
from harness.endpoints.said import said
from harness.errors import ModelError, Unreachable


@dataclass(frozen=True)
class Messages:
    """How one endpoint is spoken of.

    Attributes:
        who: What to call it: model and host.
        url: The base URL.
        redact: Takes the key out of whatever the endpoint says.
        hint: Status, the endpoint's words, path of the request → how a person may mend it.
        canary: True if what is asked is a text of ours, that the harness sends first.
    """

    who: str
    url: str = ""
    redact: Callable[[str], str] = lambda content: content
    hint: Callable[[int, str, str], str] = lambda status, words, path: ""
    canary: bool = False

    def fault(self, result: Outcome, texts: Sequence[str], where: str = "") -> str:
        """What happened, and what the endpoint says of it."""
        words = said(result.said, texts, self.redact)
        return self.redact(result.fault) + where + (f": {words}" if words else "")

    def refused(self, result: Outcome, texts: Sequence[str], labels: Sequence[Any], path: str, kept: str) -> ModelError:
        """A request that is refused.

        Args:
            texts, labels: What was sent, and what to call each.
            path: Below the base URL, where it was sent.
            kept: What becomes of what arrived; empty where nothing did.
        """
        longest = max(range(len(texts)), key=lambda place: len(texts[place]))
        what = f"a request for {several(len(texts), 'text')}, the longest is '{labels[longest]}'"
        if len(texts) == 1:
            what = f"even {labels[0]}, which is sent first" if self.canary else f"the text '{labels[0]}'"
        fault = self.fault(result, texts, f" at {self.url}{path}" if result.status in (404, 405) else "")
        hint = self.hint(result.status, said(result.said, texts, self.redact), path)
        return ModelError(_line(f"{self.who} refuses {what}: {fault}.", hint, kept))

    def out_of_reach(self, result: Outcome, kept: str) -> Unreachable:
        """What no waiting mends: the other side speaks no HTTP, or no TLS."""
        advice = f"Look whether model.url={self.url} is http:// or https://, and at its certificate."
        return Unreachable(_line(f"{self.who} cannot be reached: {self.redact(result.fault)}. {advice}", kept))

    def asks_to_wait(self, result: Outcome, texts: Sequence[str], kept: str) -> Unreachable:
        """Longer than anybody would."""
        return Unreachable(
            _line(f"{self.who} asks to wait {result.wait or 0:,.0f} s ({self.fault(result, texts)}).", kept)
        )

    def given_up(
        self, result: Outcome, texts: Sequence[str], tries: int, gone: float, timeout: float, kept: str
    ) -> Unreachable:
        """An endpoint that gives no answer, whatever is tried.

        Args:
            gone: Seconds for which nobody has been there.
            timeout: Seconds for which an answer is waited for.
        """
        tried, fault = f"{self.who} gave no answer in {tries} tries", self.fault(result, texts)
        if result.away:
            advice = f"Start the server, or look at model.url={self.url}."
            return Unreachable(_line(f"{tried} over {gone:.0f} s, the last one: {fault}. {advice}", kept))
        if not result.slow:
            return Unreachable(_line(f"{tried}, the last one: {fault}.", kept))
        advice = (
            "It is slow, or still busy with requests that were given up: once it is idle, try "
            f"model.timeout={4 * timeout:g} model.texts=1 model.concurrency=1."
        )
        last = f"{tried}, the last one, for {several(len(texts), 'text')}: {fault}."
        return Unreachable(_line(last, advice, kept))


def several(number: int, noun: str) -> str:
    """`1 text`, `2 texts`."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def _line(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
