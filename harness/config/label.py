"""Canonical labels: one string is identity, column header and command-line token. Different things have different ones.

`bge-base`, `bm25(k1=0.9)`, `hub/BAAI/bge-m3(max_length=512)`, `table/faq(split=dev)`: the choice, the options that say
which one it is, and in brackets those that differ from what the choice says. A system of systems names its parts:
`rrf/bm25+minilm`, `rerank(k=50)/bm25:minilm`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

NAMING = ("name", "path", "package")
"""Options that stand in front of the brackets, where the choice itself leaves them open."""
FILES = (".csv", ".tsv", ".jsonl", ".parquet", ".xlsx", ".run", ".trec", ".gz", ".zst")
"""Endings that go without saying in a label."""
JOINED = {"rrf": "+", "fusion": "+", "rerank": ":"}
"""Choice → what stands between the names of its parts, which are its option `systems`."""


def label(choice: str, options: Mapping[str, Any], base: Mapping[str, Any], *, parents: int = 0) -> str:
    """The canonical label of a choice with options.

    Args:
        choice: The name in its Hydra group.
        options: The options as composed, overrides included.
        base: The options as composed without overrides; those that must be given are absent.
        parents: How many folders above a path's own name are written, where the name alone is another one's too.
    """
    choice = choice.partition("/")[0] if choice.partition("/")[0] in JOINED else choice
    parts = options["systems"] if choice in JOINED else None
    own = {key: value for key, value in options.items() if parts is None or key != "systems"}
    head = [_text(key, own[key], parents) for key in own if _names(key, own, base)]
    differing = {
        key: value
        for key, value in own.items()
        if not _names(key, own, base) and (key not in base or value != base[key])
    }
    written = ",".join(f"{key}={_text(key, value, parents)}" for key, value in sorted(differing.items()))
    brackets = f"({written})" if written else ""
    if parts is not None:
        return f"{choice}{brackets}/{JOINED[choice].join(_part(choice, str(part)) for part in parts)}"
    return "/".join([choice, *head]) + brackets


def labels(choice: str, options: Mapping[str, Any], base: Mapping[str, Any]) -> Iterator[str]:
    """The labels that a choice may have, the shortest first: with more and more of the folders above its path."""
    depth = max((len(PurePath(str(value)).parts) for key, value in options.items() if _is_path(key, value)), default=0)
    yield from dict.fromkeys(label(choice, options, base, parents=parents) for parents in range(depth + 1))


def _names(key: str, options: Mapping[str, Any], base: Mapping[str, Any]) -> bool:
    """True for an option that says which one it is: one that has to be given, or that the choice leaves open."""
    return key not in base if key not in NAMING else bool(options[key]) and not base.get(key)


def _is_path(key: str, value: Any) -> bool:
    return key in ("path", "held_out") and isinstance(value, str)


def _text(key: str, value: Any, parents: int) -> str:
    if _is_path(key, value):  # the name alone where that will do: where it lies on this machine is nobody's business
        path = PurePath(value)
        if parents >= len(path.parts):
            return str(value)
        name = path.stem if path.suffix in FILES else path.name
        above = path.parts[:-1][len(path.parts) - 1 - parents :]
        return "/".join([*(part.strip("/") for part in above), name]) or str(value)
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{v!r}" for k, v in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_text("", one, 0) for one in value) + "]"
    return str(value)


def _part(choice: str, name: str) -> str:
    """A part's name; in brackets where it could be read as several parts of this one."""
    return f"({name})" if JOINED[choice] in name else name
