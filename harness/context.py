"""What a job is told of the place where it runs: one frozen value, handed down to whatever opens a task or a system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import ConfigError
from harness.hub import Hub
from harness.types import Progress, Run, System, Task, no_progress


def _opens_nothing(context: Context, name: str) -> System:
    raise ConfigError(f"'{name}' cannot be opened here: this context was made without an opener.")


def _runs_nothing(context: Context, system: System, task: Task, progress: Progress) -> Run:
    raise ConfigError("Nothing can be run here: this context was made without a runner.")


class Spending:
    """What endpoints have cost in this command, by currency: one budget holds for all of them."""

    def __init__(self) -> None:
        self._money: dict[str, float] = {}

    def add(self, currency: str, money: float) -> None:
        """So much more was spent."""
        self._money[currency] = self._money.get(currency, 0.0) + money

    def of(self, currency: str) -> float:
        """What was spent in a currency."""
        return self._money.get(currency, 0.0)


@dataclass(frozen=True)
class Context:
    """Where data and models come from, on what they run, and how a system gets at others.

    Attributes:
        hub: Where data sets and models come from and what was fetched or made is kept.
        device: Where models run: `cpu`, `cuda`, `mps`, or `auto` for the best one present.
        memory: Bytes of documents' vectors that a search may hold at once.
        vectors: How vectors are kept on disk: `float32`, `float16` or `none`.
        results: Folder of the records and runs.
        budget: What endpoints may cost in this command, in the currency of their price sheets; None has no limit.
        spending: What they have cost.
        opener: How a system is opened by its name.
        runner: How a system's run on a task is had.
    """

    hub: Hub = field(default_factory=Hub)
    device: str = "auto"
    memory: int = 1 << 30
    vectors: str = "float32"
    results: Path = Path("results")
    budget: float | None = None
    spending: Spending = field(default_factory=Spending, compare=False, repr=False)
    opener: Callable[[Context, str], System] = _opens_nothing
    runner: Callable[[Context, System, Task, Progress], Run] = _runs_nothing

    def open(self, name: str) -> System:
        """The system of a name as it is typed after `model=`: what a system of systems gets its parts by."""
        return self.opener(self, name)

    def run(self, system: System, task: Task, progress: Progress = no_progress) -> Run:
        """The system's run on a task: the stored one of the same record key and at least that depth, else it is searched
        and kept."""
        return self.runner(self, system, task, progress)
