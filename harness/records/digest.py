"""Keys: BLAKE2b, 128 bits, of canonical bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from harness.types import Delegated, Task

BITS = 128


def digest(value: Any) -> str:
    """Hex digest of a value made of dicts, lists, strings, numbers, booleans and None; order of keys does not matter."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _hash([canonical.encode()])


def digest_files(folder: Path, names: Iterable[str]) -> str:
    """Hex digest over the relative names and the bytes of files, in the order of their names."""

    def pieces() -> Iterable[bytes]:
        for name in sorted(names):
            content = hashlib.blake2b(digest_size=BITS // 8)
            with (folder / name).open("rb") as file:
                while chunk := file.read(1 << 22):
                    content.update(chunk)
            yield f"{name}\0{content.hexdigest()}\n".encode()

    return _hash(pieces())


def run_key(system_identity: str, task: Task) -> str:
    """Key of a run whatever its depth, 24 digits: what ranked, on what, with which self-matches."""
    return digest(["ranked", system_identity, task.dataset.fingerprint, task.exclude_self, task.kind])[:24]


def record_key(system_identity: str, task: Task | Delegated) -> str:
    """Key of a result: that of its run, and the depth as its last 8 digits. Measures come from the stored run."""
    if isinstance(task, Delegated):
        return digest(["delegated", system_identity, task.fingerprint, task.kind])
    return f"{run_key(system_identity, task)}{task.depth:08x}"


def _hash(pieces: Iterable[bytes]) -> str:
    state = hashlib.blake2b(digest_size=BITS // 8)
    for piece in pieces:
        state.update(piece)
    return state.hexdigest()
