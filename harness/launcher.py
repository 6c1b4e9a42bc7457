"""A Hydra launcher that takes a sweep as a whole: jobs sorted by system, one process, a model loaded once.

Registered by the application, so `hydra/launcher=joblib` and others stay exchangeable: those call the task function
once per job.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobStatus, setup_globals
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig, open_dict

from harness.config.jobs import Job, job_of, lacking
from harness.records.record import Record

Sweep = Callable[[Sequence[Job], DictConfig], list[Record]]


class BySystem(Launcher):
    """Composes every job first, so that a mistake in the last one is told before the first one runs."""

    run_sweep: Sweep
    """Set by the application: what evaluates a list of jobs under the settings they share."""

    def __init__(self) -> None:
        self._config: DictConfig | None = None
        self._context: Any = None

    def setup(self, *, hydra_context: Any, task_function: Any, config: DictConfig) -> None:
        """Called by Hydra before `launch`."""
        self._config, self._context = config, hydra_context

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Evaluate the jobs of a sweep; each return value is the job's records."""
        setup_globals()
        loader = self._context.config_loader
        composed = [loader.load_sweep_config(self._config, list(overrides)) for overrides in job_overrides]
        if any("glob(" in word for word in sys.argv):
            # `model=glob(*)` means every model that says which one it is: hub, path and mteb need a name first
            composed = [config for config in composed if not lacking(config)]
        jobs = []
        for number, config in enumerate(composed):
            with open_dict(config):
                config.hydra.job.num = config.hydra.job.id = initial_job_idx + number
            HydraConfig.instance().set_config(config)
            jobs.append(job_of(config, config.hydra, loader))
        records = type(self).run_sweep(jobs, composed[0]) if jobs else []
        return [JobReturn(overrides=[], _return_value=records, status=JobStatus.COMPLETED)]


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
    ConfigStore.instance().store(
        group="hydra/launcher",
        name="by_system",
        node={"_target_": f"{BySystem.__module__}.BySystem"},
        provider="harness",
    )
