"""What would make a record's numbers doubtful: ties, unjudged documents, what was cut, what was trained on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from harness.data.contamination import UNTRAINED, seen_in_training
from harness.facts import Facts
from harness.hub import Hub
from harness.measures.evaluate import evaluate
from harness.measures.names import Measure
from harness.refs import TaskRef
from harness.stats.bootstrap import bootstrap_means, interval
from harness.types import Dataset, Run, Scores

FEWEST = 5
"""Queries on either side from which on the quality on cut documents is worth a number."""


def diagnostics(run: Run, dataset: Dataset, measures: Sequence[Measure]) -> dict[str, Any]:
    """Ties and unjudged documents at each cutoff that a measure looks at, and queries that were not answered."""
    cutoffs = sorted({measure.k or run.depth for measure in measures} | {min(10, run.depth)})
    names = [f"{kind}@{k}" for k in cutoffs for kind in ("unjudged", "ties")]
    shares = {scores.measure: round(float(scores.values.mean()), 6) for scores in evaluate(run, dataset, names)}
    answered = {query_id for query_id, documents in zip(run.query_ids, run.doc_ids, strict=True) if len(documents)}
    return {
        "unjudged": {name: value for name, value in shares.items() if name.startswith("unjudged")},
        "ties": {name: value for name, value in shares.items() if name.startswith("ties")},
        "unanswered": len(dataset.queries) - len(answered),
    }


def quality_of_cut(scores: Scores, cut: Collection[str]) -> dict[str, Any]:
    """The measure over the queries of which a relevant document was cut at the model's limit, and over the others.

    Args:
        cut: Those queries' ids.

    Returns:
        Means, counts and the difference, cut less uncut, with its 95 % interval (two samples of queries, each drawn
        again); empty where either side has fewer than five queries.
    """
    inside = np.array([query_id in cut for query_id in scores.query_ids], dtype=bool)
    if min(int(inside.sum()), int((~inside).sum())) < FEWEST:
        return {}
    short, whole = scores.values[inside], scores.values[~inside]
    differences = bootstrap_means(short[:, None])[:, 0] - bootstrap_means(whole[:, None], seed=1)[:, 0]
    low, high = interval(differences)
    return {
        "measure": scores.measure,
        "cut": {"mean": float(short.mean()), "n": len(short)},
        "uncut": {"mean": float(whole.mean()), "n": len(whole)},
        "difference": float(short.mean() - whole.mean()),
        "low": low,
        "high": high,
    }


def queries_cut(run: Run, dataset: Dataset) -> list[str]:
    """The queries of which a relevant document is among those that the model's limit cut."""
    cut = set(run.notes.cut_documents)
    if not cut:
        return []
    return [
        query_id
        for query_id in dataset.queries.ids
        if any(dataset.qrels[query_id][document_id] > 0 for document_id in cut & dataset.qrels[query_id].keys())
    ]


def training(facts: Facts, task: TaskRef, hub: Hub) -> str:
    """Whether the model was trained on a public task's data, as far as mteb knows: `seen`, `not seen` or `unknown`.

    Empty for a task that is not public, and for a system that is not trained at all.
    """
    public = {"mteb": "name", "beir": "name"}.get(task.plugin)
    name = task.options.get(public) if public else None
    if not name or facts.kind in UNTRAINED:
        return ""
    return seen_in_training(facts.model, str(name), hub)
