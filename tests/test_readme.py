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
        if name := re.search(r"^@\w+.*\ndef (\w+)", code, re.M):
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


def test_a_system_in_one_file_of_under_thirty_lines(harness, tmp_path, plugins):
    """TF-IDF as written in the README: alone, fused, with its option, and identified by its file."""
    (code,) = (code for code in blocks("python") if "class Tfidf" in code)
    assert len([line for line in code.splitlines() if line.strip()]) < 30
    done = harness("-m", "model=tfidf,bm25,rrf/tfidf+bm25", "task=legal", "board=false", env=plugins)
    assert done.returncode == 0, done.stderr
    found = {one.system: one.primary.mean for one in Archive(tmp_path / "results").read()}
    assert 0.15 < found["tfidf"] < 0.35 and found["rrf/tfidf+bm25"] > 0.2
    words = ("model=tfidf", "model.ngrams=2", "task=legal", "board=false")
    assert "tfidf(ngrams=2) × legal: nDCG@10" in harness(*words, env=plugins).stderr
    assert "already recorded" in harness(*words, env=plugins).stderr
    file = Path(plugins["HARNESS_PLUGINS"]) / "tfidf.py"
    file.write_text(file.read_text().replace("sublinear_tf=True", "sublinear_tf=False"))
    assert "(evaluated)" in harness(*words, env=plugins).stderr  # another program is another system


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch, capsys):
    """As written, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    (code,) = (code for code in blocks("python") if "harness.evaluate" in code)
    exec(compile(code, "README.md", "exec"), {})
    assert "rrf/bm25+wordllama" in capsys.readouterr().out


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
    words = command.removeprefix("harness ").replace("minilm,bm25", "wordllama,bm25").split()
    done = harness(*words)
    assert done.returncode == 0, done.stderr
    assert {one.system for one in Archive(tmp_path / "results").read()} == {"wordllama", "bm25"}


def test_every_command_of_the_readme_composes(harness, tmp_path):
    """Each `harness …` names models, tasks and options that exist."""
    commands = [
        words
        for words in re.findall(r"^harness (.*?)(?:\s+#.*)?$", README, re.M)
        if "=" in words.split()[1 if words.startswith("-m") else 0]
    ]
    assert len(commands) > 12
    for command in commands:
        if "--help" in command or "tickets" in command or "tfidf" in command or "hydra/" in command:
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


def test_the_tables_of_the_readme_are_those_of_the_results():
    """The board's rows as `make leaderboard` wrote them; of the systems the values of results/systems.csv."""
    import csv

    board = re.search(r"<!-- leaderboard -->\n(.*?)\n<!--", README, re.S)
    assert board is not None and board[1] in (ROOT / "results" / "leaderboard.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- systems -->(.*?)<!--", README, re.S)
    assert table is not None
    with (ROOT / "results" / "systems.csv").open(encoding="utf-8") as file:
        values = list(csv.DictReader(file))
    written = re.findall(r"(\d\.\d{3}) ±(\d\.\d{3})", table[1])
    expected = [(f"{float(row['value']):.3f}", f"{(float(row['high']) - float(row['low'])) / 2:.3f}") for row in values]
    assert written == expected and len(written) == 24
