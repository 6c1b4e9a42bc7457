"""Values per item of mteb's own evaluators: its answers are overheard on their way to its metrics, nothing is encoded twice.

mteb keeps the mean alone. Each kind of task hands answers and truth to one method of its own; this listens there, and makes
of them one value per item whose mean has to be mteb's main score to 1e-6. Else there are none, and the record says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from harness.data.mteb_kinds import listener
from harness.data.mteb_listen import Items, NoItems, listen
from harness.types import Evaluated, Scores

TOLERANCE = 1e-6
PREDICTIONS = "predictions"
"""mteb hands out its answers where a folder is named; nothing is written into it."""


def heard(task: Any, subset: str, split: str) -> Callable[[Mapping[str, Any]], Evaluated]:
    """Listen to an mteb task that is about to be evaluated on one subset and split.

    Returns:
        mteb's scores of them → its numbers with the values per item behind its main score.
    """
    listen(task, "_save_task_predictions", instead=True)
    try:
        read = listener(task)(task, subset, split)
    except (NoItems, AttributeError) as error:
        reason = _why(error)
        return lambda scores: _numbers(task, scores, reason)

    def evaluated(scores: Mapping[str, Any]) -> Evaluated:
        plain = _numbers(task, scores, "")
        try:
            items = read(scores)
            return _checked(plain, task.metadata.main_score, items)
        except (NoItems, AttributeError, LookupError, TypeError, ValueError) as error:
            return _numbers(task, scores, _why(error))

    return evaluated


def _why(error: Exception) -> str:
    if isinstance(error, NoItems):
        return str(error)
    return f"mteb's answers could not be read ({type(error).__name__}: {' '.join(str(error).split())})"


def _numbers(task: Any, scores: Mapping[str, Any], reason: str) -> Evaluated:
    plain = {key: float(value) for key, value in scores.items() if isinstance(value, (int, float))}
    main = plain.pop("main_score")
    return Evaluated({task.metadata.main_score: main, **plain}, reason=reason)


def _checked(plain: Evaluated, measure: str, items: Items) -> Evaluated:
    """The values, if mteb's main score is their mean."""
    main, mean = plain.values[measure], float(items.values.mean()) if len(items.values) else float("nan")
    if not abs(mean - main) <= TOLERANCE:
        raise NoItems(f"the values per item give {mean:.6f}, mteb's {measure} is {main:.6f}")
    ids = [str(number) for number in range(len(items.values))] if items.ids is None else list(items.ids)
    return Evaluated(plain.values, Scores(measure, ids, items.values), items.what, items.scale)
