"""Canonical names: `nDCG@10`, `success(rel=2)@5`, `recall@100`. The string is identity, header and token.

A measure's function declares its parameters; `k` is the cutoff after `@`, the others stand in brackets, and one that
equals its default is not written.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Any

from harness.errors import MeasureError, UnknownName
from harness.registry import Plugin, measures

SHAPE = re.compile(r"(?P<name>[A-Za-z][\w+-]*)(?:\((?P<options>[^()]*)\))?(?:@(?P<k>\d+))?")


@dataclass(frozen=True)
class Measure:
    """A registered measure with its parameters bound.

    Attributes:
        name: The canonical name.
        k: The cutoff, or None where the whole ranking counts.
        options: Every parameter of the function, the cutoff included.
    """

    name: str
    plugin: Plugin
    k: int | None
    options: dict[str, Any]


def parse(text: str) -> Measure:
    """The measure that a name stands for, in canonical form.

    Raises:
        MeasureError: A malformed name, an unknown parameter, a cutoff where none is taken or none where one is needed.
        UnknownName: Nobody registered it; names the nearest.
    """
    match = SHAPE.fullmatch(text.strip())
    if match is None:
        raise MeasureError(f"'{text}' is not the name of a measure. Write it as nDCG@10, MAP or success(rel=2)@5.")
    plugin = _registered(match["name"])
    parameters = inspect.signature(plugin.function).parameters
    takes = {
        key: parameter for key, parameter in parameters.items() if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    options: dict[str, Any] = {}
    for pair in filter(None, (match["options"] or "").split(",")):
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or key not in takes or key == "k":
            choices = [f"{name}={takes[name].default}" for name in takes if name != "k"]
            raise MeasureError(
                f"'{text}': {plugin.name} has no parameter '{key}'. It takes {', '.join(choices) or 'none'}."
            )
        options[key] = _cast(text, key, value, takes[key].default)
    if match["k"] is not None:
        if "k" not in takes:
            raise MeasureError(f"'{text}': {plugin.name} takes no cutoff. Write {plugin.name}.")
        options["k"] = int(match["k"])
        if options["k"] < 1:
            raise MeasureError(f"'{text}': a cutoff is at least 1.")
    bound = {key: options.get(key, parameter.default) for key, parameter in takes.items()}
    if "k" in takes and bound["k"] is inspect.Parameter.empty:
        raise MeasureError(f"'{text}' needs a cutoff. Write {plugin.name}@10.")
    return Measure(_canonical(plugin, bound, takes), plugin, bound.get("k"), bound)


def _registered(name: str) -> Plugin:
    if name in measures:
        return measures.get(name)
    folded = {plugin.name.casefold(): plugin for plugin in measures}
    if name.casefold() in folded:
        return folded[name.casefold()]
    raise UnknownName("measure", name, [plugin.name for plugin in measures])


def _canonical(plugin: Plugin, bound: dict[str, Any], takes: dict[str, inspect.Parameter]) -> str:
    written = [f"{key}={value}" for key, value in bound.items() if key != "k" and value != takes[key].default]
    cutoff = f"@{bound['k']}" if bound.get("k") is not None else ""
    return plugin.name + (f"({','.join(written)})" if written else "") + cutoff


def _cast(text: str, key: str, value: str, default: Any) -> Any:
    kind = type(default) if default is not inspect.Parameter.empty else str
    try:
        return kind(value)
    except ValueError:
        raise MeasureError(f"'{text}': {key}={value} is not a {kind.__name__}.") from None
