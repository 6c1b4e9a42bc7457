"""What would make a record's numbers doubtful, found beside them: ties, unjudged documents, what was cut, what was trained on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from harness.measures.evaluate import evaluate
from harness.measures.names import Measure
from harness.stats.bootstrap import bootstrap_means, interval
from harness.types import Dataset, Run, Scores

FEWEST = 5
"""Queries on either side from which on the quality on cut documents is worth a number."""


def doubts(run: Run, dataset: Dataset, measures: Sequence[Measure]) -> dict[str, Any]:
    """Ties and unjudged documents at each cutoff that a measure looks at, and queries that were not answered."""
    cutoffs = sorted({measure.k or run.depth for measure in measures} | {min(10, run.depth)})
    names = [f"{kind}@{k}" for k in cutoffs for kind in ("unjudged", "ties")]
    found = {one.measure: round(float(one.values.mean()), 6) for one in evaluate(run, dataset, names)}
    answered = {query_id for query_id, documents in zip(run.query_ids, run.doc_ids, strict=True) if len(documents)}
    return {
        "unjudged": {name: value for name, value in found.items() if name.startswith("unjudged")},
        "ties": {name: value for name, value in found.items() if name.startswith("ties")},
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
    one, other = scores.values[inside], scores.values[~inside]
    gaps = bootstrap_means(one[:, None])[:, 0] - bootstrap_means(other[:, None], seed=1)[:, 0]
    low, high = interval(gaps)
    return {
        "measure": scores.measure,
        "cut": {"mean": float(one.mean()), "n": len(one)},
        "uncut": {"mean": float(other.mean()), "n": len(other)},
        "difference": float(one.mean() - other.mean()),
        "low": low,
        "high": high,
    }


def training(facts: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, str]:
    """Whether the model was trained on a public task's data, as far as mteb knows: `seen`, `not seen` or `unknown`.

    Args:
        facts: The system's; one without a hub name is unknown, one that is not trained at all has no entry.
        asked: The task's plug-in and options; of a task that is not public there is nothing to know.
    """
    public = {"mteb": "name", "beir": "name"}.get(str(asked.get("plugin")))
    name = asked.get("options", {}).get(public) if public else None
    if not name or facts.get("kind") in ("lexical", "latent"):
        return {}
    from harness.data.contamination import seen_in_training

    return {"training": seen_in_training(str(facts.get("model", "")), str(name))}
