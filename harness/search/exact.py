"""Exact search: every query against every document, block by block, memory bounded whatever the corpus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError
from harness.search.order import id_ranks, restricted, top
from harness.types import Vectors

BLOCK = 64_000_000
"""Scores held at once (256 MB)."""

Ranked = tuple[list[list[str]], list[NDArray[np.float32]]]


def search(
    queries: Vectors,
    documents: Vectors,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
    *,
    similarity: str,
    depth: int,
    exclude_self: bool = False,
    candidates: Mapping[str, Sequence[str]] | None = None,
) -> Ranked:
    """Ids and scores of the best `depth` documents per query.

    Args:
        queries, documents: Shapes (queries, dimension) and (documents, dimension).
        exclude_self: Never rank the document whose id is the query's: it is left out before the cut, so that `depth`
            others remain.
        candidates: Rank only these documents of each query.
    """
    left, right = prepared(queries, similarity), prepared(documents, similarity)
    ranks = id_ranks(document_ids)
    places = {identifier: index for index, identifier in enumerate(document_ids)}
    ids: list[list[str]] = []
    scores: list[NDArray[np.float32]] = []
    rows = max(1, BLOCK // max(1, len(right)))
    for start in range(0, len(left), rows):
        block = scored(left[start : start + rows], right, similarity)
        for row, query_id in zip(block, query_ids[start : start + rows], strict=True):
            row = restricted(row, query_id, places, candidates, exclude_self)
            best = top(row, ranks, depth)
            ids.append([document_ids[index] for index in best])
            scores.append(row[best])
    return ids, scores


def prepared(vectors: Vectors, similarity: str) -> Vectors:
    """Vectors as the similarity wants them: of length one for cosine (a zero vector stays zero)."""
    if similarity not in ("cosine", "dot", "euclidean"):
        raise ConfigError(f"model.similarity={similarity} is not known. Use cosine, dot or euclidean.")
    if similarity != "cosine":
        return vectors
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)


def scored(left: Vectors, right: Vectors, similarity: str) -> Vectors:
    """Scores of shape (len(left), len(right)); higher is nearer for every similarity."""
    product = left @ right.T
    if similarity != "euclidean":
        return product
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None, :] - 2 * product
    return np.asarray(-np.sqrt(np.maximum(squares, 0)), dtype=np.float32)
