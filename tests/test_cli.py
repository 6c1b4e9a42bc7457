"""The command line as people use it: single runs, sweeps, resuming, other commands, plug-ins from outside."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mirrors
from conftest import ROOT
from harness.records.archive import Archive

COUNTING = '''
from pathlib import Path
from harness import system
from harness.search.analysis import Setting
from harness.systems.bm25 import Lexical


class Counting(Lexical):
    """Writes a line whenever it would load a model."""
    loaded = False

    def index(self, documents, purpose, progress):
        if not self.loaded:
            self.loaded = True
            with Path("loads.txt").open("a") as file:
                file.write("loaded\\n")
        if purpose.task == "table/faq":
            raise MemoryError("no room for the faq")
        return super().index(documents, purpose, progress)


@system
def counting(k1: float = 1.2) -> Counting:
    """Counts how often it is loaded, and breaks on faq."""
    return Counting(Setting("plain", "en", "english"), {"method": "lucene", "k1": k1, "b": 0.75})
'''


def records(folder: Path) -> dict[tuple[str, str], object]:
    return {(one.system, one.task): one for one in Archive(folder / "results").read()}


@pytest.fixture
def plugins(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "counting.py").write_text(COUNTING)
    return {"HARNESS_PLUGINS": str(tmp_path / "plugins")}


def test_help_lists_models_tasks_and_measures(harness):
    """With their one-line descriptions, and without a heavy import."""
    done = harness("--help")
    assert done.returncode == 0
    for said in ("bge-base", "minilm", "legal", "mteb-benchmark", "nDCG", "complete-answer", "results/"):
        assert said in done.stdout


def test_one_model_on_one_task_leaves_a_record_a_run_scores_and_a_board(harness, tmp_path):
    """Everything that the next person needs, and nothing else in the working folder."""
    done = harness("model=bm25", "task=legal")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results"]
    record = records(tmp_path)["bm25", "legal"]
    assert record.primary.measure == "nDCG@10" and record.primary.low < record.primary.mean < record.primary.high
    assert record.facts.other["k1"] == 1.5 and record.facts.other["stemmer"] == "english"
    assert record.provenance["command"] == "harness model=bm25 task=legal"
    (place,) = (tmp_path / "results" / "records").glob("legal/bm25-*")
    first = gzip.decompress((place / "run.trec.gz").read_bytes()).decode().splitlines()[0].split()
    assert len(first) == 6 and first[1] == "Q0" and first[3] == "1"
    with gzip.open(place / "scores.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == record.primary.n
    assert sum(float(row["nDCG@10"]) for row in rows) / len(rows) == pytest.approx(record.primary.mean)
    for name in ("leaderboard.md", "leaderboard.csv", "leaderboard.html", "measures.csv", "plots/quality.png"):
        assert (tmp_path / "results" / name).stat().st_size > 100


def test_a_second_run_is_a_skip_that_says_so(harness, tmp_path):
    """Under the same fingerprints; overwrite=true redoes it, another measure is computed from the stored run."""
    harness("model=bm25", "task=legal", "board=false")
    (path,) = tmp_path.rglob("record.json")
    before = path.stat().st_mtime_ns
    assert "already recorded" in harness("model=bm25", "task=legal", "board=false").stderr
    assert path.stat().st_mtime_ns == before
    done = harness("model=bm25", "task=legal", "measures=[Rprec,nDCG@10]", "board=false")
    assert "rescored from the stored run" in done.stderr
    assert records(tmp_path)["bm25", "legal"].primary.measure == "Rprec"
    assert "(evaluated)" in harness("model=bm25", "task=legal", "overwrite=true", "board=false").stderr


def test_a_sweep_loads_each_model_once_and_records_what_fails(harness, tmp_path, plugins):
    """In whatever order the axes stand; the rest goes on, the table shows the failure, the exit code is 1."""
    done = harness("-m", "task=faq,legal", "model=counting,bm25", env=plugins)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "loads.txt").read_text() == "loaded\n"
    found = records(tmp_path)
    assert {key: one.status for key, one in found.items()} == {
        ("counting", "faq"): "failed", ("counting", "legal"): "ok", ("bm25", "faq"): "ok", ("bm25", "legal"): "ok",
    }  # fmt: skip
    assert found["counting", "faq"].reason == "MemoryError: no room for the faq"
    assert "Traceback" in found["counting", "faq"].details and "Traceback" not in done.stderr
    board = (tmp_path / "results" / "leaderboard.md").read_text()
    assert "✗ failed" in board and "no room for the faq" in board and "1/2" in board


def test_a_sweep_over_every_model_skips_those_that_need_a_name(harness, tmp_path):
    """`model=glob(*)`: hub, path, package and mteb cannot be meant; unreachable ones are recorded as failed."""
    done = harness("-m", "model=glob(bm*)", "task=legal", "board=false")
    assert done.returncode == 0 and set(records(tmp_path)) == {("bm25", "legal")}
    done = harness("-m", "model=glob([h*,mini*,mt*,p*])", "task=legal", "limit=2", "board=false")
    assert done.returncode == 1, done.stderr
    found = records(tmp_path)
    assert found["minilm", "legal[first 2]"].status == "ok"
    assert (
        found["minilm-l12", "legal[first 2]"].status == "failed"
        and "not within reach" in found["minilm-l12", "legal[first 2]"].reason
    )
    assert not {system for system, _ in found} & {"hub", "path", "package", "mteb"}


def test_a_sweep_over_an_option_gives_each_value_its_own_row(harness, tmp_path):
    """The label is canonical: it names what differs, and is itself a command-line token."""
    harness("-m", "model=bm25", "model.k1=0.9,1.5", "task=legal", "board=false")
    assert set(records(tmp_path)) == {("bm25", "legal"), ("bm25(k1=0.9)", "legal")}
    done = harness("model=bm25(k1=0.9)", "task=legal(split=dev)", "measures=[success(rel=3)@5]", "board=false")
    assert "bm25(k1=0.9) × legal(split=dev): success(rel=3)@5" in done.stderr


def test_a_mistake_in_the_last_job_of_a_sweep_stops_it_before_the_first(harness, tmp_path):
    """A sweep of hours is not started on a name that does not exist."""
    done = harness("-m", "model=bm25,nonesuch", "task=legal")
    assert done.returncode == 2 and "nonesuch" in done.stderr and not records(tmp_path)


def test_a_system_without_vectors_is_not_applicable_to_sts(harness, tmp_path, shared):
    """A mark of its own on the board, and no failure."""
    mirror = mirrors.stsbenchmark(shared, tmp_path / "mirror")
    done = harness("-m", "model=bm25,wordllama", "task=mteb/STSBenchmark", f"data.mirror={mirror}")
    assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    assert found["bm25", "mteb/STSBenchmark"].status == "not applicable"
    assert found["wordllama", "mteb/STSBenchmark"].primary.measure == "cosine_spearman"
    assert "| n/a |" in (tmp_path / "results" / "leaderboard.md").read_text()


def test_leaderboard_needs_records_alone(harness, script):
    """No torch, no model library, no mteb is imported to draw tables and plots again."""
    harness("model=bm25", "task=legal", "board=false")
    done = script(
        "import sys; sys.argv=['x', 'leaderboard'];\n"
        "from harness.compose import main as cli\n"
        "try: cli.main()\nexcept SystemExit as done: assert done.code == 0\n"
        "print([m for m in ('torch','sentence_transformers','mteb','datasets','beir','pytrec_eval','scipy') if m in sys.modules])"
    )
    assert done.stdout.splitlines()[-1] == "[]", (done.stdout, done.stderr)


def test_a_recorded_evaluation_is_found_without_torch(harness, script):
    """Identity and fingerprint need only files: a second `make` is over in a second."""
    harness("model=wordllama", "task=legal", "limit=3", "board=false")
    done = script(
        "import sys; sys.argv=['x', 'model=wordllama', 'task=legal', 'limit=3', 'board=false']\n"
        "from harness.compose import main as cli\n"
        "try: cli.main()\nexcept SystemExit as done: assert done.code == 0\n"
        "print([m for m in ('torch','sentence_transformers','mteb','datasets') if m in sys.modules])"
    )
    assert "already recorded" in done.stderr and done.stdout.splitlines()[-1] == "[]", (done.stdout, done.stderr)


def test_rescore_computes_further_measures_from_stored_runs(harness, tmp_path):
    """Without a model; a measure beyond the stored depth is refused, another data set too."""
    (tmp_path / "faq.csv").write_text("question,answer\nhow to pay?,by card\nwhere is it?,at home\n")
    harness("model=bm25", "task=table", "task.path=faq.csv", "board=false")
    done = harness("measures=[precision@1,complete-answer(rel=1)@1]", command="rescore")
    assert done.returncode == 0, done.stderr
    record = records(tmp_path)["bm25", "table/faq"]
    assert record.get("precision@1").mean == record.get("complete-answer(rel=1)@1").mean
    assert record.primary.measure == "nDCG@10"
    refused = harness("measures=[recall@500]", command="rescore")
    assert refused.returncode == 2 and "depth=500" in refused.stderr
    with (tmp_path / "faq.csv").open("a") as file:
        file.write("when?,tomorrow\n")
    refused = harness("measures=[Rprec]", command="rescore")
    assert refused.returncode == 2 and "no longer the data set" in refused.stderr


def test_a_table_without_code(harness, tmp_path):
    """Names of columns, equal answers, slices and a held-out list of questions, in every format."""
    import pandas as pd

    rows = pd.DataFrame(
        {"ask": ["pay?", "pay how?", "where?"], "reply": ["card", "card", "home"], "kind": ["a", "b", "a"]}
    )
    rows.to_csv(tmp_path / "t.csv", index=False)
    rows.to_csv(tmp_path / "t.tsv", index=False, sep="\t")
    rows.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    rows.to_parquet(tmp_path / "t.parquet")
    rows.assign(ask=["how can I pay", "with what", "place"]).to_csv(tmp_path / "held.csv", index=False)
    fingerprints = set()
    for name in ("t.csv", "t.tsv", "t.jsonl", "t.parquet"):
        options = ("task=table", f"task.path={name}", "task.question=ask", "task.answer=reply", "overwrite=true")
        assert harness("model=bm25", *options, "board=false").returncode == 0
        record = records(tmp_path)["bm25", "table/t(answer=reply,question=ask)"]
        assert record.dataset["counts"]["documents"] == 2 and record.primary.n == 3
        assert record.dataset["slices"] == ["kind"]
        fingerprints.add(record.dataset["counts"]["judgments"])
    done = harness("model=bm25", *options, "task.held_out=held.csv", "task.label=held", "board=false")
    assert done.returncode == 0 and records(tmp_path)["bm25", "held"].primary.n == 3


@pytest.mark.slow
def test_a_hub_model_from_a_mirror(harness, tmp_path, minilm_folder):
    """`model=hub` and `model=mteb` find ORG/NAME in the mirror, with the hub closed, and give the same vectors."""
    name = "sentence-transformers/all-MiniLM-L6-v2"
    mirror = mirrors.model(minilm_folder, tmp_path / "mirror", name)
    done = harness(
        "-m", f"model=minilm,hub/{name},mteb/{name}", "task=legal", "limit=3", f"data.models={mirror}", "board=false"
    )
    assert done.returncode == 0, done.stderr
    found = {system: one.primary.mean for (system, _), one in records(tmp_path).items()}
    assert set(found) == {"minilm", f"hub/{name}", f"mteb/{name}"}
    assert len({round(value, 6) for value in found.values()}) == 1


def test_a_local_folder_of_any_model(harness, tmp_path, minilm_folder):
    """`model=path` needs only the folder; its row is named by the folder, not by where it lies."""
    shutil.copytree(minilm_folder, tmp_path / "mine")
    done = harness("model=path", f"model.path={tmp_path / 'mine'}", "task=legal", "limit=2", "board=false")
    assert done.returncode == 0, done.stderr
    (record,) = records(tmp_path).values()
    assert record.system == "path/mine" and record.facts.dimension == 384


def test_a_benchmark_expands_to_its_tasks(harness, tmp_path):
    """One cell per task; those whose data are not within reach fail, each with its reason."""
    done = harness("-m", "model=bm25", "task=mteb-benchmark", 'task.name="MTEB(Law, v1)"', "board=false")
    assert done.returncode == 1
    found = records(tmp_path)
    assert ("bm25", "mteb/AILACasedocs") in found and len(found) >= 8
    assert all(one.status == "failed" and "not within reach" in one.reason for one in found.values())


def test_a_beir_set_by_name_from_the_mirror(harness, tmp_path, shared):
    """`task=beir/scifact` finds the set in the mirror; the network is not asked."""
    (tmp_path / "mirror" / "beir").mkdir(parents=True)
    (tmp_path / "mirror" / "beir" / "scifact").symlink_to(shared / "scifact")
    done = harness("model=bm25", "task=beir/scifact", f"data.mirror={tmp_path / 'mirror'}", "board=false")
    assert done.returncode == 0, done.stderr
    assert records(tmp_path)["bm25", "beir/scifact"].primary.mean == pytest.approx(0.6863, abs=0.002)


def test_another_launcher_may_run_the_jobs(harness, tmp_path):
    """Hydra's own basic launcher calls the task function once per job, and failures are recorded all the same."""
    done = harness("-m", "hydra/launcher=basic", "model=bm25,bge-base", "task=legal", "board=false")
    assert done.returncode == 1, done.stderr
    assert {key[0]: one.status for key, one in records(tmp_path).items()} == {"bm25": "ok", "bge-base": "failed"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """The harness and the plug-in package as wheels, unpacked into a folder: what pip would install."""
    place = tmp_path_factory.mktemp("site")
    for source in (ROOT, ROOT / "tests" / "plugin_package"):
        wheels = tmp_path_factory.mktemp("wheels")
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", wheels, source],
            check=True, capture_output=True,
        )  # fmt: skip
        for wheel in wheels.glob("*.whl"):
            zipfile.ZipFile(wheel).extractall(place)
    return place


def test_an_installed_wheel_with_a_plug_in_package(installed, harness, tmp_path):
    """From any folder, without the clone: the embedded task, and a company's own task, measure and YAML by entry point."""
    env = {"PYTHONPATH": str(installed)}
    done = harness("-m", "model=bm25,bm25-flat", "task=tickets,legal,faq", "board=false", env=env)
    assert done.returncode == 0, done.stderr
    found = records(tmp_path)
    assert found["bm25", "tickets"].primary.measure == "saved-minutes@3"
    assert found["bm25", "tickets"].primary.mean == 20.0 and found["bm25", "tickets"].primary.unit == "minutes"
    assert found["bm25-flat", "legal"].facts.other["b"] == 0.0 and ("bm25", "faq") in found
    where = subprocess.run(
        [sys.executable, "-c", "import harness; print(harness.__file__)"], cwd=tmp_path,
        env={**os.environ, **env}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(installed))


def test_a_broken_installed_plug_in_stops_the_program_with_its_name(installed, harness, tmp_path):
    """It is named by its entry point: a plug-in that silently is not there would look like a missing task."""
    broken = tmp_path / "site"
    shutil.copytree(installed, broken)
    (broken / "acme_harness" / "__init__.py").write_text("import nothing_like_it\n")
    done = harness("model=bm25", env={"PYTHONPATH": str(broken)})
    assert done.returncode == 2 and "acme" in done.stderr and "nothing_like_it" in done.stderr


def test_records_name_no_path_of_this_machine(harness, tmp_path):
    """What is published holds no home folder, host or user."""
    harness("-m", "model=bm25,wordllama", "task=legal,faq", "limit=2", "board=false")
    for path in tmp_path.rglob("record.json"):
        text = path.read_text()
        assert str(tmp_path) not in text and str(ROOT) not in text
        assert json.loads(text)["provenance"]["machine"]["cores"] >= 1
