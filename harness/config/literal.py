"""Text is what the shell hands over as one word, whatever it looks like to Hydra's grammar.

`task.path=faq (1).csv`, `task.path=a=b.csv` and `model.label=1e3` need no quotes inside quotes: an option whose type is text
is quoted for Hydra wherever its grammar would refuse the value or make something else of it. Left to Hydra are a value that
stands in quotes as a whole, `null` where there may be none, and `${…}`.

In a sweep (`-m`) a comma outside brackets still stands between values, and `[a.csv,b.csv]` is a list of them. A path with a
comma is one value where a file of the whole name exists; where its parts exist as well, it is refused as ambiguous.

An option that is a `dict` takes new keys: `model.prompts={query: "find: "}` needs no `+`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.config.choices import REGISTRIES
from harness.config.grammar import read
from harness.config.kinds import Kind, Kinds
from harness.errors import ConfigError
from harness.hub import local

WORD = re.compile(r"(\+{0,2})([\w.]+)=(.*)", re.S)
QUOTED = re.compile(r"""\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*""", re.S)
SWEEPS = re.compile(r"\s*(choice|shuffle|sort|tag|glob|range|interval)\(.*\)\s*", re.S)
"""Hydra's functions that stand for several values."""
PARTS = re.compile(rf"""{QUOTED.pattern}(?=,|$)|(?:\([^()]*\)|[^,])*""", re.S)


def literal(words: Iterable[str], kinds: Kinds, *, sweep: bool = False) -> list[str]:
    """The words as Hydra takes them.

    Raises:
        ConfigError: Several values where no sweep was asked for; a path that could be one value or several.
    """
    return [_word(word, kinds, sweep=sweep) for word in words]


def as_typed(words: Iterable[str], kinds: Kinds) -> list[str]:
    """Words as Hydra has them → as they can be typed again: the same values, without the quotes that `literal` adds."""
    return [_unquoted(word, kinds) for word in words]


def _word(word: str, kinds: Kinds, *, sweep: bool) -> str:
    match = WORD.fullmatch(word)
    if match is None:
        return word
    plus, key, value = match.groups()
    kind = kinds[key]
    if kind.entry or (kind.mapping and value.lstrip().startswith("{")):
        plus = plus or "++"
    if kind.text and not (sweep and SWEEPS.fullmatch(value)):
        values = _several(key, value, kind) if sweep else _single(key, value, kind)
        value = ",".join(_quoted(key, part, kind) for part in values)
    return f"{plus}{key}={value}"


def _single(key: str, value: str, kind: Kind) -> list[str]:
    parts = _parts(value)
    if kind.path and len(parts) > 1 and not _exists(key, value) and all(_exists(key, part) for part in parts):
        raise ConfigError(f"'{key}={value}' names several files. A sweep over them needs -m: harness -m {key}={value}")
    return [value]


def _several(key: str, value: str, kind: Kind) -> list[str]:
    """The values that a sweep goes through."""
    parts = _parts(value)
    if len(parts) == 1 and not _bracketed(value):
        return [value]
    if "" in parts:
        raise ConfigError(f"'{key}={value}' has an empty value beside a comma. Leave one of them out.")
    if kind.path and _exists(key, value):
        if all(_exists(key, part) for part in parts):
            raise ConfigError(
                f"'{key}={value}' is the name of one file and of {len(parts)}. Say which: '{key}=\"{value}\"' is the one, "
                f"{key}=choice({','.join(parts)}) the others."
            )
        return [value]
    return parts


def _parts(value: str) -> list[str]:
    """What stands between the commas outside brackets and quotes, in a list or without."""
    inner = value.strip()[1:-1] if _bracketed(value) else value
    found, end = [], 0
    while end <= len(inner):
        match = PARTS.match(inner, end)
        assert match is not None
        found.append(match[0].strip())
        end = match.end() + 1
    return found


def _bracketed(value: str) -> bool:
    return value.strip().startswith("[") and value.strip().endswith("]")


def _quoted(key: str, text: str, kind: Kind) -> str:
    """The text as Hydra reads it back, in quotes only where it needs them."""
    from hydra.core.override_parser.types import Quote, QuotedString

    text = located(key, text) if kind.path else text
    if kind.empty and text.strip().lower() == "null":
        return text
    value = read(key, text)
    if value == text or (isinstance(value, str) and QUOTED.fullmatch(text)):
        return text
    return QuotedString(text, Quote.double if "'" in text else Quote.single).with_quotes()


def located(key: str, text: str) -> str:
    """The text of a path; a folder of the harness's own, which no record names, with its `~` expanded.

    Raises:
        ConfigError: What no file can be called.
    """
    path = local(text)
    try:
        path.exists()
    except OSError as error:
        raise ConfigError(f"{key}={text[:60]}… is no path here: {error.strerror}.") from error
    return text if key.partition(".")[0] in REGISTRIES or not text.startswith("~") else str(path)


def _exists(key: str, text: str) -> bool:
    inner = QUOTED.fullmatch(text)
    text = inner[1][1:-1] if inner else text
    return bool(text) and local(located(key, text)).exists()


def _unquoted(word: str, kinds: Kinds) -> str:
    match = WORD.fullmatch(word)
    if match is None:
        return word
    plus, key, value = match.groups()
    kind = kinds[key]
    if plus == "++" and (kind.entry or kind.mapping):
        plus = ""
    if kind.text:  # in quotes, or with Hydra's backslashes where a sweep's function named it
        text = read(key, value)
        if isinstance(text, str) and read(key, _quoted(key, text, kind)) == text:
            value = text
    return f"{plus}{key}={value}"
