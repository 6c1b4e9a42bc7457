"""What was computed from records and costs something, kept beside them until what it was computed from changes.

`cache/` in the results folder may be thrown away at any time: it is computed again.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ResultsError
from harness.records.archive import Archive, slug
from harness.records.atomic import write_bytes, write_text
from harness.records.digest import digest
from harness.records.record import Record

VERSION = 1
"""Of how the arrays are computed: another one makes all that is kept stale."""

Arrays = Mapping[str, NDArray[Any]]


class Memo:
    """Arrays by name, each valid for one key.

    Args:
        archive: Where they are kept; None keeps nothing.
    """

    def __init__(self, archive: Archive | None = None) -> None:
        self._archive = archive

    def key(self, records: Sequence[Record], *more: Any) -> str:
        """Changes whenever one of the records, or the scores behind it, does."""
        stamps = [self._archive.stamp(record) for record in records] if self._archive else []
        made = [[record.key, str(record.provenance.get("date", ""))] for record in records]
        return digest([VERSION, made, stamps, list(more)])

    def arrays(self, name: str, key: str, compute: Callable[[], Arrays]) -> Arrays:
        """What is kept under that name for that key, else computed and kept."""
        if self._archive is None:
            return compute()
        path = self._archive.folder / "cache" / f"{slug(name)}-{digest(name)[:8]}.npz"
        kept = _read(path, key)
        if kept is not None:
            return kept
        arrays = compute()
        _write(path, key, arrays)
        return arrays


def _read(path: Path, key: str) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files} if str(stored["key"]) == key else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there yet, of another harness, or damaged: it is computed again


def _write(path: Path, key: str, arrays: Arrays) -> None:
    content = io.BytesIO()
    np.savez(content, key=np.array(key), **arrays)  # type: ignore[arg-type]
    try:
        if not (path.parent / ".gitignore").exists():
            write_text(path.parent / ".gitignore", "*\n")
        write_bytes(path, content.getvalue())
    except ResultsError:
        return  # a folder that cannot be written is told of where something is lost by it
