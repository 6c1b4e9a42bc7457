"""The `conf/` folders of plug-ins join Hydra's search path, in front of the built-in one.

Where two files have one name the private one wins, but only if it says `override: true`: `plugins.discover` refuses it else.
"""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from harness.compose import plugins


class PluginConfigurations(SearchPathPlugin):
    """Called by Hydra whenever it makes a search path."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Prepend the plug-ins' folders."""
        for folder in plugins.configurations():
            search_path.prepend(provider="harness-plugins", path=f"file://{folder}")
