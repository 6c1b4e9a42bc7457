"""A mirror's data set under a name that changes with its files.

`datasets` keeps what it read of a folder under the folder's last name and its README. A data set that was corrected in its
files, or another mirror's of the same name, would be answered from the rows that were read before.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from harness.hub import Hub
from harness.records.digest import digest


def by_content(folder: Path, hub: Hub) -> Path:
    """A link to the folder whose name holds a digest of its files' names, lengths and times; the folder itself where no
    link can be made."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    stamps = [[str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    link = hub.cache / "mirrored" / f"{folder.name}-{digest([str(folder.resolve()), stamps])[:16]}"
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            link.symlink_to(folder.resolve(), target_is_directory=True)
    except OSError:
        return folder
    return link
