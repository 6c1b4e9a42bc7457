"""The best k of a block by float32 product: faiss on a CPU, torch where an accelerator is. `nearest` settles what is close."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.types import Vectors

Found = tuple[Any, Any]
"""Positions in the block and scores (a product, or minus a squared distance); shape (queries, k)."""
QUERIES = 512
"""Queries per product on an accelerator: with 300,000 documents, 600 MB of scores."""


def best_of(left: Vectors, right: Vectors, k: int, *, euclidean: bool, device: str = "cpu") -> Found:
    """The k rows of `right` that are nearest to each row of `left`, in no particular order.

    Args:
        left, right: Shapes (queries, dimension) and (documents, dimension).
    """
    if device == "cpu":
        import faiss

        metric = faiss.METRIC_L2 if euclidean else faiss.METRIC_INNER_PRODUCT
        near, place = faiss.knn(left, np.ascontiguousarray(right), k, metric=metric)
        return place, -near if euclidean else near
    return with_torch(left, right, k, euclidean=euclidean, device=device)


def with_torch(left: Vectors, right: Vectors, k: int, *, euclidean: bool, device: str) -> Found:
    """The same with torch, in full float32 products."""
    import torch

    block = torch.from_numpy(np.ascontiguousarray(right)).to(device)
    lengths = (block * block).sum(dim=1)
    places, scores = [], []
    for start in range(0, len(left), QUERIES):
        some = torch.from_numpy(np.ascontiguousarray(left[start : start + QUERIES])).to(device)
        score = some @ block.T
        if euclidean:
            score = 2 * score - lengths - (some * some).sum(dim=1, keepdim=True)
        best = torch.topk(score, k, dim=1, sorted=False)
        places.append(best.indices.cpu().numpy())
        scores.append(best.values.cpu().numpy())
    return np.concatenate(places), np.concatenate(scores)
