"""A plug-in's signature → a dataclass of options → a node in Hydra's ConfigStore.

The node carries the plug-in's name in `_plugin_`, so that a YAML which extends it (`defaults: [hub]`) still says
who is to be called. OmegaConf knows no `Literal`; such an option is a string in the schema and checked in `call`.
Every node also takes `label`, a name of one's own for the board, and `override`, which lets a private YAML stand in for a
built-in one of its name; neither is passed to the plug-in.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness.errors import ConfigError, PluginError, nearest
from harness.registry import Plugin

NOT_OPTIONS = {"label", "context"}
"""Parameters that the harness passes itself."""
COMMON: list[tuple[str, Any, Any]] = [
    ("label", typing.Optional[str], dataclasses.field(default=None)),  # noqa: UP045 - a value, not an annotation
    ("override", bool, dataclasses.field(default=False)),
]
"""What every node takes beside the plug-in's own options."""


def store(plugin: Plugin) -> None:
    """Make the plug-in's options known to Hydra as `KIND=NAME`, before overrides are parsed."""
    ConfigStore.instance().store(group=plugin.kind, name=plugin.name, node=schema(plugin), provider=plugin.place)


def schema(plugin: Plugin) -> type:
    """The dataclass of a plug-in's options, with `_plugin_` in front; `PluginError` where a type cannot be an option."""
    fields: list[tuple[str, Any, Any]] = [("_plugin_", str, dataclasses.field(default=plugin.name))]
    for parameter, hint in _options(plugin):
        given = parameter.replace(default=parameter.empty) if parameter.name in plugin.required else parameter
        fields.append((parameter.name, _storable(hint), _default(given)))
    made = dataclasses.make_dataclass(plugin.name.replace("-", "_"), [*fields, *COMMON])
    try:
        OmegaConf.structured(made)
    except (OmegaConfBaseException, ValueError) as error:
        raise PluginError(
            f"{plugin.place}: the {plugin.kind} '{plugin.name}' has a parameter that cannot be an option "
            f"({error}). Use str, int, float, bool, a list or dict of these, a Literal, or X | None."
        ) from error
    return made


def resolved(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a plug-in is to get them: `${bundled:…}` and other interpolations resolved."""
    return OmegaConf.to_container(OmegaConf.create(dict(options)), resolve=True)  # type: ignore[return-value]


def call(plugin: Plugin, options: Mapping[str, Any], **extra: Any) -> Any:
    """Call the plug-in with its options; a missing one, or a value outside a `Literal`, is a `ConfigError`."""
    unpassed = {"_plugin_", *(key for key, *_ in COMMON)}
    given = {key: value for key, value in options.items() if key not in unpassed}
    for parameter, hint in _options(plugin):
        key = f"{plugin.kind}.{parameter.name}"
        if parameter.name not in given:
            if parameter.default is inspect.Parameter.empty:
                raise ConfigError(f"{key} is needed by {plugin.kind}={plugin.name}. Add {key}=VALUE.")
            continue
        choices = _literals(hint)
        value = given[parameter.name]
        if choices and value not in choices:
            near = nearest(str(value), map(str, choices)) or list(map(str, choices))
            raise ConfigError(f"{key}={value} is none of {', '.join(map(str, choices))}. Did you mean {near[0]}?")
    accepted = inspect.signature(plugin.function).parameters
    passed = {key: value for key, value in extra.items() if key in accepted}
    return plugin.function(**given, **passed)


def hints(plugin: Plugin) -> dict[str, Any]:
    """Option → its type, as the plug-in's signature has it, and those that every node takes."""
    return {**{key: hint for key, hint, _ in COMMON}, **{option.name: hint for option, hint in _options(plugin)}}


def _options(plugin: Plugin) -> Iterator[tuple[inspect.Parameter, Any]]:
    try:
        hints = typing.get_type_hints(plugin.function)
    except Exception as error:
        raise PluginError(f"{plugin.place}: a type of '{plugin.name}' cannot be read: {error}") from error
    for parameter in inspect.signature(plugin.function).parameters.values():
        if parameter.name in NOT_OPTIONS:
            continue
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            raise PluginError(f"{plugin.place}: '{plugin.name}' takes *args or **kwargs, which cannot be options.")
        yield parameter, hints.get(parameter.name, Any)


def _default(parameter: inspect.Parameter) -> Any:
    if parameter.default is inspect.Parameter.empty:
        return dataclasses.field(default=MISSING)
    default = parameter.default
    if isinstance(default, tuple):
        default = list(default)
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default))
    return dataclasses.field(default=default)


def _literals(hint: Any) -> tuple[Any, ...]:
    """The values that a `Literal`, or a `Literal | None`, admits; empty for any other type."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    if get_origin(hint) in (types.UnionType, typing.Union):
        values = tuple(value for part in get_args(hint) for value in _literals(part))
        return (*values, None) if values and type(None) in get_args(hint) else values
    return ()


def _storable(hint: Any) -> Any:
    """The same type without `Literal`, which OmegaConf does not know."""
    if get_origin(hint) is Literal:
        return type(get_args(hint)[0])
    if get_origin(hint) in (types.UnionType, typing.Union):
        parts = tuple(_storable(part) for part in get_args(hint))
        return typing.Union[parts]  # noqa: UP007 - built from a tuple
    return hint
