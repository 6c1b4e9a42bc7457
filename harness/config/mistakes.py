"""What Hydra and OmegaConf say of a mistake → one line: what, where, the nearest valid choice, how to mend it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException
from yaml import YAMLError

from harness.config.schema import Data, Settings
from harness.errors import ConfigError, UnknownName, nearest


@contextlib.contextmanager
def explained(arguments: Sequence[str]) -> Iterator[None]:
    """Turn a mistake in a command line or a YAML into a `ConfigError`; everything else passes."""
    try:
        yield
    except (HydraException, OmegaConfBaseException, YAMLError) as error:
        raise _explained(error, arguments) from error


def _explained(error: Exception, arguments: Sequence[str]) -> ConfigError | UnknownName:
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, YAMLError):
            return _of_yaml(one)
    for one in chain:
        if isinstance(one, MissingConfigException) and one.missing_cfg_file:
            group, _, name = str(one.missing_cfg_file).rpartition("/")
            kind = group or "configuration"
            hint = f"'python -m harness --help' lists them; {_open(kind)}"
            return UnknownName(kind, name, one.options or [], hint)
    for one in chain:
        if isinstance(one, OverrideParseException):
            return ConfigError(
                f"'{one.override}' cannot be read as KEY=VALUE. A value with spaces, commas or brackets needs quotes "
                f"inside the shell's: 'task.name=\"MTEB(Law, v1)\"'."
            )
    unknown = next((found for one in chain if (found := _unknown_key(one, arguments))), None)
    if unknown:
        return unknown
    for one in chain:
        if isinstance(one, MissingMandatoryValue):
            key = getattr(one, "full_key", None) or "an option"
            return ConfigError(f"{key} has to be given: {key}=VALUE.")
    last = chain[-1] if isinstance(chain[-1], OmegaConfBaseException) else chain[0]
    return ConfigError(_value(last))


def _unknown_key(error: BaseException, arguments: Sequence[str]) -> ConfigError | UnknownName | None:
    """`Key 'deph' not in 'legal'` and its like, with the keys that there are."""
    text = str(error)
    match = re.search(r"Key '([^']+)' (?:is )?not in '?([\w-]+)'?", text) or re.search(
        r"Could not override '([^']+)'", text
    )
    if match is None:
        return None
    full = str(getattr(error, "full_key", None) or match[1])
    if "." not in full:
        full = next(
            (
                word.lstrip("+~").partition("=")[0]
                for word in arguments
                if re.match(rf"[+~]*[\w.]*\b{re.escape(match[1])}=", word)
            ),
            full,
        )
    prefix, _, key = full.rpartition(".")
    parent = getattr(error, "parent_node", None)
    siblings = [str(one) for one in parent] if parent is not None and hasattr(parent, "__iter__") else []
    known = [one for one in siblings if not one.startswith("_")] or sorted(_settings(prefix))
    near = nearest(key, known)
    guess = f"Did you mean {' or '.join(f'{prefix}.{one}' if prefix else one for one in near)}?" if near else ""
    where = f" in {prefix}" if prefix else ""
    return ConfigError(f"Unknown option '{full}'. {guess} Known{where}: {', '.join(known)}.")


def _settings(prefix: str) -> list[str]:
    fields = Data.__dataclass_fields__ if prefix == "data" else Settings.__dataclass_fields__
    return list(fields)


def _value(error: BaseException) -> str:
    """`Value 'abc' of type 'str' could not be converted to Integer`, with the option's full name."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    key = getattr(error, "full_key", None)
    first = lines[0] if lines else type(error).__name__
    return f"{key}: {first}. Mend the value on the command line or in its YAML." if key else first


def _of_yaml(error: YAMLError) -> ConfigError:
    mark = getattr(error, "problem_mark", None)
    where = f"{mark.name}:{mark.line + 1}: " if mark is not None else ""
    return ConfigError(f"{where}not YAML: {getattr(error, 'problem', None) or error}.")


def _open(kind: str) -> str:
    return {
        "model": "model=hub model.name=ORG/NAME, model=mteb model.name=ORG/NAME and model=path model.path=DIR take any other",
        "task": "task=mteb task.name=NAME, task=beir task.path=DIR and task=table task.path=FILE take any other",
    }.get(kind, "")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
