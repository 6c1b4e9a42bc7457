"""The arguments of an evaluation: KEY=VALUE, also as `--key VALUE`, beside the flags that Hydra has of its own."""

from __future__ import annotations

import dataclasses
import re
from argparse import Namespace
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from harness.config.schema import Settings
from harness.errors import ConfigError, UnknownName

FLAG = re.compile(r"--(no-)?([a-z]\w*(?:\.\w+)*)(?:=(.*))?", re.S)
MULTIRUN = ("-m", "--multirun", "hydra.mode=MULTIRUN")


def parsed(arguments: Sequence[str]) -> tuple[Namespace, Any]:
    """What Hydra's own parser makes of the arguments, and that parser; `ConfigError` for a flag that there is not."""
    from hydra._internal.utils import get_args_parser

    parser = get_args_parser()
    flags = [flag for action in parser._actions for flag in action.option_strings]

    def refuse(message: str) -> NoReturn:
        about, _, named = message.partition(": ")
        if about == "unrecognized arguments":
            known = [*flags, *(f"--{field.name}" for field in dataclasses.fields(Settings))]
            raise UnknownName("flag", named.split(" ")[0], known, "Options are KEY=VALUE; harness --help lists them.")
        raise ConfigError(f"{message}. Options are KEY=VALUE; harness --help lists them.")

    parser.error = refuse  # type: ignore[method-assign]
    words = list(_spelled(arguments))
    if words and all(word in MULTIRUN for word in words):
        raise ConfigError("-m is a sweep over values, and none is named: harness -m model=minilm,bm25 task=legal,faq.")
    return parser.parse_intermixed_args(words), parser


def sweeping(options: Namespace) -> bool:
    """Whether a comma stands between values."""
    return bool(options.multirun) or MULTIRUN[-1] in options.overrides


def _spelled(arguments: Sequence[str]) -> Iterator[str]:
    """`--model bm25`, `--model=bm25` and `--no-board` as KEY=VALUE."""
    types = {field.name: field.type for field in dataclasses.fields(Settings)}
    rest = iter(arguments)
    for argument in rest:
        flag = FLAG.fullmatch(argument)
        if flag is None or flag[2].partition(".")[0] not in types:
            yield argument
        elif types.get(flag[2]) == "bool" and flag[3] is None:
            yield f"{flag[2]}={'false' if flag[1] else 'true'}"
        elif flag[1]:
            raise ConfigError(f"{argument} is no flag: {flag[2]} is not true or false. Say {flag[2]}=VALUE.")
        else:
            value = flag[3] if flag[3] is not None else next(rest, None)
            if value is None:
                raise ConfigError(f"{argument} needs a value: {flag[2]}=VALUE.")
            yield f"{flag[2]}={value}"
