"""Hydra's composed configuration → what is to be evaluated with what."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from harness.config.label import label
from harness.errors import ConfigError

SIDE_EFFECTS = ("results=", "overwrite=", "progress=", "board=", "device=", "data.", "hydra")
"""Options that move no number: where files lie, what is written, on what it runs."""


@dataclass(frozen=True)
class Selection:
    """A plug-in with its options and the canonical label of both.

    `options` are as written: `${bundled:…}` and other interpolations stand in them, and in records, unresolved.
    """

    plugin: str
    options: dict[str, Any]
    label: str

    def resolved(self) -> dict[str, Any]:
        """The options as the plug-in is to get them."""
        return OmegaConf.to_container(OmegaConf.create(self.options), resolve=True)  # type: ignore[return-value]


@dataclass(frozen=True)
class Job:
    """One system on one task, and the measures, depth and query limit asked for (None: the task's own).

    `overrides` are the words of a command line that makes this one cell again.
    """

    system: Selection
    task: Selection
    measures: tuple[str, ...] | None = None
    depth: int | None = None
    limit: int | None = None
    overrides: tuple[str, ...] = ()


def job_of(settings: DictConfig, hydra: DictConfig, loader: Any) -> Job:
    """One composed configuration and Hydra's own node of it as a job; a missing option is a `ConfigError`."""
    choices = hydra.runtime.choices
    for key, least in (("depth", 1), ("limit", 1)):
        value = settings.get(key)
        if value is not None and value < least:
            raise ConfigError(f"{key}={value} is too small: at least {least}.")
    return Job(
        system=_selection("model", settings.model, choices.model, loader),
        task=_selection("task", settings.task, choices.task, loader),
        measures=tuple(settings.measures) if settings.measures is not None else None,
        depth=settings.depth,
        limit=settings.limit,
        overrides=_overrides(hydra),
    )


def lacking(config: DictConfig) -> list[str]:
    """The options of the chosen model and task that have to be given and were not, such as `model.name`."""
    return [f"{group}.{key}" for group in ("model", "task") for key in sorted(OmegaConf.missing_keys(config[group]))]


def current() -> tuple[DictConfig, Any]:
    """The `hydra` node and a config loader, inside a job that Hydra runs."""
    from hydra.core.global_hydra import GlobalHydra

    instance = GlobalHydra.instance()
    return HydraConfig.instance().cfg, instance.config_loader()  # type: ignore[return-value]


def _overrides(hydra: DictConfig) -> tuple[str, ...]:
    given = [word for word in hydra.overrides.task if not word.startswith(SIDE_EFFECTS)]
    head = [f"{group}={hydra.runtime.choices[group]}" for group in ("model", "task")]
    return (*head, *(word for word in given if not word.startswith(("model=", "task="))))


def _selection(group: str, node: DictConfig, choice: str, loader: Any) -> Selection:
    missing = _missing(node)
    if missing:
        needs = " ".join(f"{group}.{key}=VALUE" for key in missing)
        raise ConfigError(f"{group}={choice} needs to know more. Add {needs}.")
    options = _plain(node)
    plugin = str(options.pop("_plugin_", choice))
    return Selection(plugin, options, label(choice, options, _base(loader, group, choice)))


@functools.cache
def _base(loader: ConfigLoaderImpl, group: str, choice: str) -> dict[str, Any]:
    """The choice's options as composed without overrides; those that must be given are left out."""
    composed = loader.load_configuration("config", [f"{group}={choice}"], RunMode.RUN)
    node = composed[group]
    missing = _missing(node)
    return {key: value for key, value in _plain(node).items() if key not in missing and key != "_plugin_"}


def _missing(node: DictConfig) -> list[str]:
    return [str(key) for key in node if OmegaConf.is_missing(node, key)]


def _plain(node: DictConfig) -> dict[str, Any]:
    return OmegaConf.to_container(node, resolve=False)  # type: ignore[return-value]
