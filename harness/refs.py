"""What a person asked for: a system or a task by its plug-in and options, from which it can be opened, and opened again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class SystemRef:
    """A system by its plug-in and options, as written: interpolations such as `${bundled:…}` stand in them unresolved.

    `label` is its canonical name: identity on the board, typed on the command line. `longer` are labels with more of the
    folders above its path, for where the shortest is another one's already.
    """

    plugin: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    longer: tuple[str, ...] = ()


@dataclass(frozen=True)
class TaskRef:
    """A task by its plug-in and options, and what is asked of it instead of its own (None: its own).

    From one a record can open its data set again. A task function that stands for several others returns a list of them.
    `about` says in a line what it is. `label` and `longer` as of a `SystemRef`; with `own_label` the label was chosen by a
    person, and stands whatever name the plug-in gives.
    """

    plugin: str
    options: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""
    longer: tuple[str, ...] = ()
    measures: tuple[str, ...] | None = None
    depth: int | None = None
    limit: int | None = None
    own_label: bool = False
    about: str = ""
