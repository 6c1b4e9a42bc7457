"""How `python -m harness.COMMAND KEY=VALUE …` is parsed and answered: the same for every command; `--key VALUE` too.

A command is a function of one dataclass of options. Unknown keys get the nearest, wrong types get one line, mistakes
exit with 2.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from harness import plugins
from harness.answers import guarded
from harness.config.tokens import spelled_out
from harness.errors import ConfigError, UnknownName

Options = TypeVar("Options")


def command(
    options: type[Options], *positional: str
) -> Callable[[Callable[[Options], int | None]], Callable[[], None]]:
    """Make a function of `options` the entry of a command; it returns its exit code, or None for 0.

    Args:
        positional: Options that may be given without their name, in this order.
    """

    def decorate(function: Callable[[Options], int | None]) -> Callable[[], None]:
        @functools.wraps(function)
        def entry() -> None:
            sys.exit(guarded(lambda: _run(function, options, named(sys.argv[1:], options, positional))))

        return entry

    return decorate


def _run(function: Callable[[Any], int | None], options: type, arguments: Sequence[str]) -> int | None:
    if {"-h", "--help"} & set(arguments):
        print(_help(function, options))  # noqa: T201
        return 0
    plugins.discover()
    return function(parsed(options, arguments))


def named(arguments: Sequence[str], options: type, positional: Sequence[str]) -> list[str]:
    """The arguments as KEY=VALUE: `--key VALUE` and `--flag` of a known option, and what stands in a place of its own."""
    fields = {field.name: field for field in dataclasses.fields(options)}
    words, free, waiting = [], list(positional), ""
    for argument in arguments:
        key, separator, value = argument.removeprefix("--").partition("=")
        if waiting:
            words.append(f"{waiting}={argument}")
            waiting = ""
        elif argument.startswith("--") and key in fields:
            if separator or fields[key].type == "bool":
                words.append(f"{key}={value or 'true'}")
            else:
                waiting = key
        elif free and not argument.startswith("-") and key not in fields:
            words.append(f"{free.pop(0)}={argument}")
        else:
            words.append(argument)
    if waiting:
        raise ConfigError(f"--{waiting} needs a value: --{waiting} VALUE.")
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
    try:
        merged = OmegaConf.merge(OmegaConf.structured(options), OmegaConf.from_dotlist(list(arguments)))
        return OmegaConf.to_object(merged)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", "") or ""
        raise ConfigError(f"{key}: {str(error).splitlines()[0]}") from error


def _help(function: Callable[[Any], int | None], options: type) -> str:
    module = sys.modules[function.__module__]
    lines = [(inspect.getdoc(module) or "").strip(), "", "Options (KEY=VALUE):"]
    lines += [
        f"  {field.name} = {field.default if field.default is not dataclasses.MISSING else '…'}"
        for field in dataclasses.fields(options)
    ]
    return "\n".join(lines)
