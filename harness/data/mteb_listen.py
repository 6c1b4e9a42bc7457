"""Listening to one of mteb's tasks: what a method of it is given and returns, and what is made of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.types import Scale

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Items:
    """One value per item.

    Attributes:
        what: What the items are, in the plural.
        scale: What the score is of them (see `types.Evaluated`).
        ids: The items' names; their numbers where there are none.
    """

    what: str
    values: Floats
    scale: Scale
    ids: Sequence[str] | None = None


class NoItems(Exception):
    """Why a main score has no values per item."""


@dataclass(frozen=True)
class Call:
    """What a method was given, and what it returned."""

    arguments: tuple[Any, ...]
    result: Any


Reader = Callable[[Mapping[str, Any]], Items]


def listen(owner: Any, name: str, *, instead: bool = False) -> list[Call]:
    """The calls of a method of this one object, noted as they come; with `instead` nothing else is done."""
    calls: list[Call] = []
    method = getattr(owner, name)

    def noted(*arguments: Any, **options: Any) -> Any:
        result = None if instead else method(*arguments, **options)
        calls.append(Call(arguments, result))
        return result

    setattr(owner, name, noted)
    return calls


def refused(task: Any) -> NoItems:
    """The reason where a kind of task, or its main score, is not known."""
    return NoItems(f"no values per item are known of {task.metadata.type} with {task.metadata.main_score}")


def rows_of(task: Any, subset: str, split: str) -> Any:
    """The data of a split, as mteb finds them."""
    data = task.dataset
    return data[split] if subset not in data and subset == "default" else data[subset][split]
