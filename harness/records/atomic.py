"""Files that are there whole or not at all: write aside, flush, rename, flush the folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import ResultsError


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step; `ResultsError` where the disk is full or the folder read-only."""
    with refusals(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(aside, 0o644)  # noqa: PTH101 - mkstemp makes it private
            os.replace(aside, path)  # noqa: PTH105 - the atomic step, named as such
        except BaseException:
            with contextlib.suppress(OSError):
                Path(aside).unlink()
            raise
        _flush_folder(path.parent)


def write_text(path: Path, content: str) -> None:
    """`write_bytes` of UTF-8."""
    write_bytes(path, content.encode())


@contextlib.contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal into one line that names the file."""
    try:
        yield
    except OSError as error:
        raise ResultsError(
            f"Cannot write {path}: {error.strerror or error}. Free space or permissions there, or choose another "
            "folder with results=DIR; what was recorded before is untouched."
        ) from error


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows has no handle on a folder to flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
