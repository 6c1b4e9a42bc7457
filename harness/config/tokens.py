"""A canonical name is a command-line token, also where Hydra's own grammar would not take it.

`task=mteb/SciFact` means `task=mteb task.name=SciFact`: Hydra would look for a file of that name, so the names that a
command line mentions are given a node before it parses. `model=bm25(k1=0.9)` means `model=bm25 model.k1=0.9`, and
`measures=[success(rel=2)@5]` is quoted: Hydra would read the brackets as a function. `measures=nDCG@10` is a list of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hydra.core.config_store import ConfigStore

from harness.config.options import schema
from harness.registry import systems, tasks

OPEN = {"task": {"mteb": "name", "mteb-benchmark": "name", "beir": "name"}, "model": {"mteb": "name", "hub": "name"}}
"""Group → choice → the option that the rest of the name fills."""


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """The arguments as Hydra takes them."""
    words: list[str] = []
    for argument in arguments:
        called = re.fullmatch(r"(model|task)=([\w./+-]+)\((\w+=[^()]*)\)", argument)
        listed = re.fullmatch(r"measures=\[?([^\[\]]+)\]?", argument)
        if called:
            group, choice, options = called.groups()
            words += [f"{group}={choice}", *(f"{group}.{option.strip()}" for option in options.split(","))]
        elif listed and not re.search("[\"']", argument):
            words.append(f"measures=[{','.join(_quoted(name) for name in _split(listed[1]))}]")
        else:
            words.append(argument)
    return words


def named_choices(arguments: Sequence[str]) -> None:
    """Store a node for every `GROUP=CHOICE/REST` that the arguments mention."""
    for argument in arguments:
        group, separator, value = argument.partition("=")
        if separator and group in OPEN:
            for choice, rest in _mentioned(value, OPEN[group]):
                _store(group, choice, rest)


def _mentioned(value: str, choices: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in _split(value):
        choice, _, rest = name.strip().partition("/")
        if rest and choice in choices:
            yield choice, rest


def _store(group: str, choice: str, rest: str) -> None:
    registry = {"task": tasks, "model": systems}[group]
    made = schema(registry.get(choice))
    folder, _, name = f"{choice}/{rest}".rpartition("/")
    ConfigStore.instance().store(
        group=f"{group}/{folder}",
        name=name,
        node=made(**{OPEN[group][choice]: rest}),
        package=group,
        provider="harness",
    )


def _split(value: str) -> list[str]:
    """At the commas that stand outside brackets."""
    return re.split(r",(?![^(]*\))", value)


def _quoted(name: str) -> str:
    return f'"{name.strip()}"' if "(" in name else name.strip()
