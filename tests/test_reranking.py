"""Rerankers as a user types them: behind a first stage, on tasks with candidates, and as mteb runs and registers them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml

import mirrors
import reranker_models
from harness.compose.composition import job, open_system
from harness.context import Context
from harness.data import mteb_registry
from harness.evaluation.opening import Opener
from harness.evaluation.runs import stored_run
from harness.hub import Hub
from harness.measures.evaluate import evaluate
from harness.records.archive import Archive

CONF = Path(__file__).parents[1] / "conf" / "model"
WRITTEN = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(CONF.glob("*.yaml"))}
RERANKERS = {name: written for name, written in WRITTEN.items() if written["defaults"] == ["cross-encoder"]}
UNREGISTERED = {"bge-reranker-base", "bge-reranker-large"}
"""mteb does not know them, and no revision of theirs is pinned."""
EXCEPTIONS = {"qwen3-reranker-0.6b": {"max_length"}}
"""mteb states the 40,960 positions; its wrapper cuts at 8,192, as ours does."""


OURS = "rerank(k={})/bm25:cross-encoder/acme/tiny"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory, minilm_folder) -> Path:
    """In a mirror of models, under the name acme/tiny."""
    return reranker_models.classifier(tmp_path_factory.mktemp("models") / "acme" / "tiny", minilm_folder, layers=2)


@pytest.fixture(scope="module")
def small_scifact(shared, tmp_path_factory) -> Path:
    """A mirror of SciFact's first 12 judged queries, their documents and 150 others."""
    mirror = mirrors.scifact(shared, tmp_path_factory.mktemp("mirror"))
    folder = mirror / "mteb" / "scifact"

    def rows(name: str) -> list[dict]:
        return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]

    qrels = rows("qrels/test.jsonl")
    chosen = list(dict.fromkeys(row["query-id"] for row in qrels))[:12]
    qrels = [row for row in qrels if row["query-id"] in chosen]
    needed = {row["corpus-id"] for row in qrels}
    corpus = rows("corpus.jsonl")
    others = [row["_id"] for row in corpus if row["_id"] not in needed][:150]
    mirrors.write_jsonl(folder / "qrels" / "test.jsonl", qrels)
    mirrors.write_jsonl(folder / "corpus.jsonl", (row for row in corpus if row["_id"] in {*needed, *others}))
    mirrors.write_jsonl(folder / "queries.jsonl", (row for row in rows("queries.jsonl") if row["_id"] in chosen))
    return mirror


def test_behind_a_first_stage_as_it_is_typed(harness, tmp_path, classifier, monkeypatch):
    """A YAML's name after the colon; a second k scores only new pairs, and alone on a corpus it is n/a with the mend."""
    plugins = reranker_models.yaml_of(tmp_path / "plugins", "tiny-ce", path=classifier, max_length=96)
    monkeypatch.setenv("HARNESS_PLUGINS", str(plugins))
    words = ("task=legal", "limit=4", "progress=false", f"data.cache={tmp_path / 'cache'}")
    for name in ("rerank(k=5)/bm25:tiny-ce", "rerank(k=8)/bm25:tiny-ce"):
        done = harness(f"model={name}", *words)
        assert done.returncode == 0, done.stderr
    done = harness("-m", "model=tiny-ce", *words)
    records = {one.system: one for one in Archive(tmp_path / "results").read()}
    assert set(records) == {"rerank(k=5)/bm25:tiny-ce", "rerank(k=8)/bm25:tiny-ce", "tiny-ce"}, done.stderr
    assert records["tiny-ce"].status == "not applicable" and "model=rerank/bm25:NAME" in records["tiny-ce"].reason
    five, eight = (records[f"rerank(k={k})/bm25:tiny-ce"].checks for k in (5, 8))
    assert five.fresh == {"pair": 20} and eight.fresh == {"pair": 12}
    assert five.truncation["document"]["texts"] == 20 and five.truncation["document"]["texts_cut"] > 0
    assert "reads 96 tokens" in (tmp_path / "results" / "leaderboard.md").read_text(encoding="utf-8")


def test_mtebs_two_stages_give_its_number(small_scifact, classifier, tmp_path):
    """`convert_to_reranking` over the same first stage, `CrossEncoderWrapper` over the same files: nDCG@10 per mteb.evaluate."""
    import mteb
    from mteb.models.sentence_transformer_wrapper import CrossEncoderWrapper

    hub = Hub.at(str(small_scifact), models=str(classifier.parents[1]), cache=str(tmp_path / "cache"))
    context = Context(hub=hub, device="cpu", results=tmp_path / "results", opener=open_system, runner=stored_run)
    task = Opener(context).task(job(["task=mteb/SciFact"]).task)
    first = stored_run(context, context.open("bm25"), task)
    ranked = {
        query_id: dict(zip(ids[:20], map(float, scores[:20]), strict=True))
        for query_id, ids, scores in zip(first.query_ids, first.doc_ids, first.scores, strict=True)
    }
    predictions = tmp_path / "predictions.json"
    predictions.write_text(json.dumps({"mteb_model_meta": {"model_name": "bm25"}, "default": {"test": ranked}}))
    theirs = mteb_registry.get("SciFact", hub).convert_to_reranking(predictions, top_k=20)
    model = CrossEncoderWrapper(reranker_models.sentence_transformer(classifier))
    result = mteb.evaluate(model, theirs, cache=None, co2_tracker=False, show_progress_bar=False)
    expected = result.task_results[0].scores["test"][0]["ndcg_at_10"]
    run = stored_run(context, context.open(OURS.format(20)), task)
    (ours,) = evaluate(run, task.dataset, ["nDCG@10"])
    (before,) = evaluate(first, task.dataset, ["nDCG@10"])
    assert ours.values.mean() == pytest.approx(expected, abs=1e-5) != pytest.approx(before.values.mean(), abs=1e-3)


def test_a_reranker_of_mtebs_registry_scores_through_mtebs_wrapper(small_scifact, classifier, tmp_path):
    """`mteb/NAME` behind a first stage: the mirror's files in mteb's hands, whose order without a sigmoid's ties is ours."""
    models = tmp_path / "models"
    for name in ("cross-encoder/ms-marco-MiniLM-L6-v2", "acme/tiny"):
        shutil.copytree(classifier, models / name)
    hub = Hub.at(str(small_scifact), models=str(models), cache=str(tmp_path / "cache"))
    context = Context(hub=hub, device="cpu", results=tmp_path / "results", opener=open_system, runner=stored_run)
    task = Opener(context).task(job(["task=mteb/SciFact"]).task)
    name = "mteb/cross-encoder/ms-marco-MiniLM-L6-v2"
    theirs = stored_run(context, context.open(f"rerank(k=10)/bm25:{name}"), task)
    ours = stored_run(context, context.open(OURS.format(10)), task)
    assert [list(row[:10]) for row in theirs.doc_ids] == [list(row[:10]) for row in ours.doc_ids]
    assert theirs.notes.fresh == {"pair": 120} and "mteb" in context.open(name).facts.libraries


def stated_by_mteb(name: str) -> dict[str, object]:
    """Revision, licence, parameters, length and whether its own code runs; what mteb leaves open is absent."""
    import mteb

    meta = mteb.get_model_meta(name)
    stated = {"revision": meta.revision, "licence": meta.license, "parameters": meta.n_parameters}
    stated["max_length"] = int(meta.max_tokens) if meta.max_tokens is not None else None
    return {key: value for key, value in stated.items() if value is not None}


@pytest.mark.parametrize("name", sorted(set(RERANKERS) - UNREGISTERED))
def test_a_yaml_states_what_mteb_states(name):
    """But for the documented exceptions."""
    ours, theirs = RERANKERS[name], stated_by_mteb(RERANKERS[name]["name"])
    assert {key for key, value in theirs.items() if ours.get(key) != value} == EXCEPTIONS.get(name, set())


def test_rerankers_that_mteb_does_not_register_are_named():
    """One that it does register is held against it above; without its word no revision is pinned."""
    from mteb.models.model_implementations import MODEL_REGISTRY

    assert {name for name, written in RERANKERS.items() if written["name"] not in MODEL_REGISTRY} == UNREGISTERED
    assert not any("revision" in RERANKERS[name] for name in UNREGISTERED)


@pytest.mark.parametrize("name", sorted(RERANKERS))
def test_a_yaml_composes_to_a_cross_encoder(name):
    """By its name alone; nothing is loaded or asked of a hub for that."""
    from harness.config.options import call
    from harness.registry import systems

    options = {key: value for key, value in RERANKERS[name].items() if key != "defaults"}
    system = call(systems.get("cross-encoder"), options, label=name, context=Context(device="cpu"))
    assert system.spec.title == options["name"] and system.template == options.get("template", "")
