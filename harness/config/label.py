"""Canonical labels: one string is identity, column header and command-line token.

`bge-base`, `bm25(k1=0.9)`, `hub/BAAI/bge-m3(max_length=512)`: the choice, the options that the choice itself leaves
open, and in brackets those that differ from what the choice says.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any


def label(choice: str, options: Mapping[str, Any], base: Mapping[str, Any]) -> str:
    """The canonical label of a choice with options.

    Args:
        choice: The name in its Hydra group.
        options: The options as composed, overrides included.
        base: The options as composed without overrides; those that must be given are absent.
    """
    named = [_text(key, options[key]) for key in options if key not in base]
    differing = {key: value for key, value in options.items() if key in base and value != base[key]}
    head = "/".join([choice, *named])
    if not differing:
        return head
    return f"{head}({','.join(f'{key}={_text(key, value)}' for key, value in sorted(differing.items()))})"


def _text(key: str, value: Any) -> str:
    if key == "path":  # a folder's own name: where it lies on this machine is nobody's identity
        return PurePath(str(value)).name or str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k}:{v!r}" for k, v in value.items()) + "}"
    return str(value)
