"""Results in the formats of other tools, read back by those tools: mteb's files, and the hub's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

import exported
import mirrors
from harness.facts import Facts
from harness.records.archive import Archive
from harness.records.record import Measured
from harness.report.export import format_named, model_names, names

ROOT = Path(__file__).parents[1]


def kept(folder: Path, *records) -> Archive:
    archive = Archive(folder / "results")
    for record in records:
        archive.write(record)
    return archive


def test_every_format_is_a_file_that_the_help_lists(harness):
    """What it is called, and what it is; each has where it is written and a function that writes it."""
    said = " ".join(harness("--help", command="export").stdout.split())
    assert set(names()) == {"every-eval-ever", "huggingface", "latex", "mteb", "trec"}
    for name, line in names().items():
        assert f"{name}: {line[:30]}" in said
        assert format_named(name).TO and callable(format_named(name).export)


def test_mteb_reads_what_was_exported(harness, tmp_path, shared):
    """A ranked and a delegated task: `ResultCache.load_results` gives the main scores of the records."""
    mteb = pytest.importorskip("mteb")
    mirror = tmp_path / "mirror"
    mirrors.scifact(shared, mirror)
    mirrors.stsbenchmark(shared, mirror)
    done = harness("-m", "model=wordllama", "task=scifact,mteb/STSBenchmark", f"data.mirror={mirror}", "board=false")
    assert done.returncode == 0, done.stderr
    done = harness("to=exported", command="export")
    assert done.returncode == 0, done.stderr
    files = [tmp_path / line for line in done.stdout.splitlines()]
    assert len(files) == 2 and all(file.exists() for file in files)

    records = {one.dataset["options"]["mteb_task"]: one for one in Archive(tmp_path / "results").read()}
    for name, record in records.items():
        (file,) = (one for one in files if one.stem == name)
        result = mteb.TaskResult.from_disk(file)
        assert result.task_name == name
        assert result.get_score() == pytest.approx(record.primary.mean, abs=1e-9)
        assert json.loads((file.parent / "model_meta.json").read_text())["embed_dim"] == 256
    assert result.scores["test"][0]["languages"] == ["eng-Latn"]

    loaded = mteb.ResultCache(tmp_path / "exported").load_results(tasks=list(records), require_model_meta=False)
    assert {one.task_name for model in loaded.model_results for one in model.task_results} == set(records)


def test_the_main_score_is_the_tasks_own(harness, tmp_path):
    """The wrong number: with measures=[recall@5,nDCG@10] the record's first measure stood there as mteb's main score."""
    measures = (Measured("recall@5", 0.9, None, None, 300), Measured("nDCG@10", 0.64508, None, None, 300))
    lacking = exported.record("other", measures=measures[:1])
    kept(tmp_path, exported.record(measures=measures), lacking)
    done = harness("to=out", command="export")
    assert done.returncode == 0 and "left out: other on mteb/SciFact: the task's main score" in done.stderr
    (file,) = (tmp_path / "out").rglob("SciFact.json")
    (score,) = json.loads(file.read_text())["scores"]["test"]
    assert score["main_score"] == 0.64508 and score["recall_at_5"] == 0.9


@pytest.mark.parametrize("format", ["mteb", "huggingface", "every-eval-ever"])
def test_a_try_out_is_not_published(harness, tmp_path, format):
    """The wrong number: the score of the first 20 queries would pass for that of the task. Left out, and said."""
    kept(tmp_path, exported.record(), exported.record(task="mteb/NFCorpus", mean=0.987, limit=20))
    done = harness(format, "to=out", command="export")
    assert done.returncode == 0, done.stderr
    assert "left out: minilm on mteb/NFCorpus: evaluated with limit=" in done.stderr
    written = "".join(file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert "SciFact" in written and "987" not in written and "98.7" not in written


def test_of_two_records_of_a_cell_the_newest_is_exported(harness, tmp_path):
    """The wrong number: one file held both, and mteb's mean of them."""
    older = exported.record(mean=0.2, date="2026-01-01T00:00:00+00:00", fingerprint="e" * 32)
    kept(tmp_path, exported.record(), older)
    assert harness("to=out", command="export").returncode == 0
    (file,) = (tmp_path / "out").rglob("SciFact.json")
    assert [score["main_score"] for score in json.loads(file.read_text())["scores"]["test"]] == [0.64508]


def test_no_two_systems_share_a_name():
    """The wrong number: shortened vectors under a label of one's own, or a second label, would be the model itself there."""
    short = Facts(kind="dense", model=exported.MINILM.model, dims=64, precision="float32")
    systems = [
        exported.record("fast", facts=short), exported.record("minilm(max_length=128)"), exported.record("minilm"),
        exported.record("again"), exported.record("rrf/a b", facts=Facts(kind="fusion")),
        exported.record("rrf/a_b", facts=Facts(kind="fusion")),
    ]  # fmt: skip
    called = model_names(systems)
    assert called["minilm"] == "sentence-transformers/all-MiniLM-L6-v2"
    assert called["fast"] == "harness/fast" and called["again"] == "harness/again"
    assert called["minilm(max_length=128)"] == "harness/minilm_max_length=128"
    assert called["rrf/a b"] == "harness/rrf_a_b" and called["rrf/a_b"].startswith("harness/rrf_a_b-")
    assert len(set(called.values())) == len(systems)


def test_the_hub_reads_its_results(harness, tmp_path):
    """`.eval_results` through huggingface_hub's parser and mteb's strict model; in percent, as mteb's leaderboards have them."""
    from huggingface_hub import parse_eval_result_entries
    from mteb._hf_integration.eval_result_model import HFEvalResults

    kept(tmp_path, exported.record(), exported.record("bm25", facts=Facts(kind="lexical", model="bm25s")))
    done = harness("huggingface", "to=out", command="export")
    assert done.returncode == 0, done.stderr
    folder = "out/sentence-transformers/all-MiniLM-L6-v2"
    assert done.stdout.split() == [f"{folder}/.eval_results/SciFact.yaml", f"{folder}/model-index.yaml"]
    assert "left out: bm25 on mteb/SciFact: no model of the hub" in done.stderr
    data = yaml.safe_load((tmp_path / folder / ".eval_results" / "SciFact.yaml").read_text())
    entries = parse_eval_result_entries(data)
    assert [(one.dataset_id, one.task_id, one.value, one.dataset_revision, one.date) for one in entries] == [
        ("mteb/scifact", "SciFact_default_test", 64.508, "abc", "2026-11-27"),
        ("mteb/scifact", "SciFact", 64.508, "abc", "2026-11-27"),
    ]
    assert entries[0].notes.startswith(
        "nDCG@10 0.645 [0.605, 0.685], n=300; 256 tokens, float32, embedding-harness 0.2.0"
    )
    assert len(HFEvalResults.model_validate(data)) == 2


def test_mteb_makes_the_same_results_for_the_hub(harness, tmp_path):
    """From mteb's own files of the same records: data set, task ids, and values of a task of two subsets, whole and in part."""
    mteb = pytest.importorskip("mteb")
    values = {"de": 0.5, "fr": 0.25, "es": 0.125, "en": 0.75}
    tasks = [
        exported.record(task=f"mteb/STS22.v2(subset={subset})", mean=mean, subset=subset, main_score="cosine_spearman",
                        measures=(Measured("cosine_spearman", mean, None, None, 0, unit="mteb"),))
        for subset, mean in values.items()
    ]  # fmt: skip
    kept(tmp_path, exported.record(), *tasks)
    assert harness("mteb", "to=theirs", command="export").returncode == 0
    assert harness("huggingface", "to=ours", command="export").returncode == 0
    compared = 0
    for file in (tmp_path / "theirs").rglob("*.json"):
        if file.stem == "model_meta":
            continue
        theirs = mteb.TaskResult.from_disk(file)._to_hf_benchmark_result().root
        (path,) = (tmp_path / "ours").rglob(f"{file.stem}.yaml")
        ours = yaml.safe_load(path.read_text())
        assert {(one.dataset.id, one.dataset.task_id, one.value) for one in theirs} == {
            (one["dataset"]["id"], one["dataset"]["task_id"], one["value"]) for one in ours
        }
        compared += len(ours)
    assert compared == 2 + len(values)  # and no STS22.v2 as a whole, of which most subsets were not evaluated


def test_a_model_card_takes_the_index(harness, tmp_path):
    """The repository's own records: huggingface_hub merges them into a card and reads every measure back."""
    from huggingface_hub import ModelCard, metadata_save

    done = harness("huggingface", "to=out", f"results={ROOT / 'results'}", command="export")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/sentence-transformers/all-MiniLM-L6-v2/model-index.yaml"]
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A model\n")
    metadata_save(tmp_path / "README.md", yaml.safe_load((tmp_path / done.stdout.strip()).read_text()))
    card = ModelCard.load(tmp_path / "README.md")
    read = {(one.dataset_name, one.metric_type): one.metric_value for one in card.data.eval_results}
    records = [record for record in Archive(ROOT / "results").read() if record.system == "minilm"]
    assert read == {(record.task, one.measure): one.mean for record in records for one in record.measures}
    assert read["legal", "nDCG@10"] == pytest.approx(0.337, abs=5e-4) and "# A model" in card.content


def test_measures_have_mtebs_names():
    """`nDCG@10` is `ndcg_at_10`; what mteb does not know is left out; its own names stay."""
    from harness.records.mteb_names import theirs

    assert [theirs(name) for name in ("nDCG@10", "success@5", "cosine_spearman", "unjudged@10", "nDCG(gain=exp)@10")] == [
        "ndcg_at_10", "hit_rate_at_5", "cosine_spearman", "", "",
    ]  # fmt: skip
