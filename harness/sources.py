"""Where hub data and models come from: a local mirror first, the hub's own cache next, the hub only where it may be asked.

A mirror is a folder that holds ORG/NAME as the hub would give it (`hf download --repo-type dataset --local-dir`).
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError


@dataclass(frozen=True)
class Source:
    """`mirror` (data sets and models) and `models` (models only) are folders that are looked into before anything else.

    `kept` is where this machine keeps what can be made or fetched again; `vectors` is how vectors are kept there.
    """

    mirror: Path | None = None
    models: Path | None = None
    kept: Path | None = None
    vectors: str = "float32"

    @property
    def closed(self) -> bool:
        """Whether nothing may be asked of a host: with a mirror, under the hub's own switch, or just after it was not there."""
        return (
            bool(self.mirror or self.models)
            or time.monotonic() < _closed_until
            or os.environ.get("HF_HUB_OFFLINE", "").upper()
            in {
                "1",
                "ON",
                "YES",
                "TRUE",
            }
        )

    @property
    def cache(self) -> Path:
        """Where downloads, vectors and converted models are kept between runs."""
        given = os.environ.get("HARNESS_CACHE")
        if self.kept is not None or given:
            return self.kept or Path(str(given)).expanduser()
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


def _first(root: Path | None, below: str, names: Iterable[str]) -> Path | None:
    places = [folder for name in names for folder in (root / name, root / below / name)] if root is not None else []
    return next((folder for folder in places if folder.is_dir()), None)


_source = Source()
_closed_until = 0.0
PATIENCE = 300.0
"""Seconds for which a hub that was not within reach is not asked again: each try takes half a minute to fail."""


def close() -> None:
    """Note that the hub was not within reach just now: a sweep over many of its models is not to wait for each."""
    global _closed_until
    _closed_until = time.monotonic() + PATIENCE


def use(mirror: str | None, models: str | None = None, cache: str | None = None, vectors: str = "float32") -> None:
    """Set the process's source, before a library of the hub is imported; `DataError` where a mirror is no folder.

    With a mirror the hub's own libraries are told to stay offline too: nothing tries to reach a host.
    """
    global _source
    for option, folder in (("data.mirror", mirror), ("data.models", models)):
        if folder is not None and not Path(folder).expanduser().is_dir():
            raise DataError(f"{option}={folder} is not a folder. Give one that holds ORG/NAME.")
    _source = Source(
        Path(mirror).expanduser().resolve() if mirror is not None else None,
        Path(models).expanduser().resolve() if models is not None else None,
        Path(cache).expanduser().resolve() if cache is not None else None,
        vectors,
    )
    # the hub's client logs each of its tries; the harness says once what could not be had
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    if _source.closed:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


def source() -> Source:
    """The process's source."""
    return _source


def is_unreachable(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that the hub or a host could not be asked."""
    names = {
        "ConnectionError", "ConnectError", "ConnectTimeout", "ProxyError", "OfflineModeIsEnabled", "LocalEntryNotFoundError",
        "MaxRetryError", "NameResolutionError", "gaierror", "SSLError", "URLError", "ReadTimeout", "DatasetNotFoundError",
        "TimeoutException", "OfflineModeError",
    }  # fmt: skip
    said = ("offline mode", "couldn't connect", "couldn't reach", "can't load the", "cannot find the requested files")
    while error is not None:
        if type(error).__name__ in names or any(phrase in str(error).lower() for phrase in said):
            return True
        error = error.__cause__ or error.__context__
    return False
