"""Published values on real data: ours through every path, the peers' own evaluators in the same test.

SciFact nDCG@10: all-MiniLM-L6-v2 0.64508, wordllama 0.5156, bm25s 0.6863. STSBenchmark 0.8203, Banking77 0.8004.
"""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mirrors
import toys
from harness.data import mteb_registry as mteb_data
from harness.data.beir import read_folder
from harness.data.mteb_convert import convert
from harness.hub import Hub
from harness.measures.evaluate import evaluate
from harness.types import Run, Task

MEASURES = ("nDCG@10", "MAP@10", "MRR@10", "recall@10", "recall@100", "precision@10", "success@5", "Rprec", "MAP")


def task_of(dataset, measures=MEASURES) -> Task:
    return Task(dataset=dataset, measures=tuple(measures), name="beir/scifact", depth=1000)


@pytest.fixture(scope="module")
def scifact(shared) -> Task:
    return task_of(read_folder(shared / "scifact", "test", "scifact"))


@pytest.fixture(scope="module")
def mirror(shared, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mirror")
    for make in (mirrors.scifact, mirrors.stsbenchmark, mirrors.banking77):
        make(shared, folder)
    return folder


@pytest.fixture(scope="module")
def static_run(scifact, wordllama) -> Run:
    return toys.ranked(wordllama, scifact)


@pytest.fixture
def mirrored(mirror):
    hub = Hub.at(str(mirror))
    hub.quiet()
    return hub


def mean(run: Run, task: Task, measure: str = "nDCG@10") -> float:
    return float(evaluate(run, task.dataset, [measure])[0].values.mean())


def by_mteb(model, name: str, hub: Hub) -> dict[str, float]:
    """What `mteb.evaluate` itself says of a sentence-transformers model, on the mirror's data."""
    import mteb

    result = mteb.evaluate(model, mteb_data.get(name, hub), cache=None, co2_tracker=False, show_progress_bar=False)
    (scores,) = result.task_results[0].scores["test"]
    return scores


def test_wordllama_on_scifact_is_the_published_value(static_run, scifact):
    """0.5156 ± 0.0005 through the BEIR folder."""
    assert abs(mean(static_run, scifact) - 0.5156) < 0.0005


def test_wordllama_through_the_mteb_wrap_and_by_mteb_itself(mirrored, static_run, scifact, wordllama):
    """The same set from a mirror through the wrap, and by mteb's own evaluator, give the number of the folder."""
    wrapped = convert(mteb_data.get("SciFact", mirrored), "default", "test", mirrored)
    assert isinstance(wrapped, Task)
    assert wrapped.dataset.counts["documents"] == 5183 and len(wrapped.dataset.queries) == 300
    ours = mean(toys.ranked(wordllama, wrapped), wrapped)
    assert math.isclose(ours, mean(static_run, scifact), abs_tol=1e-6)
    theirs = by_mteb(wordllama.model._model, "SciFact", mirrored)
    assert abs(ours - theirs["ndcg_at_10"]) < 2e-5  # mteb rounds to five digits


def test_bm25_on_scifact_is_the_published_value(scifact):
    """bm25s with lucene, k1 1.5, b 0.75, English stop words and stemmer: within 0.002 of 0.6863; k1 0.9 b 0.4: 0.6762."""
    from harness.systems.bm25 import bm25

    assert abs(mean(toys.ranked(bm25(), scifact), scifact) - 0.6863) < 0.002
    assert abs(mean(toys.ranked(bm25(k1=0.9, b=0.4), scifact), scifact) - 0.6762) < 0.002


def test_per_query_scores_equal_ir_measures(static_run, scifact):
    """Every measure, every query, to 1e-6, on the same run."""
    import ir_measures

    names = {
        "nDCG@10": "nDCG@10", "MAP@10": "AP@10", "MRR@10": "RR@10", "recall@10": "R@10", "recall@100": "R@100",
        "precision@10": "P@10", "success@5": "Success@5", "Rprec": "Rprec", "MAP": "AP",
    }  # fmt: skip
    run = [
        ir_measures.ScoredDoc(query, document, float(len(documents) - rank))
        for query, documents in zip(static_run.query_ids, static_run.doc_ids, strict=True)
        for rank, document in enumerate(documents)
    ]
    qrels = [
        ir_measures.Qrel(query, document, grade)
        for query, judged in scifact.dataset.qrels.items()
        for document, grade in judged.items()
    ]
    parsed = {ours: ir_measures.parse_measure(theirs) for ours, theirs in names.items()}
    found = {
        (str(one.measure), one.query_id): one.value for one in ir_measures.iter_calc(list(parsed.values()), qrels, run)
    }
    for scores in evaluate(static_run, scifact.dataset, list(names)):
        theirs = [found[str(parsed[scores.measure]), query] for query in scores.query_ids]
        np.testing.assert_allclose(scores.values, theirs, atol=1e-6, err_msg=scores.measure)


def test_per_query_scores_equal_mtebs(static_run, scifact):
    """mteb's own retrieval metrics on the same run, per query, to 1e-6."""
    from mteb._evaluators.retrieval_metrics import calculate_retrieval_scores, mrr

    results = {
        query: dict(zip(documents, map(float, scores), strict=True))
        for query, documents, scores in zip(static_run.query_ids, static_run.doc_ids, static_run.scores, strict=True)
    }
    qrels = {query: dict(judged) for query, judged in scifact.dataset.qrels.items()}
    every, *_ = calculate_retrieval_scores(results, qrels, [5, 10, 100], False)
    names = {"nDCG@10": "ndcg_cut_10", "MAP@10": "map_cut_10", "recall@100": "recall_100", "precision@10": "P_10"}
    for scores in evaluate(static_run, scifact.dataset, list(names)):
        theirs = [every[query][names[scores.measure]] for query in scores.query_ids]
        np.testing.assert_allclose(scores.values, theirs, atol=1e-6)
    (reciprocal,) = evaluate(static_run, scifact.dataset, ["MRR@10"])
    np.testing.assert_allclose(reciprocal.values, mrr(qrels, results, [10])["MRR@10"], atol=1e-6)


def test_beirs_own_evaluation_gives_the_same_number(shared, scifact, static_run, wordllama):
    """beir's loader, exact search and `EvaluateRetrieval`, with the same model; SciFact has no self-matches (point 6)."""
    from beir.datasets.data_loader import GenericDataLoader
    from beir.retrieval.evaluation import EvaluateRetrieval
    from beir.retrieval.search.dense import DenseRetrievalExactSearch

    class Model:
        def encode_queries(self, queries, batch_size=32, **_):
            return wordllama.model._model.encode(queries, show_progress_bar=False)

        def encode_corpus(self, corpus, batch_size=32, **_):
            texts = [f"{one.get('title', '')} {one['text']}".strip() for one in corpus]
            return wordllama.model._model.encode(texts, show_progress_bar=False)

    corpus, queries, qrels = GenericDataLoader(str(shared / "scifact")).load(split="test")
    retriever = EvaluateRetrieval(DenseRetrievalExactSearch(Model(), batch_size=256), score_function="cos_sim")
    ndcg, _map, recall, _ = retriever.evaluate(qrels, retriever.retrieve(corpus, queries), [10, 100])
    assert abs(ndcg["NDCG@10"] - mean(static_run, scifact)) < 2e-5
    assert abs(recall["Recall@100"] - mean(static_run, scifact, "recall@100")) < 2e-5


def test_sentence_transformers_own_evaluator_gives_the_same_number(scifact, static_run, wordllama):
    """`InformationRetrievalEvaluator` agrees where grades are binary; it knows no others (point 7)."""
    from sentence_transformers.evaluation import InformationRetrievalEvaluator

    data = scifact.dataset
    evaluator = InformationRetrievalEvaluator(
        dict(zip(data.queries.ids, data.queries.texts, strict=True)),
        dict(zip(data.documents.ids, data.documents.texts, strict=True)),
        {query: set(judged) for query, judged in data.qrels.items()},
        show_progress_bar=False,
    )
    found = evaluator(wordllama.model._model)
    assert abs(found["cosine_ndcg@10"] - mean(static_run, scifact)) < 1e-5
    assert abs(found["cosine_mrr@10"] - mean(static_run, scifact, "MRR@10")) < 1e-5


def test_stsbenchmark_through_mtebs_evaluator(mirrored, minilm):
    """0.82032 with minilm behind mteb's own STS evaluator."""
    task = convert(mteb_data.get("STSBenchmark", mirrored), "default", "test", mirrored)
    assert not isinstance(task, Task) and task.measure == "cosine_spearman"
    result = task.score(minilm)
    assert round(result.values["cosine_spearman"], 5) == 0.82032 == round(float(result.scores.values.mean()), 5)


@pytest.mark.slow
def test_banking77_through_mtebs_evaluator(mirrored, minilm):
    """0.80042 with minilm behind mteb's own classification, and from its values per text."""
    task = convert(mteb_data.get("Banking77Classification", mirrored), "default", "test", mirrored)
    assert not isinstance(task, Task) and task.measure == "accuracy"
    result = task.score(minilm)
    assert round(result.values["accuracy"], 5) == 0.80042 == round(float(result.scores.values.mean()), 5)


@pytest.mark.slow
def test_minilm_on_scifact_is_the_published_value_by_every_path(mirrored, scifact, minilm, minilm_folder):
    """0.64508 ± 0.0002 through the BEIR folder, through the MTEB wrap, and by mteb itself."""
    from sentence_transformers import SentenceTransformer

    assert abs(mean(toys.ranked(minilm, scifact), scifact) - 0.64508) < 0.0002
    wrapped = convert(mteb_data.get("SciFact", mirrored), "default", "test", mirrored)
    assert isinstance(wrapped, Task)
    run = toys.ranked(minilm, replace(wrapped, name="mteb/SciFact"))
    assert abs(mean(run, wrapped) - 0.64508) < 0.0002
    assert abs(mean(run, wrapped, "recall@100") - 0.925) < 0.0005
    theirs = by_mteb(SentenceTransformer(str(minilm_folder), device="cpu"), "SciFact", mirrored)
    assert abs(theirs["ndcg_at_10"] - 0.64508) < 0.0002
    assert abs(theirs["ndcg_at_10"] - mean(run, wrapped)) < 1e-4


def test_scifact_files_are_the_ones_the_values_belong_to(shared):
    """300 judged claims in the test split."""
    with (shared / "scifact" / "qrels" / "test.tsv").open(encoding="utf-8") as file:
        assert len({row["query-id"] for row in csv.DictReader(file, delimiter="\t")}) == 300
