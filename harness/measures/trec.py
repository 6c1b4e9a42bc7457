"""pytrec-eval behind its guard.

By itself it drops queries that are absent from the run, so that half an answer is scored on that half. It also stores
scores as float32 and orders ties anew. So it is given ranks instead of scores, for every query that was answered, and
what it does not return is 0. A query whose highest grade is −2 or less (TREC's junk) would crash the interpreter: a grade
below 0 is given to it as 0, which none of these measures tells apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import MeasureError
from harness.measures.names import Measure
from harness.types import Qrels


def score(measure: Measure, qrels: Qrels, rankings: Mapping[str, Sequence[str]]) -> NDArray[np.float64]:
    """One value per query of `qrels`, in its order.

    Args:
        rankings: query id → document ids, best first. A judged query that is absent scores 0.
    """
    import pytrec_eval

    name: str = measure.plugin.function(**measure.options)
    level = int(measure.options.get("rel", 1))
    if level < 1:
        raise MeasureError(f"'{measure.name}': rel is at least 1; a grade of 0 is what irrelevant means.")
    evaluator = pytrec_eval.RelevanceEvaluator(_gains(measure, qrels), {_trec_name(name)}, relevance_level=level)
    # trec_eval's reciprocal rank has no cutoff of its own; the others do not look beyond theirs
    ranked = {
        query_id: _as_scores(documents[: measure.k]) for query_id, documents in rankings.items() if query_id in qrels
    }
    values_by_query = evaluator.evaluate({query_id: scores for query_id, scores in ranked.items() if scores})
    return np.array([values_by_query[query_id][name] if query_id in values_by_query else 0.0 for query_id in qrels])


def _as_scores(documents: Sequence[str]) -> dict[str, float]:
    """Ranks as falling whole numbers, which float32 holds exactly: the order is ours, not one made from rounded scores."""
    return dict(zip(documents, map(float, range(len(documents), 0, -1)), strict=True))


def _gains(measure: Measure, qrels: Qrels) -> dict[str, dict[str, int]]:
    gain = measure.options.get("gain", "linear")
    if gain not in ("linear", "exp"):
        raise MeasureError(f"'{measure.name}': gain={gain} is neither linear nor exp.")
    power = gain == "exp"
    return {
        query_id: {
            document: 2**grade - 1 if power and grade > 0 else max(grade, 0) for document, grade in judged.items()
        }
        for query_id, judged in qrels.items()
    }


def _trec_name(name: str) -> str:
    """The name that trec_eval takes: a cutoff is asked for as `ndcg_cut.10` and returned as `ndcg_cut_10`."""
    head, _, last = name.rpartition("_")
    return f"{head}.{last}" if last.isdigit() else name
