"""The plug-in behind a choice: itself, or the one that a YAML of `conf/` extends. A YAML that extends none is told its line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigError, UnknownName
from harness.registry import Plugin, systems, tasks

REGISTRIES = {"model": systems, "task": tasks}


def plugin_of(group: str, choice: str, folders: Sequence[Path]) -> Plugin | None:
    """The plug-in that a choice stands for; None where there is no such choice.

    Args:
        folders: The `conf/` folders, in the order in which a name is looked for.

    Raises:
        HarnessError: A YAML that says no `defaults: [NAME]`, says it wrong, or extends what there is not.
    """
    registry, name, before = REGISTRIES[group], choice.partition("/")[0], ""
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        file = next((file for folder in folders if (file := folder / group / f"{name}.yaml").is_file()), None)
        content = _content(file, group) if file is not None else {}
        if content is None:
            return None
        if file is None or content.get("_plugin_") in registry:
            name = str(content.get("_plugin_", name))
            if name not in registry and before:
                raise UnknownName(group, name, [plugin.name for plugin in registry], f"{before} extends it.")
            return registry.get(name) if name in registry else None
        name, before = _extended(file, group, content), str(file)
    raise ConfigError(f"{before} extends itself, by its defaults. Name a {group} that is a plug-in at last.")


def _content(file: Path, group: str) -> Mapping[str, Any] | None:
    """What a YAML holds; None where it is none, which Hydra tells with its line."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not UTF-8: {error.reason} at byte {error.start}. Save it as UTF-8.") from error
    except (OSError, ValueError, yaml.YAMLError):
        return None
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{file}:1: a {group} is written as KEY: VALUE, and this is a {type(content).__name__}.")
    return content or {}


def _extended(file: Path, group: str, content: Mapping[str, Any]) -> str:
    """The name that a YAML extends."""
    example = {"model": "hub", "task": "table"}[group]
    if "defaults" not in content:
        raise ConfigError(
            f"{file} does not say which {group} it extends. Write 'defaults: [{example}]' into it; known: "
            f"{', '.join(plugin.name for plugin in REGISTRIES[group])}, and other YAMLs."
        )
    defaults = content["defaults"]
    names = [str(name) for name in defaults if name != "_self_"] if isinstance(defaults, list) else []
    if not names:
        raise ConfigError(f"{file}: defaults: {defaults} is no list of one name. Write it as 'defaults: [{example}]'.")
    return names[0].partition("/")[0]
