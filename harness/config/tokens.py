"""A canonical name is a command-line token: `task=mteb/SciFact` means `task=mteb task.name=SciFact`.

Hydra would look for a file of that name; so the names that a command line mentions are given a node before it parses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hydra.core.config_store import ConfigStore

from harness.config.options import schema
from harness.registry import systems, tasks

OPEN = {"task": {"mteb": "name", "mteb-benchmark": "name", "beir": "name"}, "model": {"mteb": "name", "hub": "name"}}
"""Group → choice → the option that the rest of the name fills."""


def named_choices(arguments: Sequence[str]) -> None:
    """Store a node for every `GROUP=CHOICE/REST` that the arguments mention."""
    for argument in arguments:
        group, separator, value = argument.partition("=")
        if separator and group in OPEN:
            for choice, rest in _mentioned(value, OPEN[group]):
                _store(group, choice, rest)


def _mentioned(value: str, choices: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in re.split(r",(?![^(]*\))", value):
        choice, _, rest = name.strip().partition("/")
        if rest and choice in choices:
            yield choice, rest


def _store(group: str, choice: str, rest: str) -> None:
    registry = {"task": tasks, "model": systems}[group]
    plugin = registry.get("dense" if choice == "hub" else choice)
    made = schema(plugin)
    folder, _, name = f"{choice}/{rest}".rpartition("/")
    ConfigStore.instance().store(
        group=f"{group}/{folder}",
        name=name,
        node=made(**{OPEN[group][choice]: rest}),
        package=group,
        provider="harness",
    )
