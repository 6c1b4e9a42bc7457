"""Discovery: everything that registers itself, found without being listed anywhere.

The harness's own systems and measures; the files of `tasks/`; those of the folders in HARNESS_PLUGINS (whose `conf/`
joins the search path); installed packages with an entry point in the group `harness`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType

import yaml
from omegaconf import OmegaConf

import harness.measures
import harness.systems
from harness.config.options import store
from harness.errors import DuplicateName, HarnessError, PluginError
from harness.registry import systems, tasks

VARIABLE = "HARNESS_PLUGINS"
GROUP = "harness"


@functools.cache
def home() -> Path:
    """The folder that holds `conf/` and `tasks/`: the repository, or what the wheel carries."""
    bundled = Path(__file__).parents[1] / "bundled"
    return bundled if bundled.is_dir() else Path(__file__).parents[2]


def outside() -> list[Path]:
    """The folders named by HARNESS_PLUGINS, in their order; `PluginError` where one does not exist."""
    folders = [Path(part).expanduser().resolve() for part in os.environ.get(VARIABLE, "").split(os.pathsep) if part]
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"{VARIABLE} names {folder}, which is not a folder.")
    return folders


def configurations() -> list[Path]:
    """The `conf/` folders of the plug-in folders and packages."""
    packages = [Path(module.__file__).parent for module in _packages() if module.__file__]
    return [folder / "conf" for folder in [*outside(), *packages] if (folder / "conf").is_dir()]


def folders() -> list[Path]:
    """The `conf/` folders, in the order in which a name is looked for."""
    return [*configurations(), home() / "conf"]


@functools.cache
def discover() -> None:
    """Import every plug-in and make its options known to Hydra; once per process."""
    for room in (harness.systems, harness.measures):
        for module in pkgutil.iter_modules(room.__path__):
            importlib.import_module(f"{room.__name__}.{module.name}")
    for folder in [home() / "tasks", *outside()]:
        for file in sorted(folder.glob("*.py")):
            _import_file(file)
    _packages()
    for plugin in [*systems, *tasks]:
        store(plugin)
    refuse_hidden()
    # a YAML of conf/ names a file that rides along as ${bundled:tasks/data/…}, wherever the harness is installed
    OmegaConf.register_new_resolver("bundled", lambda path: str(home() / path), replace=True)


def refuse_hidden() -> None:
    """Refuse a private YAML of the name of another one, or of a plug-in, that does not say `override: true`."""
    places = {(plugin.kind, plugin.name): plugin.place for plugin in [*systems, *tasks]}
    for folder in [home() / "conf", *reversed(configurations())]:
        for file in sorted(folder.glob("*/*.yaml")):
            key = (file.parent.name, file.stem)
            other = places.get(key)
            if other is not None and not _overrides(file):
                raise DuplicateName(
                    f"Two {key[0]}s are named '{key[1]}': {other} and {file}. Rename the file, or write 'override: true' "
                    "into it to have it stand in for the other."
                )
            places[key] = str(file)


def overriding() -> dict[tuple[str, str], Path]:
    """(`model` or `task`, name) of each private YAML that stands in for a built-in one, and its file."""
    return {
        (file.parent.name, file.stem): file
        for folder in configurations()
        for file in folder.glob("*/*.yaml")
        if _overrides(file)
    }


def _overrides(file: Path) -> bool:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return False  # whoever chooses it is told its line
    return isinstance(content, dict) and content.get("override") is True


@functools.cache
def _packages() -> list[ModuleType]:
    modules = []
    for point in importlib.metadata.entry_points(group=GROUP):
        try:
            modules.append(point.load())
        except HarnessError:
            raise
        except Exception as error:
            raise PluginError(
                f"The installed plug-in '{point.name}' ({point.value}) cannot be imported: {type(error).__name__}: "
                f"{error}. Mend it or uninstall it."
            ) from error
    return modules


def _import_file(file: Path) -> None:
    name = f"harness_plugins.{file.parent.name}_{abs(hash(file)):x}.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except HarnessError:
        raise
    except SyntaxError as error:
        raise PluginError(f"{error.filename}:{error.lineno}: {error.msg}: {(error.text or '').strip()}") from error
    except Exception as error:
        raise PluginError(f"{file} cannot be imported: {type(error).__name__}: {error}") from error
