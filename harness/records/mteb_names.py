"""mteb's names of the measures that both define, and ours."""

from __future__ import annotations

import re

OURS = {"ndcg": "nDCG", "map": "MAP", "mrr": "MRR", "recall": "recall", "precision": "precision", "hit_rate": "success"}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}


def ours(main_score: str) -> str:
    """`ndcg_at_10` as `nDCG@10`; a score that we have no name for keeps mteb's."""
    match = re.fullmatch(r"([a-z_]+)_at_(\d+)", main_score)
    return f"{OURS[match[1]]}@{match[2]}" if match and match[1] in OURS else main_score


def theirs(measure: str) -> str:
    """`nDCG@10` as `ndcg_at_10`; a name of mteb's own as it is; empty for a measure that mteb does not know."""
    match = re.fullmatch(r"(\w+)@(\d+)", measure)
    if match:
        return f"{THEIRS[match[1]]}_at_{match[2]}" if match[1] in THEIRS else ""
    return measure if re.fullmatch(r"[a-z][\w-]*", measure) else ""
