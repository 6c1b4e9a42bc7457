"""The peers as whole processes on SciFact: `python tests/bench/peers.py mteb|beir float32|bfloat16 BATCH CACHE`.

Each prints its nDCG@10 and its own seconds as JSON. CACHE is `-`, or the folder of mteb's embedding cache.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from common import SCIFACT, SHARED, minilm_folder


def load(dtype: str) -> Any:
    import torch
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(minilm_folder()), device="cpu", model_kwargs={"dtype": getattr(torch, dtype)})


def by_mteb(dtype: str, batch: int, cache: str) -> dict[str, float]:
    """`mteb.evaluate` on its own SciFact, read from a folder in the hub's layout; warm, through its cached wrapper."""
    import mteb
    from mteb.models import CachedEmbeddingWrapper

    from mirrors import scifact

    mirror = Path("mirror")
    if not mirror.exists():
        scifact(SHARED, mirror)
    task = mteb.get_task("SciFact")
    data = {**task.metadata.dataset, "path": str((mirror / "mteb" / "scifact").resolve())}
    task.metadata = task.metadata.model_copy(update={"dataset": data})
    model: Any = mteb.models.SentenceTransformerEncoderWrapper(load(dtype))
    if cache != "-":
        model = CachedEmbeddingWrapper(model, Path(cache))
    start = time.perf_counter()
    result = mteb.evaluate(
        model, task, cache=None, co2_tracker=False, show_progress_bar=False, encode_kwargs={"batch_size": batch}
    )
    took = time.perf_counter() - start
    (scores,) = result.task_results[0].scores["test"]
    return {"ndcg": float(scores["ndcg_at_10"]), "inside": took}


def by_beir(dtype: str, batch: int, _: str) -> dict[str, float]:
    """beir's loader, its exact search over a sentence-transformers model, and its evaluation."""
    from beir.datasets.data_loader import GenericDataLoader
    from beir.retrieval.evaluation import EvaluateRetrieval
    from beir.retrieval.search.dense import DenseRetrievalExactSearch

    loaded = load(dtype)

    class Model:
        def encode_queries(self, queries: list[str], **_: Any) -> Any:
            return loaded.encode(queries, batch_size=batch, show_progress_bar=False, convert_to_tensor=True).float()

        def encode_corpus(self, corpus: list[dict[str, str]], **_: Any) -> Any:
            texts = [f"{one.get('title', '')} {one['text']}".strip() for one in corpus]
            return loaded.encode(texts, batch_size=batch, show_progress_bar=False, convert_to_tensor=True).float()

    start = time.perf_counter()
    corpus, queries, qrels = GenericDataLoader(str(SCIFACT)).load(split="test")
    retriever = EvaluateRetrieval(DenseRetrievalExactSearch(Model(), batch_size=batch), score_function="cos_sim")
    ndcg, *_ = retriever.evaluate(qrels, retriever.retrieve(corpus, queries), [10, 100])
    return {"ndcg": float(ndcg["NDCG@10"]), "inside": time.perf_counter() - start}


def best_batch(dtype: str) -> dict[str, float]:
    """The batch size at which `SentenceTransformer.encode` is fastest, on 512 abstracts; each size twice."""
    model = load(dtype)
    texts = [json.loads(line)["text"] for line in (SCIFACT / "corpus.jsonl").read_text().splitlines()[:512]]
    took: dict[int, float] = {}
    for _ in range(2):
        for size in (8, 16, 32, 64, 128):
            start = time.perf_counter()
            model.encode(texts, batch_size=size, show_progress_bar=False)
            took[size] = min(took.get(size, 1e9), time.perf_counter() - start)
    return {"batch": float(min(took, key=lambda size: took[size]))}


if __name__ == "__main__":
    what, precision, *rest = sys.argv[1:]
    made = (
        best_batch(precision)
        if what == "batch"
        else {"mteb": by_mteb, "beir": by_beir}[what](precision, int(rest[0]), rest[1])
    )
    print(json.dumps(made))
