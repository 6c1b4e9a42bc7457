"""The tasks of `conf/task/`: the short names that stand for mteb's tasks and benchmarks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

CONF = Path(__file__).parents[1] / "conf"
FILES = {file.stem: file for file in sorted((CONF / "task").glob("*.yaml"))}
WRITTEN = {name: yaml.safe_load(file.read_text()) for name, file in FILES.items()}
TASKS = sorted(name for name, written in WRITTEN.items() if written["defaults"] == ["mteb"])
BENCHMARKS = sorted(name for name, written in WRITTEN.items() if written["defaults"] == ["mteb-benchmark"])

LEADERBOARD = "MTEB(eng, v2)"
SUPERSEDED = {"banking77", "stsbenchmark", "toxic-conversations", "tweet-sentiment"}
"""Tasks with a corrected version that the leaderboard of English does not use: ours are the numbers it shows."""


@pytest.fixture(scope="module")
def composed() -> dict[str, dict[str, Any]]:
    """Every YAML of conf/task as Hydra composes it, by its name."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from harness.compose.composition import prepare

    prepare(())
    with initialize_config_dir(version_base="1.3", config_dir=str(CONF)):
        return {name: OmegaConf.to_container(compose("config", [f"task={name}"]).task, resolve=True) for name in FILES}


@pytest.mark.parametrize("name", TASKS)
def test_names_a_public_text_task_of_mteb(name: str) -> None:
    """The name is one that mteb registers; its data are text and open to everybody."""
    import mteb

    metadata = mteb.get_task(WRITTEN[name]["name"]).metadata
    assert metadata.name == WRITTEN[name]["name"]
    assert list(metadata.modalities) == ["text"]
    assert metadata.is_public


def test_only_the_leaderboards_tasks_are_superseded() -> None:
    """A task with a corrected version is named only where mteb's English leaderboard still counts the old one."""
    import mteb

    counted = {task.metadata.name for task in mteb.get_benchmark(LEADERBOARD).tasks}
    old = {name for name in TASKS if mteb.get_task(WRITTEN[name]["name"]).superseded_by}
    assert old == SUPERSEDED
    assert {WRITTEN[name]["name"] for name in SUPERSEDED} <= counted


@pytest.mark.parametrize("name", BENCHMARKS)
def test_names_a_text_benchmark_of_mteb(name: str) -> None:
    """The benchmark is one that mteb registers, and stands for at least one cell of text for each of its tasks."""
    import mteb

    from harness.data.mteb_registry import benchmark

    tasks = mteb.get_benchmark(WRITTEN[name]["name"]).tasks
    assert {modality for task in tasks for modality in task.metadata.modalities} == {"text"}
    assert len(benchmark(WRITTEN[name]["name"])) >= len(tasks)


def test_numbers_of_tasks_are_as_announced() -> None:
    """A benchmark's first line names as many tasks or sets as mteb has in it."""
    import mteb

    for name in BENCHMARKS:
        first = FILES[name].read_text(encoding="utf-8").splitlines()[0]
        count = re.search(r"(\d+) (?:\w+ )?(?:tasks|sets)", first)
        assert count, first
        assert int(count[1]) == len(mteb.get_benchmark(WRITTEN[name]["name"]).tasks), first


def test_nano_beir_is_complete() -> None:
    """Every set of NanoBEIR has a short name of its own."""
    import mteb

    sets = {task.metadata.name for task in mteb.get_benchmark("NanoBEIR").tasks}
    assert sets == {WRITTEN[name]["name"] for name in TASKS if name.startswith("nano-")}


def test_every_set_of_beir_has_a_name() -> None:
    """Every public set of BEIR has a short name; Touché 2020 in the version that supersedes BEIR's."""
    import mteb

    tasks = mteb.get_benchmark("BEIR").tasks
    assert {task.superseded_by or task.metadata.name for task in tasks} <= {WRITTEN[name]["name"] for name in TASKS}


def test_no_task_has_two_names() -> None:
    """A task or benchmark of mteb has one short name: its cells are found under one label."""
    names = [WRITTEN[name]["name"] for name in (*TASKS, *BENCHMARKS)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", sorted(FILES))
def test_composes(name: str, composed: dict[str, dict[str, Any]]) -> None:
    """`task=NAME` composes to the options of the plug-in that the YAML extends."""
    from harness.registry import tasks

    options = composed[name]
    plugin = tasks.get(options["_plugin_"])
    assert WRITTEN[name]["defaults"] == [plugin.name]
    assert options.get("name") == WRITTEN[name].get("name")


@pytest.mark.parametrize("name", sorted(FILES))
def test_first_line_says_what_it_is(name: str) -> None:
    """The first line is a comment, which `--help` shows beside the name, and names mteb where the data are mteb's."""
    first = FILES[name].read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert len(first) <= 100
    assert name not in (*TASKS, *BENCHMARKS) or first.endswith("(mteb)")


def test_names_shadow_no_plugin() -> None:
    """No YAML bears the name of a task written in Python, which it would hide."""
    from harness.registry import tasks

    assert not set(FILES) & {plugin.name for plugin in tasks}
