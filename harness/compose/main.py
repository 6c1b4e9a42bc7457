"""`harness [COMMAND] …`: the first word is a command of `harness/commands/`, found by its file; else it is an evaluation."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.compose.exit_codes import MISTAKE, guarded
from harness.errors import ConfigError, nearest

FOLDER = "harness.commands"


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry of `harness` and `python -m harness`; exits with 0, 1 (something failed), 2 (a mistake) or 130 (interrupted)."""
    sys.exit(guarded(lambda: run(list(sys.argv[1:] if arguments is None else arguments))))


def run(words: list[str]) -> int | None:
    """Do what the words say; the exit code."""
    commands = names()
    first = words[0] if words else ""
    if first in commands:
        return _command(first, words[1:])
    if {"-h", "--help"} & set(words):
        from harness.compose.help import help_text

        print(help_text({name: summary(name) for name in commands}), end="")  # noqa: T201
        return 0
    if first and "=" not in first and not first.startswith("-"):
        near = nearest(first, commands)
        guess = f"Did you mean {' or '.join(near)}?" if near else f"Commands: {', '.join(commands)}."
        raise ConfigError(
            f"'{first}' is neither a command nor KEY=VALUE. {guess} An evaluation: harness model=NAME task=NAME."
        )
    from harness.compose import application

    return application.run(words)


def names() -> list[str]:
    """The commands that there are."""
    package = importlib.import_module(FOLDER)
    return sorted(module.name for module in pkgutil.iter_modules(package.__path__))


def summary(name: str) -> str:
    """A command's one line: what the first line of its file says, without importing it."""
    path = Path(str(importlib.import_module(FOLDER).__file__)).with_name(f"{name}.py")
    with path.open(encoding="utf-8") as lines:
        first = lines.readline().strip().strip('"')
    return first.partition("`: ")[2] or first


def _command(name: str, words: list[str]) -> int | None:
    import click

    command: click.Command = importlib.import_module(f"{FOLDER}.{name}").main
    try:
        result = command.main(words, prog_name=f"harness {name}", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        said = error.format_message()
        end = "" if said.endswith((".", "?")) else "."
        print(f"error: {said}{end} harness {name} --help lists the options.", file=sys.stderr)  # noqa: T201
        return MISTAKE
    except click.Abort:
        raise KeyboardInterrupt from None
