"""Reranking: 100 candidates of 300 queries beside `CrossEncoder.predict`, and a second first stage that shares four fifths.

    python tests/bench/rerank.py                  MiniLM's own six layers under a random head, on SciFact, in float32
    BENCH_QUERIES=20 BENCH_CANDIDATES=30 BENCH_ROUNDS=1 python tests/bench/rerank.py      a small form of it

No trained cross-encoder is at hand; speed asks only for the layers. Theirs is the best of several batch sizes, found on a part
of the pairs beforehand; ours is the whole system: texts, tokens, logits, a store on disk, ranking.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from common import SCIFACT, interleaved, machine, minilm_folder, ratio, seconds, spread, table

QUERIES = int(os.environ.get("BENCH_QUERIES", "300"))
CANDIDATES = int(os.environ.get("BENCH_CANDIDATES", "100"))
SIZES = (8, 16, 32, 64, 128)
SHARED_SHARE = 0.8


def main() -> str:
    import reranker_models
    from harness.compose.plugins import discover
    from harness.data.beir import read_folder
    from harness.types import Texts

    discover()
    data = read_folder(SCIFACT, "test", "scifact")
    queries = Texts(data.queries.ids[:QUERIES], data.queries.texts[:QUERIES])
    pools, others = first_stages(data.documents, queries)
    texts = dict(zip(data.documents.ids, data.documents.texts, strict=True))
    by_query = dict(zip(queries.ids, queries.texts, strict=True))
    pairs = [(by_query[query_id], texts[one]) for query_id, pool in pools.items() for one in pool]
    with tempfile.TemporaryDirectory() as kept:
        folder = reranker_models.classifier(Path(kept) / "model", minilm_folder())
        model = reranker_models.sentence_transformer(folder)
        size = best_size(model, pairs)
        warm = opened(folder, Path(kept) / "shared")
        _ = warm.scorer  # loaded and converted; both sides are timed from there
        expected: dict[str, Any] = {}

        def theirs() -> float:
            return seconds(
                lambda: expected.update(scores=model.predict(pairs, batch_size=size, show_progress_bar=False))
            )

        def ours() -> tuple[float, float, float, int]:
            with tempfile.TemporaryDirectory(dir=kept) as store:
                system = opened(folder, Path(store), scorer=warm.scorer)
                first = [0.0, 0.0]
                runs = []
                for at, wanted in enumerate((pools, others)):
                    index = system.index(data.documents, no_purpose())
                    first[at] = seconds(
                        lambda index=index, wanted=wanted: runs.append(
                            index.search(queries, CANDIDATES, candidates=wanted)
                        )
                    )
                expected["ours"] = runs[0]
                return (
                    first[0],
                    first[1],
                    seconds(lambda: index.search(queries, CANDIDATES, candidates=others)),
                    int(runs[1].notes.fresh["pair"]),
                )

        found = interleaved({"predict": theirs, "ours": ours})
        runtime = warm.runtime
        apart = difference(expected["scores"], expected["ours"], pools)
    cold, second, again = ([one[at] for one in found["ours"]] for at in range(3))
    fresh = found["ours"][-1][3]
    rows = [
        [f"sentence-transformers predict, batches of {size}", spread(found["predict"]), "", ""],
        [f"ours, {runtime}", spread(cold), ratio(found["predict"], cold), f"{apart:.1e}"],
        [f"ours, another first stage ({fresh:,} pairs new)", spread(second), ratio(cold, second), ""],
        ["ours, every score at hand", spread(again), ratio(cold, again), ""],
    ]
    return "\n\n".join([
        f"## Reranking\n\nAsked: 1.5× `CrossEncoder.predict` at its best batch size, and a fifth for a first stage that shares four "
        f"fifths of the candidates (5× in the third row). {len(queries):,} queries of SciFact, {CANDIDATES} candidates each, "
        f"{len(pairs):,} pairs, MiniLM's six layers, float32; medians of {len(cold)} rounds with least and most.",
        table(["", "s", "faster", "greatest difference of a logit"], rows),
        machine(),
    ])  # fmt: skip


def no_purpose() -> Any:
    from harness.types import Purpose

    return Purpose()


def first_stages(documents: Any, queries: Any) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """BM25's best candidates; and the best four fifths of them with the documents that follow in BM25's order."""
    from harness.config.options import call
    from harness.context import Context
    from harness.registry import systems

    system = call(systems.get("bm25"), {}, label="bm25", context=Context(device="cpu"))
    left_out = CANDIDATES - int(CANDIDATES * SHARED_SHARE)
    run = system.index(documents, no_purpose()).search(queries, CANDIDATES + left_out)
    ranked = {query_id: list(ids) for query_id, ids in zip(run.query_ids, run.doc_ids, strict=True)}
    pools = {query_id: ids[:CANDIDATES] for query_id, ids in ranked.items()}
    others = {query_id: [*ids[: CANDIDATES - left_out], *ids[CANDIDATES:]] for query_id, ids in ranked.items()}
    return pools, others


def opened(folder: Path, cache: Path, scorer: Any = None) -> Any:
    """The system as its plug-in makes it, with a store of its own; a model that is loaded already is not loaded again."""
    from harness.config.options import call
    from harness.context import Context
    from harness.hub import Hub
    from harness.registry import systems

    context = Context(hub=Hub(folder=cache), device="cpu")
    system = call(systems.get("cross-encoder"), {"path": str(folder)}, label="ce", context=context)
    if scorer is not None:
        from harness.records.atomic import write_text

        write_text(system._notes, warm_notes(scorer), "data.cache=DIR")
        system.__dict__["scorer"] = scorer
    return system


def warm_notes(scorer: Any) -> str:
    """What a loaded model notes of itself."""
    import json

    names = ("runtime", "executes", "parameters", "max_length", "device", "tokenized", "prompt", "parity")
    return json.dumps({name: getattr(scorer, name) for name in names})


def best_size(model: Any, pairs: list[tuple[str, str]]) -> int:
    """The batch size at which `predict` is fastest on a thousand pairs drawn from all."""
    chosen = np.random.default_rng(0).choice(len(pairs), size=min(1_000, len(pairs)), replace=False)
    sample = [pairs[at] for at in chosen]
    model.predict(sample[:64], show_progress_bar=False)
    took = {}
    for size in SIZES:
        took[size] = seconds(lambda size=size: model.predict(sample, batch_size=size, show_progress_bar=False))
        print(f"  predict, batches of {size}: {took[size]:.2f} s", file=sys.stderr, flush=True)
    return min(took, key=took.__getitem__)


def difference(theirs: np.ndarray, run: Any, pools: dict[str, list[str]]) -> float:
    """The greatest difference between a pair's logits: no speed without the same scores."""
    ours = {
        (query_id, one): score
        for query_id, ids, scores in zip(run.query_ids, run.doc_ids, run.scores, strict=True)
        for one, score in zip(ids, scores, strict=True)
    }
    every = [(query_id, one) for query_id, pool in pools.items() for one in pool]
    return max(abs(float(ours[pair]) - float(score)) for pair, score in zip(every, theirs, strict=True))


if __name__ == "__main__":
    print(main())
