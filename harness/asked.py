"""The words that choose a task or a model (`task=beir task.path=DIR`) → a `Job`, as `python -m harness` composes it.

For commands that are no evaluation: the same choices, plug-ins, defaults and one-line mistakes, through Hydra's compose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from harness import plugins
from harness.config.jobs import Job, job_of
from harness.config.mistakes import explained
from harness.config.tokens import named_choices, spelled_out
from harness.errors import ConfigError

CHOOSING = ("task", "model", "measures", "depth", "limit")
"""The keys whose words `job` composes."""
SEVERAL = re.compile(r"(model|task)=(?P<first>[^,()\[\]{}\"']+),.*")


def job(words: Sequence[str]) -> Job:
    """The job that words of a command line stand for; what they leave open is conf/config.yaml's default.

    Raises:
        HarnessError: One line: an unknown choice or option (with the nearest), an option that has to be given, a value
            of the wrong type, a word that is no KEY=VALUE, or several values where one is asked for.
    """
    from hydra import compose, initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    plugins.discover()
    words = spelled_out(words)
    for word in words:
        if several := SEVERAL.fullmatch(word):
            raise ConfigError(f"'{word}' names several. Name one here: {several[1]}={several['first']}.")
    prepare(words)
    folder = plugins.home() / "conf"
    with (
        explained(words, [folder, *plugins.configurations()]),
        initialize_config_dir(config_dir=str(folder), version_base="1.3"),
    ):
        composed = compose("config", list(words), return_hydra_config=True)
        HydraConfig.instance().set_config(composed)  # ${hydra:…} in an option
        loader = GlobalHydra.instance().config_loader()
        return job_of(composed, composed.hydra, loader)


def apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of a command line that choose (`task=…`, `task.KEY=…`, `model=…`), and the command's own options."""
    words = [one for one in arguments if "=" in one and re.split(r"[.=]", one, maxsplit=1)[0] in CHOOSING]
    return words, [one for one in arguments if one not in words]


def prepare(arguments: Sequence[str]) -> None:
    """Make known to Hydra what a command line may name: settings, launcher, plug-ins' `conf/`, `task=mteb/NAME`."""
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    from harness import launcher
    from harness.config.schema import Settings
    from harness.config.search_path import PluginConfigurations

    ConfigStore.instance().store(name="settings", node=Settings, provider="harness")
    launcher.register()
    Plugins.instance().register(PluginConfigurations)
    PluginConfigurations.folders = plugins.configurations()
    named_choices(arguments)
