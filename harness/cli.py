"""`python -m harness`: Hydra composes, the straight line runs, mistakes are told in one line with exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from harness import plugins, sources
from harness.answers import FAILURE, guarded
from harness.config.jobs import Job, current, job_of
from harness.config.mistakes import explained
from harness.config.tokens import named_choices, spelled_out
from harness.help import help_text
from harness.records.record import Record


def main() -> None:
    """Entry of `python -m harness`; exits with 0, 1 (a cell of a sweep failed), 2 (a mistake) or 130 (interrupted)."""
    sys.exit(guarded(lambda: run(sys.argv[1:])))


def run(arguments: Sequence[str]) -> int:
    """Compose and evaluate; the exit code."""
    plugins.discover()
    arguments = spelled_out(arguments)
    if {"-h", "--help"} & set(arguments):
        print(help_text(), end="")  # noqa: T201
        return 0
    return compose(arguments)


def compose(arguments: Sequence[str]) -> int:
    """Hand the arguments to Hydra; what it complains of is told in the harness's way."""
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    from harness import launcher
    from harness.config.schema import Settings
    from harness.config.search_path import PluginConfigurations

    failures: list[int] = []
    raised: list[Exception] = []

    def sweep(jobs: Sequence[Job], settings: DictConfig) -> list[Record]:
        records = evaluate(jobs, settings, record_failures=True)
        failures.append(sum(record.status == "failed" for record in records))
        return records

    def one(config: DictConfig) -> None:
        node, loader = current()
        try:
            sweep_of_others = "MULTIRUN" in str(node.hydra.mode)
            records = evaluate([job_of(config, node.hydra, loader)], config, record_failures=sweep_of_others)
            failures.append(sum(record.status == "failed" for record in records))
        except Exception as error:  # noqa: BLE001 - raised below: Hydra would print words of its own first
            raised.append(error)

    ConfigStore.instance().store(name="settings", node=Settings, provider="harness")
    launcher.BySystem.run_sweep = staticmethod(sweep)
    launcher.register()
    Plugins.instance().register(PluginConfigurations)
    PluginConfigurations.folders = plugins.configurations()
    named_choices(arguments)
    os.environ["HYDRA_FULL_ERROR"] = "1"  # the exception itself, for `explained`
    sys.argv[1:] = arguments
    entry = hydra.main(config_path=str(plugins.home() / "conf"), config_name="config", version_base="1.3")(one)
    with explained(arguments, [plugins.home() / "conf", *plugins.configurations()]):
        entry()
        if raised:
            raise raised[0]
    return FAILURE if sum(failures) else 0


def evaluate(jobs: Sequence[Job], settings: DictConfig, *, record_failures: bool) -> list[Record]:
    """The straight line under a display, and the leaderboard at its end."""
    from harness.benchmark import benchmark
    from harness.cells.display import Display
    from harness.cells.opening import Opener, expect_measures
    from harness.leaderboard import publish
    from harness.records.archive import Archive
    from harness.shards import fill

    sources.use(settings.data.mirror, settings.data.models, settings.data.cache, settings.data.vectors.value)
    expect_measures(jobs)
    archive, opener = Archive(settings.results), Opener(settings.device, settings.memory)
    with Display(len(jobs), shown=settings.progress) as display:
        if settings.encode.shard is not None:
            fill(jobs, opener, display, settings.encode.shard)
            return []
        records = benchmark(
            jobs, archive, opener, display, overwrite=settings.overwrite, record_failures=record_failures
        )
    if settings.board:
        publish(archive)
    return records
