"""What kind of value an option takes: by the type in the signature of the chosen plug-in, or in the settings of every run."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from harness.config.choices import REGISTRIES, plugin_of
from harness.config.options import hints
from harness.config.schema import Data, Encode, Settings
from harness.registry import Plugin

PATHS = {"path", "held_out", "results", "mirror", "models", "cache", "file", "to"}
"""Options whose text is the path of a file or folder; every option of the type `Path` is one too."""


@dataclass(frozen=True)
class Kind:
    """What the type of an option says of its value.

    Attributes:
        text: The value is text, whatever it looks like: `str`, `str | None` or `Path`, and no `Literal`.
        empty: `null` means that there is none.
        path: The text is the path of a file or folder.
        mapping: The value is a `dict`.
        entry: The value is one of those in a `dict`, which may not have its key yet.
    """

    text: bool = False
    empty: bool = False
    path: bool = False
    mapping: bool = False
    entry: bool = False


def kind_of(hint: Any, name: str) -> Kind:
    """The kind of an option of that type and name."""
    parts = get_args(hint) if get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
    some = [part for part in parts if part is not type(None)]
    text = bool(some) and all(part in (str, Path) for part in some)
    return Kind(
        text=text,
        empty=len(some) < len(parts),
        path=text and (name in PATHS or Path in some),
        mapping=any(get_origin(part) is dict or part is dict for part in some),
    )


@dataclass(frozen=True)
class Kinds:
    """The kinds of the options of one command line.

    Attributes:
        chosen: `model` and `task` → the plug-ins that were chosen, or all of them where the command line does not say.
    """

    chosen: Mapping[str, Sequence[Plugin]]

    @staticmethod
    def of(words: Iterable[str], folders: Sequence[Path]) -> Kinds:
        """Of the words of a command line, whose YAMLs lie in those `conf/` folders."""
        named: dict[str, list[str]] = {}
        for word in words:
            group, _, value = word.partition("=")
            if group in REGISTRIES:
                named[group] = [name.strip() for name in value.split(",")]
        chosen = {}
        for group, registry in REGISTRIES.items():
            plugins = [plugin_of(group, name, folders) for name in named.get(group, [])]
            known = [plugin for plugin in plugins if plugin is not None]
            chosen[group] = known if known and len(known) == len(plugins) else list(registry)
        return Kinds(chosen)

    def __getitem__(self, key: str) -> Kind:
        """The kind of an option such as `task.path`; where the chosen plug-ins differ in it, no kind at all."""
        group, _, name = key.partition(".")
        if group not in self.chosen:
            node = {"data": Data, "encode": Encode}.get(group, Settings) if name else Settings
            return kind_of(typing.get_type_hints(node).get(name or group, Any), name or group)
        name, _, inner = name.partition(".")
        types_of = [hints(plugin) for plugin in self.chosen[group]]
        kinds = {kind_of(options[name], name) for options in types_of if name in options}
        kind = kinds.pop() if len(kinds) == 1 else Kind()
        return Kind(text=kind.mapping, entry=kind.mapping) if inner else kind
