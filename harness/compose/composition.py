"""Words of a command line → a `Job`, as `harness` composes it, and a system by its name.

For commands that are no evaluation, for systems of systems and for notebooks: the same choices, plug-ins, defaults and
one-line mistakes, through Hydra's own loader and without its global state.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from harness.compose import plugins
from harness.compose.about import described
from harness.config.grammar import expect_names
from harness.config.jobs import Job, job_of
from harness.config.kinds import Kinds
from harness.config.literal import literal
from harness.config.mistakes import explained
from harness.config.tokens import named_choices, spelled_out
from harness.context import Context
from harness.errors import ConfigError
from harness.systems.opened import Opened, opened

LAUNCHER = "by_system"
"""Hydra's name for our own launcher, which `launcher.py` registers under `hydra_plugins.harness`."""
CHOOSING = ("task", "model", "measures", "depth", "limit")
"""The keys whose words `job` composes."""
SEVERAL = re.compile(r"(model|task)=(?P<first>[^,()\[\]{}\"']+),.*")


def job(words: Sequence[str]) -> Job:
    """The job that words of a command line stand for; what they leave open is conf/config.yaml's default.

    Raises:
        HarnessError: One line: an unknown choice or option (with the nearest), an option that has to be given, a value
            of the wrong type, a word that is no KEY=VALUE, or several values where one is asked for.
    """
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    plugins.discover()
    words = for_hydra(words, sweep=False)
    for word in words:
        if several := SEVERAL.fullmatch(word):
            raise ConfigError(f"'{word}' names several. Name one here: {several[1]}={several['first']}.")
    prepare(words)
    with explained(words, plugins.folders()):
        loader = _loader()
        composed = loader.load_configuration("config", list(words), RunMode.RUN)
        if not HydraConfig.initialized():
            HydraConfig.instance().set_config(composed)  # ${hydra:…} in an option
        return described(job_of(composed, composed.hydra, loader), str(composed.hydra.runtime.choices.task))


def for_hydra(words: Sequence[str], *, sweep: bool) -> list[str]:
    """The words of a command line as Hydra's grammar takes them; with `sweep` a comma stands between values."""
    words = spelled_out(words)
    expect_names(words)
    return literal(words, Kinds.of(words, plugins.folders()), sweep=sweep)


def open_system(context: Context, name: str) -> Opened:
    """The system of a name as it is typed after `model=`: how a context opens the parts of a system."""
    return opened(job([f"model={name}"]).system, context)


def choosing(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a command line that choose (`task=…`, `task.KEY=…`, `model=…`), and the command's own options."""
    words = [word for word in arguments if "=" in word and re.split(r"[.=]", word, maxsplit=1)[0] in CHOOSING]
    return words, [word for word in arguments if word not in words]


def prepare(arguments: Sequence[str]) -> None:
    """Make known to Hydra what a command line may name: settings, our launcher, plug-ins' `conf/`, `task=mteb/NAME`."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    from harness.compose.search_path import PluginConfigurations
    from harness.config.schema import Settings

    ConfigStore.instance().store(name="settings", node=Settings, provider="harness")
    ConfigStore.instance().store(
        group="hydra/launcher", name=LAUNCHER, node={"_target_": "hydra_plugins.harness.BySystem"}, provider="harness"
    )
    Plugins.instance().register(PluginConfigurations)
    named_choices(arguments)


def _loader() -> Any:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path

    return ConfigLoaderImpl(config_search_path=create_config_search_path(str(plugins.home() / "conf")))
