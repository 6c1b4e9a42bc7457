"""A Hydra launcher that takes a sweep as a whole: jobs sorted by system, one process, a model loaded once.

`hydra/launcher=joblib` and others stay exchangeable: those call the application's function once per job.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Sequence
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, open_dict

from harness.compose.about import described
from harness.compose.session import Outcome, evaluate
from harness.config.jobs import job_of, lacking


class BySystem(Launcher):
    """Composes every job first, so that a mistake in the last one is told before the first one runs."""

    def __init__(self) -> None:
        self._config: DictConfig | None = None
        self._context: Any = None

    def setup(self, *, hydra_context: Any, task_function: Any, config: DictConfig) -> None:
        """Called by Hydra before `launch`."""
        self._config, self._context = config, hydra_context

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Evaluate the jobs of a sweep; each return value is a job's `Outcome`, in the order of the jobs."""
        assert self._config is not None
        setup_globals()
        loader = self._context.config_loader
        composed = [loader.load_sweep_config(self._config, list(overrides)) for overrides in job_overrides]
        # `model=glob(*)` means every model that says which one it is: hub, path and mteb need a name first
        everything = any("glob(" in word for word in self._config.hydra.overrides.task)
        chosen = [not (everything and (lacking(config) or _unasked(config))) for config in composed]
        if everything and any(map(_unasked, composed)):
            print("models behind endpoints are left out of glob(…): budget=AMOUNT takes them in", file=sys.stderr)  # noqa: T201
        jobs = []
        for number, (config, wanted) in enumerate(zip(composed, chosen, strict=True)):
            if wanted:
                with open_dict(config):
                    config.hydra.job.num = config.hydra.job.id = initial_job_idx + number
                HydraConfig.instance().set_config(config)
                choice = str(config.hydra.runtime.choices.task)
                jobs.append(described(job_of(config, config.hydra, loader), choice))
        outcomes = iter(evaluate(jobs, composed[0], record_failures=True) if jobs else ())
        return [
            JobReturn(
                overrides=overrides,
                cfg=config,
                _return_value=next(outcomes) if wanted else Outcome(),
                status=JobStatus.COMPLETED,
            )
            for overrides, config, wanted in zip(job_overrides, composed, chosen, strict=True)
        ]


def _unasked(config: DictConfig) -> bool:
    """True for a model that costs money and that nobody named, where no budget was set."""
    return config.model.get("_plugin_") == "api" and config.budget is None


def register() -> None:
    """Make the launcher known to Hydra, which takes a plug-in only from a package of the name `hydra_plugins`."""
    try:
        package = importlib.import_module("hydra_plugins")
    except ImportError:  # no other plug-in is installed, so the package does not exist
        package = sys.modules["hydra_plugins"] = types.ModuleType("hydra_plugins")
        package.__path__ = []
    package.harness = sys.modules["hydra_plugins.harness"] = sys.modules[__name__]  # type: ignore[attr-defined]
    BySystem.__module__ = "hydra_plugins.harness"
    Plugins.instance().register(BySystem)
