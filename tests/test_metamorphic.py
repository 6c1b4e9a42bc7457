"""What is not in a system's identity moves no number: each such option is varied, alone and in pairs, over every kind of
system, and rankings and measures per query are the same; and so for the order of documents and queries, hash seeds,
threads and shards."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import toys
from conftest import ROOT
from harness.compose.composition import job, open_system
from harness.context import Context
from harness.evaluation.opening import Opener
from harness.evaluation.runs import stored_run
from harness.hub import Hub
from harness.measures.evaluate import evaluate
from harness.types import Dataset, Run, Task, Texts

SYSTEMS = {
    "dense": "wordllama",
    "shortened": "wordllama(dims=64)",
    "float16": "wordllama(precision=float16)",
    "int8": "wordllama(precision=int8)",
    "binary": "wordllama(precision=binary)",
    "rescored": "wordllama(precision=binary,rescore=4)",
    "late": "minilm-tokens",
    "late, int8": "minilm-tokens(precision=int8)",
    "lexical": "bm25",
    "latent": "lsa",
    "fused": "rrf/bm25+wordllama",
    "convex": "fusion(normalize=distribution,weights=[0.3,0.7])/bm25+wordllama",
    "reranked": "rerank/bm25:wordllama",
}
"""One of each kind, as typed."""
OPTIONS = {
    "memory": (30_000, 1 << 30),
    "vectors": ("none", "float32"),
    "device": ("cpu", "auto"),
}
"""What a context holds that is in no identity: the first value is the unusual one. 30 kB are 15 documents at a time."""
SMALL = 60


@pytest.fixture(scope="module")
def task() -> Task:
    """Sixty questions of the embedded FAQ; half of its answers have a longer vector than the others."""
    whole = Opener(Context()).task(dataclasses.replace(job(["task=faq"]).task, limit=SMALL))
    assert isinstance(whole, Task)
    return dataclasses.replace(whole, depth=50, measures=("nDCG@10", "recall@50", "MRR@10"))


def context(folder: Path, **options: object) -> Context:
    return Context(hub=Hub(), results=folder, opener=open_system, runner=stored_run, **options)


def answer(system: str, task: Task, folder: Path, **options: object) -> tuple[dict, dict]:
    """Rankings with their scores, and measures, per query, from an empty results folder."""
    where = context(folder, **options)
    run = toys.ranked(where.open(system), task, where)
    return rankings(run), measured(run, task.dataset, task.measures)


def rankings(run: Run) -> dict[str, list[str]]:
    """A score's last bit is a product's, whose blocks differ; where that could decide, it is computed again in float64."""
    return {query_id: list(ids) for query_id, ids in zip(run.query_ids, run.doc_ids, strict=True)}


def measured(run: Run, dataset: Dataset, measures) -> dict[str, tuple[float, ...]]:
    scores = evaluate(run, dataset, list(measures))
    return {
        query_id: values for query_id, *values in zip(scores[0].query_ids, *(one.values for one in scores), strict=True)
    }


def shuffled(texts: Texts, seed: int) -> Texts:
    order = list(range(len(texts)))
    random.Random(seed).shuffle(order)
    return Texts(
        [texts.ids[one] for one in order],
        [texts.texts[one] for one in order],
        {key: [column[one] for one in order] for key, column in texts.properties.items()},
    )


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_no_option_outside_the_identity_moves_a_number(system, task, tmp_path):
    """Each alone and every pair; the identity is the same too."""
    expected = answer(system, task, tmp_path / "usual")
    names = [*itertools.combinations(OPTIONS, 1), *itertools.combinations(OPTIONS, 2)]
    for number, chosen in enumerate(names):
        options = {name: OPTIONS[name][0] for name in chosen}
        found = answer(system, task, tmp_path / str(number), **options)
        assert found == expected, options
        if "vectors" not in options:
            assert context(tmp_path, **options).open(system).identity == context(tmp_path).open(system).identity


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
def test_the_order_of_documents_and_queries_moves_no_number(system, task, tmp_path):
    """int8 counted between the values of the first documents that fitted into memory."""
    expected = answer(system, task, tmp_path / "usual")
    data = task.dataset
    mixed = dataclasses.replace(data, documents=shuffled(data.documents, 1), queries=shuffled(data.queries, 2))
    other = dataclasses.replace(task, dataset=mixed)
    for number, memory in enumerate((30_000, 1 << 30)):
        found = answer(system, other, tmp_path / f"mixed{number}", memory=memory)
        if system == "lsa":  # a decomposition sums in the order of its rows: the last digits are its own
            assert found[1].keys() == expected[1].keys()
            for query_id, values in expected[1].items():
                np.testing.assert_allclose(found[1][query_id], values, atol=1e-6)
            continue
        assert found == expected


def test_int8_ranges_are_those_of_the_whole_corpus():
    """Fitted on the first piece, as it was: other codes, and another ranking, wherever `memory` cut it."""
    import faiss

    from harness.search.compression import Variant
    from harness.search.vector_index import VectorIndex

    generator = np.random.default_rng(0)
    documents = generator.normal(size=(400, 16)).astype(np.float32)
    documents[200:] *= 8
    queries, ids, names = (
        generator.normal(size=(5, 16)).astype(np.float32),
        [f"d{one}" for one in range(400)],
        list("abcde"),
    )
    found = [
        VectorIndex(documents, ids, similarity="dot", variant=Variant(precision="int8"), memory=memory).search(
            queries, names, 20
        )
        for memory in (1 << 30, 3_000)
    ]
    assert found[0][0] == found[1][0]
    assert all((one == other).all() for one, other in zip(found[0][1], found[1][1], strict=True))
    naive = faiss.IndexScalarQuantizer(16, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
    naive.train(documents[:23])
    naive.add(documents)
    places = naive.search(queries, 20)[1]
    assert [[ids[place] for place in row] for row in places.tolist()] != found[0][0]


SCRIPT = """
import json, sys
from harness.compose.composition import open_system
from harness.context import Context
from harness.evaluation.runs import stored_run
import test_metamorphic as suite
from pathlib import Path
from harness.compose import plugins
plugins.discover()
task = suite.task.__wrapped__() if hasattr(suite.task, "__wrapped__") else suite.task._get_wrapped_function()()
out = {name: suite.answer(name, task, Path(sys.argv[1]) / str(number)) for number, name in enumerate(sys.argv[2:])}
print(json.dumps(out, sort_keys=True))
"""


def elsewhere(folder: Path, systems, **environment: str) -> dict:
    """What those systems answer in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), *systems],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_hash_seeds_and_threads_move_no_number(tmp_path):
    """Another order of sets and dictionaries, one thread and two."""
    systems = [name for name in SYSTEMS.values() if name != "lsa"]
    one = elsewhere(tmp_path / "one", systems, PYTHONHASHSEED="1", OMP_NUM_THREADS="1")
    two = elsewhere(tmp_path / "two", systems, PYTHONHASHSEED="2", OMP_NUM_THREADS="2")
    assert one == two


def test_shards_move_no_number(harness, tmp_path):
    """A corpus that three processes encode gives the run of one that was encoded at once."""
    words = ["model=wordllama", "task=faq", "limit=20", "progress=false", "board=false"]
    assert harness(*words, "data.cache=whole", "results=whole-results").returncode == 0
    for part in (3, 1, 2):
        assert harness(*words, "data.cache=parts", f"encode.shard={part}/3").returncode == 0
    assert harness(*words, "data.cache=parts", "results=parts-results").returncode == 0
    whole, parts = (
        next((tmp_path / name).glob("records/*/*/run.trec.gz")).read_bytes()
        for name in ("whole-results", "parts-results")
    )
    assert whole == parts


def test_an_int8_vector_does_not_depend_on_its_neighbours():
    """Dynamic int8 takes its range from a batch: a text among others had another vector, and kept it in the store."""
    pytest.importorskip("onnxruntime")
    from conftest import opened
    from harness.models.runtimes import onnx

    texts = ["a short text", "Ω" * 40, "The Supplier shall deliver. " * 30, "x", "reset my password"]
    system = opened("minilm", dtype="int8", runtime="onnx", context=Context(device="cpu", vectors="none"))
    together, alone = system.encode(texts, ""), np.concatenate([system.encode([text], "") for text in texts])
    backwards = system.encode(texts[::-1], "")[::-1]
    assert (together == alone).all() and (together == backwards).all()
    model = system.model
    ready = model.prepare(texts)
    batched = model.forward(ready, np.arange(len(texts)))  # as it was: one batch of several texts
    assert onnx and np.abs(batched - alone).max() > 1e-3
