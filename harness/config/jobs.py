"""Hydra's composed configuration → what is to be evaluated with what. A job can be pickled and run in another process."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from harness.config.choices import REGISTRIES
from harness.config.kinds import Kinds
from harness.config.label import labels
from harness.config.literal import as_typed
from harness.config.options import COMMON, schema
from harness.errors import ConfigError
from harness.refs import SystemRef, TaskRef
from harness.registry import systems

SIDE_EFFECTS = (
    "results=",
    "overwrite=",
    "progress=",
    "board=",
    "device=",
    "memory=",
    "budget=",
    "data.",
    "encode.",
    "hydra",
)
"""Options that move no number: where files lie, what is written, on what it runs."""


@dataclass(frozen=True)
class Job:
    """One system on one task; `overrides` are the words of a command line that makes this one cell again."""

    system: SystemRef
    task: TaskRef
    overrides: tuple[str, ...] = ()


def job_of(settings: DictConfig, hydra: DictConfig, loader: Any) -> Job:
    """One composed configuration and Hydra's own node of it as a job; a missing option is a `ConfigError`."""
    choices = hydra.runtime.choices
    for key, least in (("depth", 1), ("limit", 1), ("memory", 1), ("budget", 0)):
        value = settings.get(key)
        if value is not None and value < least:
            raise ConfigError(f"{key}={value} is too small: at least {least}.")
    words = list(hydra.overrides.task)
    system = _selected("model", settings.model, choices.model, loader, words)
    task = _selected("task", settings.task, choices.task, loader, words)
    return Job(
        SystemRef(*system),
        TaskRef(
            *task,
            measures=tuple(settings.measures) if settings.measures is not None else None,
            depth=settings.depth,
            limit=settings.limit,
            own_label=settings.task.get("label") is not None,
        ),
        _overrides(hydra, {"model": system[0], "task": task[0]}),
    )


def lacking(config: DictConfig) -> list[str]:
    """The options of the chosen model and task that have to be given and were not, such as `model.name`."""
    return [f"{group}.{key}" for group in ("model", "task") for key in sorted(OmegaConf.missing_keys(config[group]))]


def _overrides(hydra: DictConfig, plugins: Mapping[str, str]) -> tuple[str, ...]:
    given = [word for word in hydra.overrides.task if not word.startswith((*SIDE_EFFECTS, "model=", "task="))]
    head = [f"{group}={hydra.runtime.choices[group]}" for group in ("model", "task")]
    kinds = Kinds({group: [REGISTRIES[group].get(name)] for group, name in plugins.items()})
    return (*head, *as_typed(given, kinds))


def _selected(
    group: str, node: DictConfig, choice: str, loader: Any, words: Sequence[str]
) -> tuple[str, dict[str, Any], str, tuple[str, ...]]:
    """Plug-in, options, label and longer labels of what stands under `model` or `task`."""
    missing = _missing(node)
    if missing:
        needs = " ".join(f"{group}.{key}=VALUE" for key in missing)
        raise ConfigError(f"{group}={choice} needs to know more. Add {needs}.")
    options = _plain(node)
    for key, value in options.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{group}.{key}={value} is not a finite number. Give one, or leave {group}.{key} out.")
    own = options.get("label")
    plugin = str(options.pop("_plugin_", choice))
    for key, *_ in COMMON:
        options.pop(key, None)
    if own is not None and not own.strip():
        raise ConfigError(f"{group}.label is empty. Give a name, or leave it out.")
    if own is not None:
        return plugin, options, own, ()
    changed = any(word.lstrip("+~").startswith(f"{group}.") for word in words)
    base = _base(loader, group, choice) if changed else options  # composing it again would give the same
    label, *longer = labels(choice, _labelled(group, plugin, options), _labelled(group, plugin, base))
    return plugin, options, label, tuple(longer)


def _labelled(group: str, plugin: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that may stand in a label."""
    left_out = systems.get(plugin).unlabelled if group == "model" and plugin in systems else ()
    return {key: value for key, value in options.items() if key not in left_out}


@functools.lru_cache(maxsize=256)
def _base(loader: ConfigLoaderImpl, group: str, choice: str) -> dict[str, Any]:
    """The choice's options as composed without overrides; those that must be given are left out."""
    if choice in REGISTRIES[group] and not _has_file(loader, f"{group}/{choice}"):
        node = OmegaConf.structured(
            schema(REGISTRIES[group].get(choice))
        )  # composing it would take a quarter of a second
    else:
        node = loader.load_configuration("config", [f"{group}={choice}"], RunMode.RUN)[group]
    missing = {*_missing(node), "_plugin_", *(key for key, *_ in COMMON)}
    return {key: value for key, value in _plain(node).items() if key not in missing}


def _has_file(loader: ConfigLoaderImpl, path: str) -> bool:
    return any(source.is_config(path) for source in loader.repository.sources if source.scheme() != "structured")


def _missing(node: DictConfig) -> list[str]:
    return [str(key) for key in node if OmegaConf.is_missing(node, key)]


def _plain(node: DictConfig) -> dict[str, Any]:
    return OmegaConf.to_container(node, resolve=False)  # type: ignore[return-value]
