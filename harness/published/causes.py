"""Why a score of ours is not the published one: the stated settings that differ, each tried where an option says it.

A difference is a suspicion. It is a cause when an evaluation with the published setting, and nothing else changed, gives
every score that was published of this cell: one that mends recall and spoils nDCG explains neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harness.errors import HarnessError
from harness.published.differences import SettingDifference, differences
from harness.published.scores import Published
from harness.records.record import Record

Again = Callable[[Sequence[str]], Record]
"""Evaluates the same cell with further words; `HarnessError` where that cannot be done."""


def causes(entry: Published, record: Record, again: Again | None, cell: Sequence[Published] = ()) -> list[str]:
    """What explains the gap, one line each.

    Args:
        again: None where nothing is to be evaluated.
        cell: All entries of the same model and task, whose measures a cause has to bring within their tolerances as well.
    """
    settings = differences(entry, record)
    if not settings:
        return ["no stated setting differs; unexplained"]
    attempts = [[difference] for difference in settings if difference.words] if again is not None else []
    if len(attempts) > 1:
        attempts.append([difference for attempt in attempts for difference in attempt])
    lines = []
    for attempt in attempts:
        assert again is not None
        line, explained = _tried(entry, record, attempt, again, cell)
        if explained:
            return [line]
        lines.append(line)
    why = "not tried" if again is None else "no option changes it, so it is not tried"
    rest = [str(difference) for difference in settings if again is None or not difference.words]
    lines += [f"{difference}; {why}" for difference in rest]
    return lines if rest else [*lines, "the rest of the gap is unexplained"]


def _tried(
    entry: Published, record: Record, attempt: Sequence[SettingDifference], again: Again, cell: Sequence[Published]
) -> tuple[str, bool]:
    """What an evaluation with these published settings says, and whether it closes the gap."""
    words = [word for difference in attempt for word in difference.words]
    what = " and ".join(map(str, attempt)) if len(attempt) == 1 else "all of these together"
    try:
        retried = again(words)
    except HarnessError as error:
        return f"{what}; could not be tried: {str(error).partition('. ')[0]}", False
    left = {difference.what for difference in differences(entry, retried)}
    if unmoved := [difference.what for difference in attempt if difference.what in left]:
        return f"{what}; could not be tried: {' '.join(words)} leaves {', '.join(unmoved)} as it was", False
    ours, retried_score = record.get(entry.measure), retried.get(entry.measure)
    assert ours is not None and retried_score is not None
    how = f"{what}; with {' '.join(words)} it is {retried_score.mean:.5f}"
    before, after = abs(ours.mean - entry.value), abs(retried_score.mean - entry.value)
    if not entry.met_by(retried_score.mean):
        return f"{how}: " + (
            f"this closes {1 - after / before:.0%} of the gap" if after < before else "no nearer"
        ), False
    for published in cell:
        measured = retried.get(published.measure)
        if measured is not None and not published.met_by(measured.mean):
            return (
                f"{how}, but {published.measure} {measured.mean:.5f} against {published.value:g}: no explanation of both",
                False,
            )
    return f"{how}: this explains the gap", True
