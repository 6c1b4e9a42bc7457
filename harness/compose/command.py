"""What every command shares: its options are a dataclass, given as KEY=VALUE, as --key VALUE, or in their place.

click reads the words: it knows commands and their help as people know them. OmegaConf turns KEY=VALUE into typed options,
with the nearest name for an unknown key and one line for a value of the wrong type, as Hydra does for an evaluation.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import textwrap
import typing
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import click
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from harness.compose import plugins
from harness.compose.composition import choosing
from harness.config.kinds import Kind, kind_of
from harness.config.literal import QUOTED, located
from harness.config.schema import Data
from harness.config.tokens import spelled_out
from harness.errors import ConfigError, UnknownName

Options = TypeVar("Options")
Function = Callable[..., int | None]
SOURCES = "data.mirror=DIR data.models=DIR data.cache=DIR: where data sets and models come from, as in an evaluation."


class Command(click.Command):
    """A click command that remembers the function behind it, for who calls it from Python."""

    function: Function


def command(
    options: type, *positional: str, composed: bool = False, plugged: bool = True
) -> Callable[[Function], Command]:
    """Make a function of `options` a command; it returns its exit code, or None for 0.

    Args:
        positional: Options that may be given without their name, in this order.
        composed: Whether the words that choose a task or model (`task=beir task.path=DIR`) are kept apart, and handed
            over as a second argument.
        plugged: Whether the plug-ins are imported before it; one that reads records alone is quicker without.
    """

    def decorate(function: Function) -> Command:
        def callback(key_values: tuple[str, ...], **given: Any) -> int | None:
            if plugged:
                plugins.discover()
            arguments = [
                *key_values,
                *(f"{key}={_written(value)}" for key, value in given.items() if value is not None),
            ]
            chosen, own = choosing(arguments) if composed else ([], arguments)
            settings: Any = parsed(options, named(own, options, positional))
            return function(settings, chosen) if composed else function(settings)

        places = " ".join(name.upper() for name in positional)
        words = click.Argument(
            ["key_values"], nargs=-1, type=click.UNPROCESSED, metavar=f"{places} [KEY=VALUE]…".strip()
        )
        module = inspect.getmodule(function)
        text = (inspect.getdoc(module) or "").replace("\n\n", "\n\n\b\n") if module else ""
        built = Command(
            name=function.__module__.rpartition(".")[2],
            callback=callback,
            params=[words, *_flags(options)],
            help="\b\n" + text,
            epilog=SOURCES if "data" in {field.name for field in dataclasses.fields(options)} else None,
        )
        built.function = function
        return built

    return decorate


def _flags(options: type) -> Iterator[click.Option]:
    """`--key VALUE` of each option, `--key` or `--no-key` of one that is true or false."""
    documents = documentation(options)
    for field in dataclasses.fields(options):
        if field.name == "data":  # data.mirror=DIR has no flag of its own
            continue
        flag = f"--{field.name}/--no-{field.name}" if field.type == "bool" else f"--{field.name}"
        yield click.Option([flag, field.name], help=f"{documents.get(field.name, '')}{_default(field)}", default=None)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def named(arguments: Sequence[str], options: type, positional: Sequence[str]) -> list[str]:
    """The arguments as KEY=VALUE, also what stands in a place of its own."""
    fields = {field.name for field in dataclasses.fields(options)}
    words, free = [], list(positional)
    for argument in arguments:
        key, separator, _ = argument.partition("=")
        if free and not (separator and key.partition(".")[0] in fields):  # a.run is a file, a=x an option
            words.append(f"{free.pop(0)}={argument}")
        else:
            words.append(argument)
    return words


def parsed(options: type[Options], arguments: Sequence[str]) -> Options:
    """The options that `KEY=VALUE` arguments give; `ConfigError` names what is wrong."""
    arguments = spelled_out(arguments)
    known = [field.name for field in dataclasses.fields(options)]  # type: ignore[arg-type]
    for argument in arguments:
        key, separator, _ = argument.partition("=")
        if not separator:
            raise ConfigError(f"'{argument}' is not KEY=VALUE. Options: {', '.join(known)}.")
        if key.partition(".")[0] not in known:
            raise UnknownName("option", key, known)
    merged = OmegaConf.structured(options)
    for argument in arguments:
        key, _, text = argument.partition("=")
        try:
            OmegaConf.update(merged, key, _value(_kind(options, key), key, text))
            OmegaConf.to_object(merged)  # what `${…}` stands for
        except OmegaConfBaseException as error:
            raise ConfigError(f"{argument}: {str(error).splitlines()[0]}.") from error
        except YAMLError as error:
            raise ConfigError(f"{argument}: {getattr(error, 'problem', None) or 'this is no value'}.") from error
    return OmegaConf.to_object(merged)  # type: ignore[return-value]


def _kind(options: type, key: str) -> Kind:
    name, _, inner = key.partition(".")
    hints = typing.get_type_hints(options)
    if inner:
        hints = typing.get_type_hints(Data) if name == "data" else {}
        if inner not in hints:
            raise UnknownName("option", key, [f"{name}.{known}" for known in hints] or typing.get_type_hints(options))
    return kind_of(hints[inner or name], inner or name)


def _value(kind: Kind, key: str, text: str) -> Any:
    """Text as it stands where the option is text, so that a path may hold anything; else what it says in YAML."""
    if kind.text and not QUOTED.fullmatch(text) and not (kind.empty and text == "null"):
        return located(key, text) if kind.path else text
    return OmegaConf.from_dotlist([f"value={text}"]).value


def documentation(options: type) -> dict[str, str]:
    """Option → what is written below it in the dataclass."""
    body = ast.parse(textwrap.dedent(inspect.getsource(options))).body[0]
    assert isinstance(body, ast.ClassDef)
    texts, before = {}, ""
    for line in body.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            before = line.target.id
        elif before and isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant):
            texts[before] = " ".join(str(line.value.value).split())
            before = ""
    return texts


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default not in (dataclasses.MISSING, None, ""):
        return f" [{str(field.default).lower() if isinstance(field.default, bool) else field.default}]"
    return ""
