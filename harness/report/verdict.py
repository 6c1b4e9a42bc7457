"""The board in two sentences: who leads and how sure that is, and what the lead costs in speed."""

from __future__ import annotations

from collections.abc import Sequence

from harness.report.grid import Board, Row

NAMED = 4
"""Systems that a sentence names; of a longer list it says how many there are."""
FASTER = 1.5
"""How many times as fast another system has to be for its speed to be worth a sentence."""


def verdict(board: Board) -> list[str]:
    """At most two sentences, from the rank intervals, the means and the speeds; none for fewer than two ranked systems."""
    ranked = [row for row in board.rows if row.rank is not None]
    if len(ranked) < 2:
        return []
    leading = [row for row in ranked if row.rank_interval.first == 1]
    if not leading:
        return [f"{ranked[0].system} has the best numbers{_where(board)}; nothing here says how sure that is."]
    return [_lead(board, ranked, leading), *_price(ranked, leading)]


def _lead(board: Board, ranked: Sequence[Row], leading: Sequence[Row]) -> str:
    first = leading[0]
    if len(leading) == 1:
        others = "the other one" if len(ranked) == 2 else f"any of the other {len(ranked) - 1}"
        return f"{first.system} leads{_where(board)}: chance does not explain its distance from {others}{_on(board, first)}."
    names = _listed([row.system for row in leading])
    rest = len(ranked) - len(leading)
    behind = f"; the other {'one is' if rest == 1 else f'{rest} are'} behind" if rest else ""
    return f"{names} cannot be told apart{_where(board)} by these queries{behind}."


def _price(ranked: Sequence[Row], leading: Sequence[Row]) -> list[str]:
    """How much faster the best of the others is that is faster than every leader, and what it loses."""
    timed = [row for row in leading if row.speed]
    others = [row for row in ranked if row.rank_interval.first != 1 and row.speed]
    if not timed or not others:
        return []
    lead = max(timed, key=lambda row: row.speed or 0.0)
    faster = [row for row in others if (row.speed or 0.0) >= FASTER * (lead.speed or 0.0)]
    if not faster:
        return [f"No system behind is {FASTER:g} times as fast as {lead.system}."] if len(leading) == 1 else []
    rival = faster[0]
    times = (rival.speed or 0.0) / (lead.speed or 1.0)
    lost = (
        f", at {lead.mean - rival.mean:.3f} less in the mean"
        if lead.mean is not None and rival.mean is not None
        else ""
    )
    return [f"{rival.system} takes in documents {_times(times)} as fast{lost}."]


def _where(board: Board) -> str:
    if len(board.columns) == 1:
        return f" on {board.columns[0].task}"
    return f" over {_all(len(board.columns))}"


def _on(board: Board, row: Row) -> str:
    """On how many of the tasks nothing is better, as far as their queries can tell."""
    best, tasks = sum(cell.tied_for_best for cell in row.cells), len(board.columns)
    if tasks == 1:
        return ""
    where = "each of them" if best == tasks else f"{best} of them" if best else "none of them alone"
    return f", and it is among the best on {where}"


def _all(tasks: int) -> str:
    return "both tasks" if tasks == 2 else f"the {tasks} tasks"


def _listed(names: Sequence[str]) -> str:
    if len(names) > NAMED:
        return f"{', '.join(names[: NAMED - 1])} and {len(names) - NAMED + 1} more"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _times(times: float) -> str:
    return f"{times:,.0f} times" if times >= 10 else f"{times:.1f} times"
