"""What Hydra's grammar makes of a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.errors import ConfigError

LONGEST = 200
"""Characters of a name that a file of `conf/` can have."""


def read(key: str, value: str) -> Any:
    """The value that Hydra reads; None where its grammar refuses it, or takes it for a sweep."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    try:
        override = OverridesParser.create().parse_override(f"{key}={value}")
        return None if override.is_sweep_override() else override.value()
    except HydraException:
        return None


def expect_names(words: Sequence[str]) -> None:
    """Refuse `model=0` and `task={}`, which Hydra takes for no name at all; `ConfigError`."""
    for word in words:
        group, separator, value = word.partition("=")
        if separator and group.lstrip("+") in ("model", "task"):
            if any(len(part) > LONGEST for part in re.split("[,/]", value)):
                raise ConfigError(f"'{word[:60]}…' is too long for the name of a {group}. harness --help lists them.")
            for part in re.split(r",(?![^(\[{]*[)\]}])", value):
                if not isinstance(read(group, part), str | None) or part.strip().lower() in ("", "null"):
                    raise ConfigError(f"'{word}' names no {group}. harness --help lists them: {group}=NAME.")
