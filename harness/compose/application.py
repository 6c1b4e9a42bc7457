"""`harness KEY=VALUE …`: Hydra composes, the straight line runs, mistakes are told in one line with exit code 2.

Hydra's own `run` and `multirun` are called with a function that can be pickled, so that any launcher and sweeper works:
nothing is collected on the side.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from harness.compose import plugins
from harness.compose.arguments import parsed, sweeping
from harness.compose.composition import LAUNCHER, for_hydra, prepare
from harness.compose.exit_codes import FAILURE
from harness.compose.session import Outcome
from harness.config.mistakes import explained


def run(arguments: Sequence[str]) -> int:
    """Compose and evaluate; the exit code: 0, or 1 where a cell failed."""
    from hydra._internal.utils import _run_hydra
    from hydra.core.global_hydra import GlobalHydra
    from hydra.types import RunMode

    from harness.compose import launcher

    plugins.discover()
    options, parser = parsed(arguments)
    words = options.overrides = for_hydra(options.overrides, sweep=sweeping(options))
    prepare(words)
    launcher.register()
    _tell_overriding(words)
    with explained(words, plugins.folders()):
        if options.cfg or options.info or options.hydra_help or options.shell_completion:
            os.environ["HYDRA_FULL_ERROR"] = "1"  # raised, and explained here, instead of printed and exit code 1
            _run_hydra(options, parser, job, str(plugins.home() / "conf"), "config")
            return 0
        try:
            hydra = _hydra(options)
            name = options.config_name or "config"
            sweep = sweeping(options)
            if not sweep and (options.config_dir or options.config_name):  # a configuration of one's own may say so
                sweep = hydra.get_mode(name, options.overrides) == RunMode.MULTIRUN
            overrides = [*options.overrides, f"hydra.mode={'MULTIRUN' if sweep else 'RUN'}"]
            if not sweep:
                outcomes = [hydra.run(name, job, overrides).return_value]
            else:
                shared = hydra.compose_config(name, overrides, RunMode.MULTIRUN)
                search_result = _search_result(shared)
                outcomes = list(_outcomes(hydra.multirun(name, job, overrides)))
                _publish(shared)
                _tell(search_result)
        finally:
            GlobalHydra.instance().clear()
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    return FAILURE if any(outcome.failures for outcome in outcomes) else 0


def job(config: DictConfig) -> Outcome:
    """What Hydra calls for a job: by itself, or in another process of a sweep. Its number is the primary measure."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    from harness.compose.about import described
    from harness.compose.session import evaluate
    from harness.config.jobs import job_of

    plugins.discover()
    node = HydraConfig.instance().cfg.hydra  # type: ignore[union-attr]
    sweep = "MULTIRUN" in str(node.mode)
    try:
        cell = described(job_of(config, node, GlobalHydra.instance().config_loader()), str(node.runtime.choices.task))
        return evaluate([cell], config, record_failures=sweep, board=not sweep)[0]
    except Exception as error:  # noqa: BLE001 - raised by `run`: Hydra would print words of its own first
        return Outcome(error=error)


def _tell_overriding(words: Sequence[str]) -> None:
    """Say which chosen YAML stands in for a built-in one."""
    private = plugins.overriding()
    for word in words:
        group, _, names = word.partition("=")
        for name in names.split(","):
            if file := private.get((group, name)):
                print(f"{word} is {file}, which overrides the built-in one", file=sys.stderr)  # noqa: T201


def _hydra(options: Namespace) -> Any:
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path
    from hydra.core.config_search_path import SearchPathQuery

    search_path = create_config_search_path(str(plugins.home() / "conf"))
    if options.config_dir is not None:
        path = f"file://{Path(options.config_dir).absolute()}"
        search_path.prepend(provider="command-line", path=path, anchor=SearchPathQuery(provider="schema"))
    return Hydra.create_main_hydra2(task_name="harness", config_search_path=search_path)


def _outcomes(returned: Any) -> Iterable[Outcome]:
    """The outcomes in whatever a sweeper returned: lists of batches of jobs, or nothing (a search over an option)."""
    if isinstance(returned, list | tuple):
        for one in returned:
            yield from _outcomes(one)
    elif returned is not None:
        yield returned.return_value


def _search_result(config: DictConfig) -> Path | None:
    """Where a sweeper that searches an option leaves what it found, in a folder that is there; None for a plain sweep."""
    if config.hydra.runtime.choices["hydra/sweeper"] == "basic":
        return None
    folder = Path(config.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "optimization_results.yaml"


def _tell(file: Path | None) -> None:
    if file is not None and file.exists():
        print(f"\n{file}:\n{file.read_text(encoding='utf-8').rstrip()}")  # noqa: T201


def _publish(config: DictConfig) -> None:
    """The board of a sweep whose jobs ran one by one; that of our own launcher is there already."""
    from harness.records.archive import Archive
    from harness.report.publish import publish

    if config.board and config.hydra.runtime.choices["hydra/launcher"] != LAUNCHER and config.encode.shard is None:
        publish(Archive(config.results))
