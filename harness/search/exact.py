"""Exact search: every query against every document, memory bounded whatever the corpus, in the one order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError, NotApplicable
from harness.search.knn import Pairs
from harness.search.nearest import nearest, padded, score_exactly
from harness.search.order import best_rows, id_ranks
from harness.search.packed import PackedIndex
from harness.search.rows import InMemory, Rows, Shaped, pieces
from harness.search.variant import FULL, Variant
from harness.types import Vectors

MEMORY = 1 << 30
"""Bytes of documents' vectors held at once, unless said otherwise."""

Ranked = tuple[list[list[str]], list[NDArray[np.float32]]]


def search(
    queries: Vectors,
    documents: Rows | Vectors,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
    *,
    similarity: str,
    depth: int,
    exclude_self: bool = False,
    candidates: Mapping[str, Sequence[str]] | None = None,
    variant: Variant = FULL,
    memory: int = MEMORY,
    device: str = "cpu",
) -> Ranked:
    """Ids and scores of the best `depth` documents per query.

    Args:
        queries, documents: Shapes (queries, dimension) and (documents, dimension); documents may be read piece by piece.
        similarity: `cosine`, `dot` or `euclidean`, whose score is minus the distance.
        exclude_self: Never rank the document whose id is the query's: one more is fetched and it is left out, so that
            `depth` others remain.
        candidates: Rank only these documents of each query.
        variant: What is kept of the documents' vectors. Candidates are scored one by one, from float32 alone.
        memory: Bytes of documents' vectors held at once.
        device: Where float32 products are computed.

    Raises:
        ConfigError: An unknown similarity, or a variant that these vectors cannot have.
        NotApplicable: Candidates, and a precision that only an index has.
    """
    if similarity not in ("cosine", "dot", "euclidean"):
        raise ConfigError(f"model.similarity={similarity} is not known. Use cosine, dot or euclidean.")
    euclidean = similarity == "euclidean"
    whole: Rows = InMemory(documents) if isinstance(documents, np.ndarray) else documents
    variant.check(whole.dimension)
    if candidates is not None and not variant.exact:
        raise NotApplicable(
            f"precision={variant.precision} is of an index, and a task with candidate lists searches none."
        )
    rows = Shaped(whole, variant.dims, normalize=similarity == "cosine")
    left = np.ascontiguousarray(rows.shaped(queries))
    ranks = id_ranks(document_ids)
    names = np.array(document_ids, dtype=object)
    needed = exclude_self or candidates is not None
    places = {identifier: place for place, identifier in enumerate(document_ids)} if needed else {}
    if candidates is not None:
        wanted = [np.array([places[one] for one in candidates[query]], dtype=np.int64) for query in query_ids]
        place, score = _among(left, rows, wanted, euclidean=euclidean, memory=memory)
    else:
        most = min(depth + exclude_self, len(document_ids))
        place, score = _best(left, rows, most, variant, euclidean=euclidean, memory=memory, device=device)
    if exclude_self:
        own = np.array([places.get(query_id, -1) for query_id in query_ids])
        score[place == own[:, None]] = -np.inf
    if euclidean and not (variant.precision == "binary" and not variant.rescore):
        score = -np.sqrt(np.maximum(-score, 0))
    place, score = best_rows(place, score, ranks, depth)
    counts = (score > -np.inf).sum(axis=1).tolist()
    ids = [row[:count] for row, count in zip(names[place].tolist(), counts, strict=True)]
    return ids, [row[:count] for row, count in zip(score, counts, strict=True)]


def _best(
    left: Vectors, rows: Rows, most: int, variant: Variant, *, euclidean: bool, memory: int, device: str
) -> Pairs:
    if variant.exact:
        return nearest(left, rows, most, euclidean=euclidean, memory=memory, device=device)
    return PackedIndex(rows, variant, euclidean=euclidean, memory=memory).nearest(left, most)


def _among(left: Vectors, documents: Rows, wanted: list[NDArray[np.int64]], *, euclidean: bool, memory: int) -> Pairs:
    """Each query's candidates, scored."""
    scores = [np.zeros(len(one), dtype=np.float32) for one in wanted]
    for start, right in pieces(documents, memory):
        for row, positions in enumerate(wanted):
            here = np.flatnonzero((positions >= start) & (positions < start + len(right)))
            if len(here):
                others = right[positions[here] - start]
                scores[row][here] = score_exactly(left[row : row + 1], others, euclidean=euclidean)
    return padded(list(zip(wanted, scores, strict=True)))
