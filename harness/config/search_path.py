"""The `conf/` folders of plug-ins join Hydra's search path."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class PluginConfigurations(SearchPathPlugin):
    """Appends `folders`, which the application sets before Hydra starts."""

    folders: ClassVar[list[Path]] = []

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra."""
        for folder in self.folders:
            search_path.append(provider="harness-plugins", path=f"file://{folder}")
