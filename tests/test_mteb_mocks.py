"""mteb's own mock tasks, every text one: the harness gives the number that `mteb.evaluate` gives with the same model."""

from __future__ import annotations

import dataclasses
import math

import pytest

import toys
from harness.context import Context
from harness.hub import Hub

pytest.importorskip("mteb.mocks")
import inspect

from mteb.abstasks.abstask import AbsTask
from mteb.mocks import mock_tasks

from harness.benchmark import benchmark
from harness.config.jobs import Job
from harness.data.mteb_convert import convert
from harness.data.mteb_registry import parts
from harness.evaluation.display import Display
from harness.records.archive import Archive
from harness.refs import SystemRef, TaskRef
from harness.registry import tasks
from harness.types import Delegated, Task


def text_mocks() -> list[type]:
    found = []
    for module in vars(mock_tasks).values():
        if inspect.ismodule(module):
            found += [cls for cls in vars(module).values() if inspect.isclass(cls) and issubclass(cls, AbsTask)]
    found += [cls for cls in vars(mock_tasks).values() if inspect.isclass(cls) and issubclass(cls, AbsTask)]
    text = {cls for cls in found if hasattr(cls, "metadata") and set(cls.metadata.modalities) == {"text"}}
    return sorted((cls for cls in text if "Aggregated" not in cls.__name__), key=lambda cls: cls.__name__)


CASES = [(cls, choice.options["subset"], choice.options["split"]) for cls in text_mocks() for choice in parts(cls())]


@pytest.fixture(scope="module")
def sentence_transformer(minilm_folder):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(minilm_folder), device="cpu")


def test_every_kind_of_text_task_is_among_the_mocks():
    """Retrieval, reranking, instructions, STS, classification, clustering, pairs, bitext, summaries … are all tried."""
    kinds = {cls.metadata.type for cls in text_mocks()}
    assert kinds >= {
        "Retrieval", "Reranking", "InstructionRetrieval", "InstructionReranking", "STS", "Classification", "Clustering",
        "PairClassification", "MultilabelClassification", "BitextMining", "Summarization", "Regression",
    }  # fmt: skip


@pytest.mark.parametrize(("cls", "subset", "split"), CASES, ids=[f"{c.__name__}-{s}-{p}" for c, s, p in CASES])
def test_mock_task_scores_as_mteb_does(cls, subset, split, minilm, sentence_transformer, tmp_path, monkeypatch):
    """The primary number of the record equals mteb's main score to 1e-6, and so does the mean of its values per item."""
    import mteb

    theirs_task = cls()
    theirs_task.hf_subsets = [subset]
    result = mteb.evaluate(sentence_transformer, theirs_task, cache=None, co2_tracker=False, show_progress_bar=False)
    theirs = next(one for one in result.task_results[0].scores[split] if one["hf_subset"] == subset)["main_score"]

    def mock() -> Task | Delegated:
        """A mock task of mteb."""
        return convert(cls(), subset, split, Hub())

    from harness.registry import Plugin

    monkeypatch.setitem(tasks._plugins, "mock", Plugin("task", "mock", mock))
    job = Job(SystemRef("", {}, "minilm"), TaskRef("mock", {}, "mock"))
    context, objects = Context(device="cpu", results=tmp_path), {"minilm": toys.whole(minilm)}
    with Display(1, shown=False) as display:
        ((_, record),) = benchmark([job], context, display, overwrite=False, record_failures=False, objects=objects)
    assert record.primary is not None
    ours = record.primary.mean if record.primary.unit == "mteb" else round(record.primary.mean, 5)  # as mteb rounds
    assert math.isclose(ours, theirs, abs_tol=1e-6), (record.primary, theirs)
    if record.form == "delegated":
        scores = Archive(tmp_path).scores(record).get(record.primary.measure)
        if record.primary.measure == "lrap":  # no task of mteb's leads with it
            assert scores is None and record.primary.interval.startswith("none: no values per item")
        else:
            assert math.isclose(float(scores.values.mean()), theirs, abs_tol=1e-6) and record.primary.low is not None


KINDS = ("minilm-tokens", "hybrid", "rerank/bm25:minilm-tokens", "fusion/bm25+wordllama", "minilm(window=64)")
"""Late interaction, fusions, a reranker, windows."""


@pytest.fixture(scope="module")
def of_every_kind(tmp_path_factory, discovered):
    """Each kind of system that is more than one vector for each text."""
    from harness.compose.composition import open_system
    from harness.evaluation.runs import stored_run

    context = Context(device="cpu", results=tmp_path_factory.mktemp("runs"), opener=open_system, runner=stored_run)
    return context, {name: context.open(name) for name in KINDS}


@pytest.mark.parametrize(("cls", "subset", "split"), CASES, ids=[f"{c.__name__}-{s}-{p}" for c, s, p in CASES])
def test_mock_task_runs_through_each_kind_of_system(cls, subset, split, of_every_kind, tmp_path, monkeypatch):
    """Or is not applicable, and says why: a task that needs one vector for each text. None fails."""
    from harness.registry import Plugin

    def mock() -> Task | Delegated:
        """A mock task of mteb."""
        return convert(cls(), subset, split, Hub())

    monkeypatch.setitem(tasks._plugins, "mock", Plugin("task", "mock", mock))
    context, systems = of_every_kind
    jobs = [Job(SystemRef("", {}, name), TaskRef("mock", {}, "mock")) for name in systems]
    inside = dataclasses.replace(context, results=tmp_path)
    with Display(len(jobs), shown=False) as display:
        made = benchmark(jobs, inside, display, overwrite=False, record_failures=True, objects=dict(systems))
    for _, record in made:
        if record.form == "ranked":
            assert 0 <= record.primary.mean <= 1, record
        elif record.system == "minilm(window=64)":
            assert record.status == "ok", (
                record.reason
            )  # windows are of documents that are searched; its vectors are minilm's
        else:
            assert record.status == "not applicable" and "this task needs" in record.reason, record
