"""What requests cost: an estimate beforehand, a budget that is never passed, a ledger of what was billed.

Tokens are counted by the endpoint. Before it has, a rule stands in: `RULE` for the estimate, and for the budget the most
that a text can be, a token per byte, which no tokenizer in use exceeds.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.context import Spending
from harness.errors import BudgetError
from harness.records.atomic import flush_folder, refusals

RULE = "a token per 4 ASCII characters and per other character"
AROUND = 16
"""Tokens that a tokenizer or a vendor's own prompt may add to a text."""


def tokens_of(text: str) -> int:
    """About how many tokens a text has, by `RULE`; at least 1."""
    plain = len(text.encode("ascii", "ignore"))
    return max(1, -(-plain // 4) + len(text) - plain)


def most_tokens(text: str) -> int:
    """The most tokens that a text can be billed as: its bytes in UTF-8, and what is put around it."""
    return len(text.encode("utf-8", "surrogatepass")) + AROUND


@dataclass(frozen=True)
class Price:
    """The price sheet of a model: money per million tokens (None: not known), and its currency."""

    per_million: float | None = None
    currency: str = "USD"

    def of(self, tokens: float) -> float:
        """What that many tokens cost; 0 where no price is known."""
        return tokens * (self.per_million or 0.0) / 1e6

    def written(self, tokens: float) -> str:
        """`USD 0.0123`, or that it is not known."""
        return f"{self.currency} {written(self.of(tokens))}" if self.per_million is not None else "no price known"


def written(money: float) -> str:
    """Money with cents, and below one with as many digits as say something."""
    return f"{money:,.2f}" if abs(money) >= 1 or not money else f"{money:.2g}"


class Ledger:
    """One line of JSON per answer, appended and flushed before anything else is done with it: it survives a kill."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, **entry: Any) -> None:
        """Add a line with the date; `ResultsError` where the disk refuses."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"date": now, **entry}, ensure_ascii=False).encode() + b"\n"
        with refusals(self._path, "data.cache=DIR"):
            fresh = not self._path.exists()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
            if fresh:
                flush_folder(self._path.parent)


def entries(path: Path) -> list[dict[str, Any]]:
    """The lines of a ledger; one that a crash of the machine cut off is left out."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


class Meter:
    """What the requests of one endpoint cost. Used by one thread.

    A request is reserved with the most that it can cost, and settled with what was billed. One whose answer was lost on
    the way may have been billed all the same: it is counted with its estimate, or as the budget has to see it.

    Args:
        names: What stands in each line of the ledger: endpoint and model.
        budget: What all endpoints of this command together may cost in the price sheet's currency; None has no limit.
        spending: What they have cost.
    """

    def __init__(
        self, names: Mapping[str, str], price: Price, ledger: Ledger, budget: float | None, spending: Spending
    ) -> None:
        self.price, self.budget = price, budget
        self._names, self._ledger, self._spending = dict(names), ledger, spending
        self._reserved = 0.0
        self._scale = 1.0
        self._totals: dict[str, float] = {}

    def most(self, texts: Sequence[str]) -> float:
        """The most tokens that texts can be billed as; raised where the endpoint was seen to count more."""
        return self._scale * sum(most_tokens(text) for text in texts)

    def left(self) -> float | None:
        """What may still be spent beside what is under way; None without a budget."""
        if self.budget is None:
            return None
        return self.budget - self._spending.of(self.price.currency) - self._reserved

    def admits(self, texts: Sequence[str]) -> bool:
        """True if a request for texts cannot pass the budget, whatever it is billed as."""
        left = self.left()
        return left is None or self.price.of(self.most(texts)) <= left

    def reserve(self, texts: Sequence[str]) -> float:
        """Reserve the most that a request can cost; the money, to be settled."""
        money = self.price.of(self.most(texts))
        self._reserved += money
        self._count("requests", 1)
        return money

    def release(self, money: float) -> None:
        """The request was not billed: it did not reach the endpoint, or was refused."""
        self._reserved -= money

    def settle(self, money: float, texts: Sequence[str], arrived: int, tokens: int | None, outcome: str) -> int:
        """Write down what a request was billed.

        Args:
            money: What was reserved for it.
            texts: All of the request's.
            arrived: How many of them have their vector.
            tokens: As the endpoint reported them; None where it did not: then the estimate, or under a budget the most
                that it can be, so that the budget is not passed unseen.
            outcome: `answered`, `in part`, or `lost` where no answer came that could be read.

        Returns:
            The tokens that were taken.
        """
        self.release(money)
        most = sum(most_tokens(text) for text in texts)
        if tokens is not None:
            self._scale = max(self._scale, tokens / max(1, most))
            billed = tokens
        else:
            billed = most if self.budget is not None else sum(tokens_of(text) for text in texts)
        cost = self.price.of(billed)
        self._spending.add(self.price.currency, cost)
        counted = "reported" if tokens is not None else "estimated"
        self._count("texts", arrived)
        self._count("tokens", billed)
        self._count("tokens_estimated", billed if tokens is None else 0)
        self._count("requests_lost", outcome == "lost")
        self._count("cost", cost)
        money_of = {"cost": cost, "currency": self.price.currency} if self.price.per_million is not None else {}
        sent = {"texts": len(texts), "arrived": arrived, "tokens": int(billed)}
        self._ledger.append(**self._names, **sent, counted=counted, outcome=outcome, **money_of)
        return int(billed)

    def retried(self) -> None:
        """A request is repeated."""
        self._count("retries", 1)

    def exhausted(self, who: str, *, kept: bool) -> BudgetError:
        """The one line for a budget that does not suffice for one more text, with what becomes of those that arrived."""
        spent = written(self._spending.of(self.price.currency))
        on = "What arrived is kept: the same command with a larger budget= goes on from there."
        return BudgetError(
            f"budget={self.budget:g} is used up: {self.price.currency} {spent} are spent, and the next request to {who} could "
            f"pass it. {on if kept else 'Raise budget=.'}"
        )

    def taken(self) -> dict[str, Any]:
        """What was used since this was last asked: texts, tokens, requests, retries, cost."""
        totals, self._totals = self._totals, {}
        whole = {key: int(value) for key, value in totals.items() if key != "cost"}
        if totals and self.price.per_million is not None:
            return {**whole, "cost": round(totals.get("cost", 0.0), 8), "currency": self.price.currency}
        return whole

    def _count(self, name: str, amount: float) -> None:
        if amount or name == "cost":
            self._totals[name] = self._totals.get(name, 0.0) + amount
