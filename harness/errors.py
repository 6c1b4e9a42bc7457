"""One class per kind of user mistake: what is wrong, where, the nearest valid choice, how to mend it.

Every class is a `HarnessError`, which the command line prints as one line and answers with exit code 2.
Anything else that escapes is a defect of the harness (or of a plug-in) and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class HarnessError(Exception):
    """A mistake that a user can mend. Its text is one line."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).split()))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled by its text: a class that composes its message takes other arguments."""
        return _unpickled, (type(self), str(self))


def _unpickled(kind: type[HarnessError], message: str) -> HarnessError:
    error = kind.__new__(kind)
    HarnessError.__init__(error, message)
    return error


class UnknownName(HarnessError):
    """A model, task, measure or option that nobody registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str], hint: str = "") -> None:
        choices = sorted(known)
        near = nearest(name, choices)
        guess = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(choices[:12])}."
        super().__init__(f"Unknown {kind} '{name}'. {guess} {hint}")


class DuplicateName(HarnessError):
    """Two plug-ins of one kind claim the same name."""


class PluginError(HarnessError):
    """A plug-in file or package that cannot be imported, or whose signature cannot become options."""


class ConfigError(HarnessError):
    """A YAML or command-line value of the wrong key or type."""


class DataError(HarnessError):
    """A data set that cannot be evaluated as it is: missing, malformed, duplicate, dangling, empty."""


class MalformedData(DataError):
    """Parts that are no data set at all: None, lists of unlike lengths, a text that is none. Told with the plug-in's line."""


class RunError(HarnessError):
    """A system answered with something that is no ranking: a score that is not finite, a document that does not exist."""


class ModelError(HarnessError):
    """A model that cannot be loaded, or whose weights are not the ones that were named."""


class VectorError(HarnessError):
    """An encoder returned a vector that cannot be compared: not finite, or of another dimension."""


class BudgetError(HarnessError):
    """The next request to an endpoint could cost more than is left of the budget."""


class MeasureError(HarnessError):
    """A measure that is malformed or that this run cannot answer."""


class Unreachable(HarnessError):
    """A hub or another host was needed and is not within reach."""


class ResultsError(HarnessError):
    """The results folder cannot be read or written."""


class WriteError(ResultsError):
    """The disk is full, or a folder cannot be written: of the machine, and not of the cell that met it."""


class NotApplicable(HarnessError):
    """This system cannot do this task at all, such as STS with a lexical system. No failure: a mark on the board."""


def nearest(name: str, known: Iterable[str], n: int = 2) -> list[str]:
    """The registered names that `name` most probably meant, best first; compared without regard to case."""
    by_folded = {choice.casefold(): choice for choice in known}
    hits = difflib.get_close_matches(name.casefold(), list(by_folded), n=n, cutoff=0.55)
    prefixed = [folded for folded in by_folded if name and folded.startswith(name.casefold())]
    return [by_folded[hit] for hit in dict.fromkeys([*hits, *prefixed])][:n]
