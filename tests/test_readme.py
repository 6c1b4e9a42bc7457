"""The README as a newcomer follows it: what it says to write works, in one file each."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from conftest import ROOT
from harness.records.archive import Archive

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.fixture
def plugins(tmp_path) -> dict[str, str]:
    """A plug-in folder with the README's task, measure and model, each in the one file it says."""
    place = tmp_path / "mine"
    (place / "conf" / "model").mkdir(parents=True)
    for code in blocks("python"):
        name = re.search(r"def (\w+)", code)
        assert name
        (place / f"{name[1]}.py").write_text(code)
    (yaml,) = blocks("yaml")
    (place / "conf" / "model" / "bge-tuned.yaml").write_text(yaml)
    return {"HARNESS_PLUGINS": str(place)}


def test_a_task_and_a_measure_in_one_file_each(harness, tmp_path, plugins):
    """As written in the README, with the option of the task and the name of the measure."""
    done = harness("model=bm25", "task=tickets", "task.region=us", "measures=[saved-minutes@3]", env=plugins)
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.task == "tickets(region=us)" and record.primary.mean == 30.0 and record.primary.unit == "minutes"
    assert "tickets" in harness("--help", env=plugins).stdout


def test_a_model_in_one_yaml(harness, tmp_path, plugins, minilm_folder):
    """As written in the README, but for where the folder is."""
    shutil.copytree(minilm_folder, tmp_path / "bge-tuned")
    done = harness(
        "model=bge-tuned",
        f"model.path={tmp_path / 'bge-tuned'}",
        "model.max_length=256",
        "task=legal",
        "limit=2",
        env=plugins,
    )
    assert done.returncode == 0, done.stderr
    (record,) = Archive(tmp_path / "results").read()
    assert record.checks.first["query"].startswith("query: ")


def test_a_table_in_one_file(harness, tmp_path):
    """The command of the README on a table of its columns."""
    (tmp_path / "faq.csv").write_text("ask,reply\nhow do I pay?,By card.\ncan I pay cash?,Only by card.\n")
    (command,) = (line for line in README.splitlines() if "task.path=faq.csv" in line)
    words = command.removeprefix("python -m harness ").replace("minilm,bm25", "wordllama,bm25").split()
    done = harness(*words)
    assert done.returncode == 0, done.stderr
    assert {one.system for one in Archive(tmp_path / "results").read()} == {"wordllama", "bm25"}


def test_every_command_of_the_readme_composes(harness, tmp_path):
    """Each `python -m harness …` names models, tasks and options that exist."""
    commands = re.findall(r"^python -m harness (?!\.)(.*?)(?:\s+#.*)?$", README, re.M)
    assert len(commands) > 12
    for command in commands:
        if "--help" in command or "tickets" in command:
            continue
        import shlex

        words = [word for word in shlex.split(command) if word != "-m"]
        first = [re.sub(r"^((?:model|task|model\.\w+)=[^,\[(]+),[^ ]*$", r"\1", word) for word in words]
        first = [word.replace("glob(*)", "minilm") for word in first]
        done = harness(*first, "--cfg", "job")
        assert done.returncode == 0, (command, done.stderr)


def test_every_file_that_the_documents_link_to_exists():
    """Links within the repository lead somewhere."""
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists() or Path(ROOT / link).exists(), (document.name, link)
