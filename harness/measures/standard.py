"""The field's measures, computed by trec_eval through pytrec-eval.

Each function names trec_eval's own measure; `rel` is the least grade that counts as relevant. The adapter calls
trec_eval once for all measures of one `rel` and `gain`.
"""

from __future__ import annotations

from typing import Literal

from harness.registry import measure

TREC = "NIST trec_eval 9"
Gain = Literal["linear", "exp"]


@measure(name="nDCG", unit="share", source="Järvelin and Kekäläinen 2002; trec_eval ndcg_cut")
def ndcg(*, gain: str = "linear", k: int | None = None) -> str:
    """Discounted cumulative gain over the ideal one. The gain is the grade (linear); `gain=exp` takes 2^grade − 1."""
    return "ndcg" if k is None else f"ndcg_cut_{k}"


@measure(name="MAP", unit="share", source=f"{TREC} map_cut")
def average_precision(*, rel: int = 1, k: int | None = None) -> str:
    """Mean over the relevant documents of the precision at each one's rank."""
    return "map" if k is None else f"map_cut_{k}"


@measure(name="MRR", unit="share", source=f"{TREC} recip_rank")
def reciprocal_rank(*, rel: int = 1, k: int | None = None) -> str:
    """One over the rank of the first relevant document; 0 where none stands within the cutoff."""
    return "recip_rank"


@measure(name="recall", unit="share", source=f"{TREC} recall")
def recall(*, rel: int = 1, k: int) -> str:
    """Share of the relevant documents that stand in the top k."""
    return f"recall_{k}"


@measure(name="precision", unit="share", source=f"{TREC} P")
def precision(*, rel: int = 1, k: int) -> str:
    """Share of the top k that is relevant."""
    return f"P_{k}"


@measure(name="success", unit="share", source=f"{TREC} success; also called hit rate")
def success(*, rel: int = 1, k: int) -> str:
    """1 where a relevant document stands in the top k, else 0: the hit rate."""
    return f"success_{k}"


@measure(name="Rprec", unit="share", source=f"{TREC} Rprec")
def r_precision(*, rel: int = 1) -> str:
    """Precision at the rank that equals the number of relevant documents."""
    return "Rprec"


TREC_MEASURES = {"nDCG", "MAP", "MRR", "recall", "precision", "success", "Rprec"}
