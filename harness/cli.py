"""`python -m harness`: Hydra composes, the straight line runs, mistakes are told in one line with exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from harness import plugins, sources
from harness.answers import FAILURE, guarded
from harness.asked import prepare
from harness.config.jobs import Job, current, job_of
from harness.config.mistakes import explained
from harness.config.tokens import spelled_out
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

    from harness import launcher

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

    launcher.BySystem.run_sweep = staticmethod(sweep)
    prepare(arguments)
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
    from harness.audit import show_audit, variants
    from harness.benchmark import benchmark
    from harness.cells.display import Display
    from harness.cells.opening import Opener, expect_measures
    from harness.leaderboard import publish
    from harness.records.archive import Archive
    from harness.shards import fill

    rounds = [list(jobs)] if settings.audit.value == "none" else variants(jobs)
    sources.use(settings.data.mirror, settings.data.models, settings.data.cache, settings.data.vectors.value)
    expect_measures(jobs)
    archive, opener = Archive(settings.results), Opener(settings.device, settings.memory)
    how = {"overwrite": settings.overwrite, "record_failures": record_failures}
    with Display(len(jobs) * len(rounds), shown=settings.progress) as display:
        if settings.encode.shard is not None:
            fill(jobs, opener, display, settings.encode.shard)
            return []
        records = [benchmark(one, archive, opener, display, **how) for one in rounds]
    if settings.board:
        publish(archive)
    if len(rounds) > 1:
        show_audit(records, archive)
    return [record for one in records for record in one]
