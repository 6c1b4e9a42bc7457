"""Where hub data and models come from: a local mirror first, the hub's own cache next, the hub only where it may be asked.

A mirror is a folder that holds ORG/NAME as the hub would give it (`hf download --repo-type dataset --local-dir`).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import DataError

PATIENCE = 300.0
"""Seconds for which a hub that was not within reach is not asked again: each try takes half a minute to fail."""


class Outage:
    """When the hub was last found to be out of reach: a sweep over many of its models is not to wait for each."""

    def __init__(self) -> None:
        self._until = 0.0

    def note(self) -> None:
        """The hub could not be reached just now."""
        self._until = time.monotonic() + PATIENCE

    @property
    def lasts(self) -> bool:
        """True for five minutes after `note`."""
        return time.monotonic() < self._until


@dataclass(frozen=True)
class Hub:
    """Where this run looks for data sets and models, and where it keeps what it fetched or made of them.

    Attributes:
        mirror: Folder looked into first for data sets and models.
        models: Folder looked into before that for models.
        folder: Where downloads, vectors and converted models are kept; None takes HARNESS_CACHE or the user's cache.
    """

    mirror: Path | None = None
    models: Path | None = None
    folder: Path | None = None
    outage: Outage = field(default_factory=Outage, compare=False, repr=False)

    @classmethod
    def at(cls, mirror: str | None = None, models: str | None = None, cache: str | None = None) -> Hub:
        """From folders as a user types them; `DataError` if a mirror is no folder."""
        for option, folder in (("data.mirror", mirror), ("data.models", models)):
            if folder is not None and not local(folder).is_dir():
                raise DataError(f"{option}={folder} is not a folder. Give one that holds ORG/NAME.")
        return cls(_resolved(mirror), _resolved(models), _resolved(cache))

    @property
    def offline(self) -> bool:
        """True if network access is off: a mirror is set, HF_HUB_OFFLINE is set, or the hub just failed."""
        switch = os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}
        return bool(self.mirror or self.models) or switch or self.outage.lasts

    @property
    def cache(self) -> Path:
        """Where downloads, vectors and converted models are kept between runs."""
        configured = os.environ.get("HARNESS_CACHE")
        if self.folder is not None or configured:
            return self.folder or local(str(configured))
        return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "embedding-harness"

    def dataset(self, *names: str) -> Path | None:
        """The mirror's folder of the first of these names that it holds; also below `datasets/`."""
        return _first(self.mirror, "datasets", names)

    def model(self, name: str) -> Path | None:
        """The mirror's folder of the model of this name; also below `models/`."""
        return _first(self.models, "models", [name]) or _first(self.mirror, "models", [name])

    def advice(self, what: str, instead: str) -> str:
        """One line for what is not within reach: what, and what to do instead."""
        if self.mirror is not None:
            return f"{what} is not in the mirror {self.mirror}: put it at {self.mirror}/ORG/NAME, or use {instead}."
        return (
            f"{what} is not on this machine and the hub is not within reach. Fetch it on a machine that reaches it "
            f"and give its folder with data.mirror=DIR (DIR/ORG/NAME), or use {instead}."
        )

    def quiet(self) -> None:
        """Set up the hub's own libraries before they are imported: offline where this is, and without their log.

        The hub's client logs each of its tries; the harness says once what could not be had.
        """
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
        if self.offline:
            os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


def is_unreachable(error: BaseException | None) -> bool:
    """True if an error, or what caused it, says that the hub or a host could not be asked."""
    names = {
        "ConnectionError", "ConnectError", "ConnectTimeout", "ProxyError", "OfflineModeIsEnabled", "LocalEntryNotFoundError",
        "MaxRetryError", "NameResolutionError", "gaierror", "SSLError", "URLError", "ReadTimeout", "DatasetNotFoundError",
        "TimeoutException", "OfflineModeError",
    }  # fmt: skip
    phrases = (
        "offline mode",
        "couldn't connect",
        "couldn't reach",
        "can't load the",
        "cannot find the requested files",
    )
    while error is not None:
        if type(error).__name__ in names or any(phrase in str(error).lower() for phrase in phrases):
            return True
        error = error.__cause__ or error.__context__
    return False


def local(path: str) -> Path:
    """A path as a user types it, `~` expanded; a file such as `~draft.csv` is no user's home, and stays as it stands."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - Path.expanduser raises where there is no such user


def _resolved(folder: str | None) -> Path | None:
    return local(folder).resolve() if folder is not None else None


def _first(root: Path | None, below: str, names: Iterable[str]) -> Path | None:
    folders = [folder for name in names for folder in (root / name, root / below / name)] if root is not None else []
    return next((folder for folder in folders if folder.is_dir()), None)
