"""Ours beside theirs: for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from harness.published.scores import Published
from harness.report.markup import plain

HEADS = ("model", "task", "measure", "theirs", "ours", "gap", "tolerance", "verdict")


@dataclass(frozen=True)
class Outcome:
    """What came of one published score.

    Attributes:
        ours: Our mean, in the measure's unit; None where there is none.
        reason: Why there is none, in short.
        failed: True if data and weights were at hand and the evaluation still gave no score.
        causes: For a gap beyond the tolerance: what explains it, one line each.
        despite: For a score that is reproduced: stated settings that differ all the same. It may be met by luck.
    """

    entry: Published
    ours: float | None = None
    reason: str = ""
    failed: bool = False
    causes: tuple[str, ...] = ()
    despite: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`reproduced`, `off`, `not at hand` or `failed`."""
        if self.ours is None:
            return "failed" if self.failed else "not at hand"
        return "reproduced" if self.entry.met_by(self.ours) else "off"


def show(outcomes: Sequence[Outcome], console: Console | None = None) -> None:
    """Print the table, and below it what is off and why, and what could not be run."""
    console = console or Console(highlight=False)
    if not console.is_terminal and console.width < 120:
        console.width = 120
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, head in enumerate(HEADS):
        number = 3 <= index < 7
        table.add_column(head, justify="right" if number else "left", no_wrap=number, overflow="fold")
    for outcome in outcomes:
        table.add_row(*_cells(outcome), style="bold" if outcome.verdict in ("off", "failed") else None)
    console.print(table)
    for line in [summary(outcomes), *_remarks(outcomes)]:
        console.print(f"  {line}", soft_wrap=True, markup=False)


def markdown(outcomes: Sequence[Outcome], about: str) -> str:
    """The whole page; `about` says which file, with what, and when."""
    lines = [f"# Reproduction\n\n{summary(outcomes)} {about}\n", f"| {' | '.join(HEADS)} |"]
    lines.append("| :-- | :-- | :-- | --: | --: | --: | --: | :-- |")
    lines += [f"| {' | '.join(map(plain, _cells(outcome)))} |" for outcome in outcomes]
    lines += ["", *(f"- {plain(line)}" for line in _remarks(outcomes)), ""]
    lines += ["Theirs:", ""]
    sources = (f"- {_name(outcome.entry)}: {outcome.entry.source}" for outcome in outcomes)
    return "\n".join([*lines, *map(plain, dict.fromkeys(sources))]) + "\n"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many of each verdict, in one sentence."""
    verdicts = [outcome.verdict for outcome in outcomes]
    counts = [f"{verdicts.count(kind)} {kind}" for kind in ("reproduced", "off", "failed", "not at hand")]
    return f"Of {len(outcomes)} published scores: {', '.join(count for count in counts if not count.startswith('0 '))}."


def _cells(outcome: Outcome) -> list[str]:
    entry, ours = outcome.entry, outcome.ours
    numbers = ["–", "–"] if ours is None else [f"{ours:.5f}", f"{ours - entry.value:+.5f}"]
    return [
        entry.model,
        entry.task,
        entry.measure,
        f"{entry.value:g}",
        *numbers,
        f"{entry.tolerance:g}",
        outcome.verdict,
    ]


def _remarks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        yield from (f"off: {_name(outcome.entry)}, {outcome.entry.measure}: {cause}." for cause in outcome.causes)
    yield from (
        f"reproduced, though: {_name(outcome.entry)}, {outcome.entry.measure}: {what}."
        for outcome in outcomes
        for what in outcome.despite
    )
    for verdict in ("failed", "not at hand"):
        reasons: dict[str, list[str]] = {}
        for outcome in outcomes:
            if outcome.verdict == verdict:
                reasons.setdefault(outcome.reason, []).append(_name(outcome.entry))
        yield from (f"{verdict}: {', '.join(dict.fromkeys(names))}: {reason}." for reason, names in reasons.items())
    notes = [f"tolerance of {_name(outcome.entry)}: {outcome.entry.note}" for outcome in outcomes if outcome.entry.note]
    yield from dict.fromkeys(notes)


def _name(entry: Published) -> str:
    return " ".join([f"{entry.model} × {entry.task}", *entry.options])
