"""Files that are there whole or not at all: write aside, flush, rename, flush the folder."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.errors import WriteError


def write_bytes(path: Path, content: bytes, elsewhere: str = "results=DIR") -> None:
    """Replace `path` by `content` in one step; `WriteError` where the disk is full or the folder read-only.

    Args:
        elsewhere: The option that says where else to write.
    """
    with refusals(path, elsewhere):
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path, content) as aside:
            os.replace(aside, path)  # noqa: PTH105 - the atomic step, named as such
        flush_folder(path.parent)


@contextlib.contextmanager
def written_aside(path: Path, content: bytes | bytearray) -> Iterator[Path]:
    """A flushed file beside `path` that holds `content`, to be put in its place; what is left of it is removed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.chmod(0o644)  # mkstemp makes it private
        yield aside
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def write_text(path: Path, content: str, elsewhere: str = "results=DIR") -> None:
    """`write_bytes` of UTF-8."""
    write_bytes(path, content.encode(), elsewhere)


def expect_writable(folder: Path, elsewhere: str = "results=DIR") -> None:
    """Refuse a folder in which nothing can be made, before hours are spent on what should stand there; `WriteError`.

    A page is written into a file without a name: nothing is left, and a full disk and a read-only one both refuse it.
    """
    parent = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    with refusals(folder, elsewhere), tempfile.TemporaryFile(dir=parent) as file:
        file.write(b"\0" * 4096)
        file.flush()


@contextlib.contextmanager
def refusals(path: Path, elsewhere: str = "results=DIR") -> Iterator[None]:
    """Turn the operating system's refusal into one line that names the file, and the option that says where else."""
    try:
        yield
    except OSError as error:
        raise WriteError(
            f"Cannot write {path}: {error.strerror or error}. Free space or permissions there, or choose another "
            f"folder with {elsewhere}; what was written before is untouched."
        ) from error


def flush_folder(folder: Path) -> None:
    """Make a new name in that folder survive a crash of the machine."""
    if os.name == "nt":  # Windows has no handle on a folder to flush
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
