"""What Hydra and OmegaConf say of a mistake → one line: what, where, the nearest valid choice, how to mend it."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException
from yaml import YAMLError

from harness.errors import ConfigError, HarnessError, UnknownName, nearest

OPEN = {
    "model": "model=hub model.name=ORG/NAME, model=mteb model.name=ORG/NAME and model=path model.path=DIR take any other.",
    "task": "task=mteb task.name=NAME, task=beir task.path=DIR and task=table task.path=FILE take any other.",
}


@contextlib.contextmanager
def explained(arguments: Sequence[str], folders: Sequence[Path]) -> Iterator[None]:
    """Turn a mistake in a command line or a YAML into a `HarnessError`; everything else passes.

    Args:
        folders: The `conf/` folders, to name the file and line of what the command line does not say.
    """
    try:
        yield
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise _explained(list(_chain(error)), functools.partial(_place, arguments, folders)) from error


Place = Callable[[str], str]


def _explained(chain: list[BaseException], place: Place) -> HarnessError:
    for error in chain:
        if isinstance(error, YAMLError):
            return _of_yaml(error)
        if isinstance(error, MissingConfigException) and error.missing_cfg_file:
            return _unknown_choice(str(error.missing_cfg_file), error.options or [])
        if isinstance(error, OverrideParseException):
            return ConfigError(
                f"'{error.override}' cannot be read as KEY=VALUE. A value with spaces, commas or brackets needs quotes inside "
                "the shell's: 'task.name=\"MTEB(Law, v1)\"'."
            )
        if str(error).startswith("Ambiguous value"):
            argument = str(error).partition("'")[2].partition("'")[0]
            return ConfigError(f"'{argument}' names several values. A sweep over them needs -m: harness -m {argument}")
    detailed = next((one for one in chain if isinstance(one, OmegaConfBaseException) and one.full_key), None)
    if isinstance(detailed, ConfigAttributeError | ConfigKeyError):
        return _unknown_key(detailed, place)
    said = next(iter(str(detailed or chain[0]).splitlines()), type(chain[0]).__name__)
    return ConfigError(f"{place(str(detailed.full_key))}{detailed.full_key}: {said}." if detailed else said)


def _unknown_choice(path: str, known: Sequence[str]) -> UnknownName:
    group, _, name = path.rpartition("/")
    group, _, folder = group.partition("/")
    choices = [choice for choice in known if not choice.startswith("_")]
    return UnknownName(group or "configuration", f"{folder}/{name}" if folder else name, choices, OPEN.get(group, ""))


def _unknown_key(error: OmegaConfBaseException, place: Place) -> ConfigError:
    """`Key 'splitt' not in 'legal'`, with the keys that there are."""
    prefix, _, key = str(error.full_key).rpartition(".")
    siblings = [str(one) for one in error.parent_node or ()]
    known = [sibling for sibling in siblings if not sibling.startswith("_") and sibling != "hydra"]
    near = " or ".join(f"{prefix}.{one}" if prefix else one for one in nearest(key, known))
    guess = f"Did you mean {near}?" if near else ""
    owner = re.search(r"not in '?([\w-]+)'?", str(error))
    where = f" of {prefix}={owner[1]}" if owner and prefix else ""
    at = place(str(error.full_key))
    return ConfigError(
        f"{at}Unknown option '{error.full_key}'. {guess} The options{where}: {', '.join(known) or 'none'}."
    )


def _place(arguments: Sequence[str], folders: Sequence[Path], full_key: str) -> str:
    """`FILE:LINE: ` of an option of a model or task that the command line does not give itself."""
    group, _, key = full_key.partition(".")
    if any(word.lstrip("+~").partition("=")[0] == full_key for word in arguments):
        return ""
    chosen = [word.partition("=")[2].split(",") for word in arguments if word.startswith(f"{group}=")]
    for folder in folders:
        for file in (folder / group / f"{name}.yaml" for name in (chosen[-1] if chosen else [])):
            for number, line in enumerate(
                file.read_text(encoding="utf-8").splitlines() if file.exists() else [], start=1
            ):
                if line.startswith(f"{key}:"):
                    return f"{file}:{number}: "
    return ""


def _of_yaml(error: YAMLError) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    where = f"{mark.name}:{mark.line + 1}: " if mark is not None else ""
    return ConfigError(f"{where}not YAML: {getattr(error, 'problem', None) or error}.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
