"""A published score with the settings it was made under, and the YAML file that lists such scores.

A setting that is not stated is unknown: it is compared with nothing. A mistake in the file is one line with its place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.errors import ConfigError, nearest

NUMBER = (int, float)
TEXT = (str,)
KEYS: dict[str, tuple[type, ...]] = {
    "model": TEXT, "task": TEXT, "options": (list,), "measure": TEXT, "value": NUMBER, "tolerance": NUMBER,
    "source": TEXT, "note": TEXT, "settings": (dict,),
}  # fmt: skip
NEEDED = ("model", "task", "measure", "value", "tolerance", "source")
SETTINGS: dict[str, tuple[type, ...]] = {
    "revision": TEXT, "weights": TEXT, "prompts": (dict,), "max_length": (int,), "dtype": TEXT, "similarity": TEXT,
    "normalize": (bool,), "method": TEXT, "k1": NUMBER, "b": NUMBER, "stopwords": TEXT, "stemmer": TEXT, "tokenizer": TEXT,
    "dataset_revision": TEXT, "split": TEXT, "queries": (int,), "title": TEXT, "depth": (int,), "libraries": (dict,),
}  # fmt: skip
"""What may be stated of how a score was made. Those in the middle are facts of a record under the same name."""
CHOICES = {"title": ("none", "once", "twice"), "prompts": ("query", "document", "text")}
PLAIN = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "KEY: VALUE",
}


@dataclass(frozen=True)
class Published:
    """One published score.

    Attributes:
        model, task, options: Command-line tokens and further words that evaluate it here.
        measure: Canonical name, or mteb's own for a task that mteb scores.
        value: The mean, in the measure's unit.
        tolerance: The largest gap that still counts as reproduced, in the same unit; `note` says why it is that wide.
        source: Where it was published, and when.
        settings: What is known of how it was made; by the names in `SETTINGS`.
        place: `FILE:LINE: entry N` for messages.
    """

    model: str
    task: str
    measure: str
    value: float
    tolerance: float
    source: str
    options: tuple[str, ...] = ()
    note: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    place: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of a command line that evaluate it."""
        return (f"model={self.model}", f"task={self.task}", *self.options)

    def met_by(self, value: float) -> bool:
        """True if our value is within the tolerance; rounding errors of the subtraction do not count."""
        return abs(value - self.value) <= self.tolerance + 1e-12


def read(path: Path) -> list[Published]:
    """The scores of a file, in its order; `ConfigError` names file, line and entry of what is wrong."""
    if not path.is_file():
        raise ConfigError(f"file={path} is not a file. Give a YAML list of published scores.")
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        raise ConfigError(f"{where}: not YAML: {getattr(error, 'problem', None) or error}.") from error
    if not isinstance(root, yaml.SequenceNode) or not root.value:
        raise ConfigError(f"{path}:1: not a list of scores. Each starts with '- model: NAME'.")
    return [_entry(path, number, node) for number, node in enumerate(root.value, start=1)]


def _entry(path: Path, number: int, node: yaml.Node) -> Published:
    def location(at: yaml.Node) -> str:
        return f"{path}:{at.start_mark.line + 1}: entry {number}"

    fields = dict(_checked(node, KEYS, location, ""))
    for key in NEEDED:
        if key not in fields:
            raise ConfigError(f"{location(node)} says no {key}. An entry needs {', '.join(NEEDED)}.")
    if fields["tolerance"] < 0:
        raise ConfigError(f"{location(node)}: tolerance={fields['tolerance']} is below 0.")
    fields["options"] = tuple(map(str, fields.get("options", ())))
    return dataclasses.replace(Published(**fields), place=location(node))


def _checked(
    node: yaml.Node, keys: Mapping[str, tuple[type, ...]], location: Any, of: str
) -> Iterator[tuple[str, Any]]:
    """Each key of a mapping with its value; unknown and repeated ones, and values of another type, are refused."""
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{location(node)}{of} is not KEY: VALUE.")
    seen: set[str] = set()
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key not in keys:
            raise ConfigError(f"{location(key_node)}: unknown key '{of}{key}'. {_guess(key, keys)}")
        if key in seen:
            raise ConfigError(f"{location(key_node)} says '{of}{key}' twice.")
        seen.add(key)
        value = yaml.constructor.SafeConstructor().construct_document(value_node)
        kinds = keys[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ConfigError(f"{location(key_node)}: {of}{key} is to be {PLAIN[kinds[-1]]}, not '{value_node.value}'.")
        if key in CHOICES:
            for choice in value if isinstance(value, dict) else [value]:
                if choice not in CHOICES[key]:
                    raise ConfigError(
                        f"{location(key_node)}: {of}{key}: '{choice}'. {_guess(str(choice), CHOICES[key])}"
                    )
        yield key, dict(_checked(value_node, SETTINGS, location, "settings.")) if key == "settings" else value


def _guess(name: str, choices: Iterable[str]) -> str:
    near = nearest(name, choices)
    return f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(choices)}."
