"""Plug-ins: a decorated function is a task, a system or a measure; its parameters are its options.

    @task
    def legal(split: Literal["test", "dev", "train"] = "test") -> Task: ...

The decorator only notes the function; reading the signature, and making the options known to Hydra, is
`harness/config/`. Two plug-ins of one name are refused, with both places.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from harness.errors import DuplicateName, UnknownName

Function = TypeVar("Function", bound=Callable[..., Any])
Direction = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Plugin:
    """A registered function: its canonical name, itself, and what its decorator said of it.

    `required` names options that have to be given although the function has a default for them; `not_identity` those of
    a system that move no number, or that its own identity covers; `unlabelled` those that stand in no name either.
    """

    kind: str
    name: str
    function: Callable[..., Any]
    unit: str = ""
    direction: Direction = "higher"
    source: str = ""
    required: tuple[str, ...] = ()
    about: str = ""
    not_identity: frozenset[str] = frozenset()
    unlabelled: frozenset[str] = frozenset()

    @property
    def place(self) -> str:
        """File and line of the function, for messages."""
        code = inspect.unwrap(self.function).__code__
        return f"{Path(code.co_filename)}:{code.co_firstlineno}"

    @property
    def summary(self) -> str:
        """One line for the help: what the decorator says, else the first line of the docstring."""
        return self.about or (inspect.getdoc(self.function) or "").strip().partition("\n")[0]


class Registry:
    """The plug-ins of one kind, by name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._plugins: dict[str, Plugin] = {}

    def add(self, plugin: Plugin) -> None:
        """Register; refuse a name that another function has."""
        existing = self._plugins.get(plugin.name)
        if existing is not None and existing.place != plugin.place:
            raise DuplicateName(
                f"Two {self.kind}s are named '{plugin.name}': {existing.place} and {plugin.place}. Rename one of them."
            )
        self._plugins[plugin.name] = plugin

    def get(self, name: str) -> Plugin:
        """The plug-in of that name; `UnknownName` with the nearest otherwise."""
        if name not in self._plugins:
            raise UnknownName(self.kind, name, self._plugins)
        return self._plugins[name]

    def __contains__(self, name: object) -> bool:
        return name in self._plugins

    def __iter__(self) -> Iterator[Plugin]:
        return iter(sorted(self._plugins.values(), key=lambda plugin: plugin.name))


tasks = Registry("task")
systems = Registry("model")
measures = Registry("measure")


@overload
def task(function: Function) -> Function: ...
@overload
def task(*, name: str) -> Callable[[Function], Function]: ...
def task(function: Function | None = None, *, name: str = "") -> Function | Callable[[Function], Function]:
    """Register a function that returns a `Task`, a `Delegated`, or the `TaskRef`s that it stands for."""
    return _register(tasks, function, name)


@overload
def system(function: Function) -> Function: ...
@overload
def system(
    *, name: str = "", required: tuple[str, ...] = (), about: str = "", not_identity: Iterable[str] = (),
    unlabelled: Iterable[str] = (),
) -> Callable[[Function], Function]: ...  # fmt: skip
def system(
    function: Function | None = None, *, name: str = "", required: tuple[str, ...] = (), about: str = "",
    not_identity: Iterable[str] = (), unlabelled: Iterable[str] = (),
) -> Function | Callable[[Function], Function]:  # fmt: skip
    """Register a function that returns a `System`. Its options are passed by keyword; `label`, the canonical name, and
    `context` too where it takes them.

    One function may be registered under several names, with other options required and another line in the help.

    Args:
        required: Options that have to be given although they have a default.
        about: The line in the help; else the first of the docstring.
        not_identity: Options that move no number, or whose effect the system's own `identity` covers. Every other option
            is part of its identity: one that is forgotten here costs an evaluation, and not a wrong number.
        unlabelled: Of these, the options that do not make another row of the board: how often an endpoint is asked at once.
    """
    return _register(systems, function, name, required, about, not_identity, unlabelled)


def measure(
    *, unit: str, direction: Direction = "higher", source: str = "", name: str = ""
) -> Callable[[Function], Function]:
    """Register a function from one query's `Judged` ranking to a float; a parameter `k` becomes the cutoff `@k`.

    Args:
        unit: What the number counts: `share`, `EUR`, `documents` …
        direction: Whether a higher or a lower value is better.
        source: The paper, specification or person that defined it.
        name: The canonical name; the function's name with hyphens where not given.
    """

    def register(function: Function) -> Function:
        measures.add(Plugin("measure", name or _hyphened(function), function, unit, direction, source))
        return function

    return register


def _register(
    registry: Registry, function: Function | None, name: str, required: tuple[str, ...] = (), about: str = "",
    not_identity: Iterable[str] = (), unlabelled: Iterable[str] = (),
) -> Function | Callable[[Function], Function]:  # fmt: skip
    def register(function: Function) -> Function:
        plugin = Plugin(
            registry.kind, name or _hyphened(function), function, required=required, about=about,
            not_identity=frozenset([*not_identity, *unlabelled]), unlabelled=frozenset(unlabelled),
        )  # fmt: skip
        registry.add(plugin)
        return function

    return register if function is None else register(function)


def _hyphened(function: Callable[..., Any]) -> str:
    return function.__name__.replace("_", "-")
