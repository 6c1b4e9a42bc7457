"""Results in mteb's own format, read back by mteb's own tooling."""

from __future__ import annotations

import json

import pytest

import mirrors
from harness.records.archive import Archive


def test_mteb_reads_what_was_exported(harness, tmp_path, shared):
    """A ranked and a delegated task: `ResultCache.load_results` gives the main scores of the records."""
    mteb = pytest.importorskip("mteb")
    mirror = tmp_path / "mirror"
    mirrors.scifact(shared, mirror)
    mirrors.stsbenchmark(shared, mirror)
    done = harness(
        "-m", "model=wordllama", "task=scifact,mteb/STSBenchmark", f"data.mirror={mirror}", "limit=20", "board=false"
    )
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


def test_measures_have_mtebs_names():
    """`nDCG@10` is `ndcg_at_10`; what mteb does not know is left out; its own names stay."""
    from harness.records.mteb_names import theirs

    assert [theirs(name) for name in ("nDCG@10", "success@5", "cosine_spearman", "unjudged@10", "nDCG(gain=exp)@10")] == [
        "ndcg_at_10", "hit_rate_at_5", "cosine_spearman", "", "",
    ]  # fmt: skip
