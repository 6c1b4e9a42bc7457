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
    tried = [[one] for one in settings if one.words] if again is not None else []
    if len(tried) > 1:
        tried.append([one for alone in tried for one in alone])
    lines = []
    for some in tried:
        assert again is not None
        line, explained = _tried(entry, record, some, again, cell)
        if explained:
            return [line]
        lines.append(line)
    why = "not tried" if again is None else "no option changes it, so it is not tried"
    rest = [str(match) for match in settings if again is None or not match.words]
    lines += [f"{difference}; {why}" for difference in rest]
    return lines if rest else [*lines, "the rest of the gap is unexplained"]


def _tried(
    entry: Published, record: Record, some: Sequence[SettingDifference], again: Again, cell: Sequence[Published]
) -> tuple[str, bool]:
    """What an evaluation with these published settings says, and whether it closes the gap."""
    words = [word for one in some for word in one.words]
    said = " and ".join(map(str, some)) if len(some) == 1 else "all of these together"
    try:
        made = again(words)
    except HarnessError as error:
        return f"{said}; could not be tried: {str(error).partition('. ')[0]}", False
    left = {one.what for one in differences(entry, made)}
    if unmoved := [one.what for one in some if one.what in left]:
        return f"{said}; could not be tried: {' '.join(words)} leaves {', '.join(unmoved)} as it was", False
    ours, then = record.get(entry.measure), made.get(entry.measure)
    assert ours is not None and then is not None
    how = f"{said}; with {' '.join(words)} it is {then.mean:.5f}"
    before, after = abs(ours.mean - entry.value), abs(then.mean - entry.value)
    if not entry.met_by(then.mean):
        return f"{how}: " + (
            f"this closes {1 - after / before:.0%} of the gap" if after < before else "no nearer"
        ), False
    for one in cell:
        measured = made.get(one.measure)
        if measured is not None and not one.met_by(measured.mean):
            return f"{how}, but {one.measure} {measured.mean:.5f} against {one.value:g}: no explanation of both", False
    return f"{how}: this explains the gap", True
