"""The vectors of a corpus, searched exactly or at a lower precision, piece by piece so that memory stays bounded."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError, NotApplicable
from harness.search.compression import FULL, Variant
from harness.search.exact_topk import nearest, padded, score_exactly
from harness.search.quantized_index import QuantizedIndex
from harness.search.ranking_order import best_rows, id_ranks
from harness.search.topk import Neighbours
from harness.search.vector_rows import InMemory, Rows, Shaped, pieces
from harness.types import Candidates, Vectors

MEMORY = 1 << 30
"""Bytes of documents' vectors held at once, unless said otherwise."""

Ranked = tuple[list[list[str]], list[NDArray[np.float32]]]


class VectorIndex:
    """The vectors of a corpus, ready to be searched: exactly, or quantized to a lower precision.

    Args:
        documents: Shape (documents, dimension); may be read piece by piece.
        similarity: `cosine`, `dot` or `euclidean`, whose score is minus the distance.
        variant: What is kept of the documents' vectors. Candidates are scored one by one, from float32 alone.
        memory: Bytes of documents' vectors held at once.
        device: Where float32 products are computed.

    Raises:
        ConfigError: An unknown similarity, or a variant that these vectors cannot have.
    """

    def __init__(
        self,
        documents: Rows | Vectors,
        document_ids: Sequence[str],
        *,
        similarity: str,
        variant: Variant = FULL,
        memory: int = MEMORY,
        device: str = "cpu",
    ) -> None:
        if similarity not in ("cosine", "dot", "euclidean"):
            raise ConfigError(f"model.similarity={similarity} is not known. Use cosine, dot or euclidean.")
        self._euclidean = similarity == "euclidean"
        whole: Rows = InMemory(documents) if isinstance(documents, np.ndarray) else documents
        variant.check(whole.dimension)
        self._rows = Shaped(whole, variant.dims, normalize=similarity == "cosine")
        self._ids, self._variant, self._memory, self._device = document_ids, variant, memory, device
        self._ranks = id_ranks(document_ids)
        self._names = np.array(document_ids, dtype=object)
        self._quantized = (
            None
            if variant.full_precision
            else QuantizedIndex(self._rows, variant, euclidean=self._euclidean, memory=memory)
        )

    @functools.cached_property
    def _positions(self) -> dict[str, int]:
        return {document_id: position for position, document_id in enumerate(self._ids)}

    def search(
        self,
        queries: Vectors,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool = False,
        candidates: Candidates | None = None,
    ) -> Ranked:
        """Ids and scores of the best `depth` documents per query.

        Args:
            queries: Shape (queries, dimension).
            exclude_self: Never rank the document whose id is the query's: one more is fetched and it is left out, so that
                `depth` others remain.
            candidates: Rank only these documents of each query.

        Raises:
            NotApplicable: Candidates, and a precision that only an index has.
        """
        if candidates is not None and self._quantized is not None:
            raise NotApplicable(
                f"precision={self._variant.precision} is of an index, and a task with candidate lists searches none."
            )
        prepared = np.ascontiguousarray(self._rows.shaped(queries))
        position, score = self._nearest(prepared, query_ids, depth + exclude_self, candidates)
        if exclude_self:
            own = np.array([self._positions.get(query_id, -1) for query_id in query_ids])
            score[position == own[:, None]] = -np.inf
        if self._euclidean and not (self._variant.precision == "binary" and not self._variant.rescore):
            score = -np.sqrt(np.maximum(-score, 0))
        position, score = best_rows(position, score, self._ranks, depth)
        counts = (score > -np.inf).sum(axis=1).tolist()
        ids = [row[:count] for row, count in zip(self._names[position].tolist(), counts, strict=True)]
        return ids, [row[:count] for row, count in zip(score, counts, strict=True)]

    def _nearest(
        self, queries: Vectors, query_ids: Sequence[str], most: int, candidates: Candidates | None
    ) -> Neighbours:
        if candidates is not None:
            positions = [
                np.array([self._positions[document_id] for document_id in candidates[query_id]], dtype=np.int64)
                for query_id in query_ids
            ]
            return _among(queries, self._rows, positions, euclidean=self._euclidean, memory=self._memory)
        most = min(most, len(self._ids))
        if self._quantized is not None:
            return self._quantized.nearest(queries, most)
        return nearest(queries, self._rows, most, euclidean=self._euclidean, memory=self._memory, device=self._device)


def _among(
    queries: Vectors, documents: Rows, candidates: list[NDArray[np.int64]], *, euclidean: bool, memory: int
) -> Neighbours:
    """Each query's candidates, scored."""
    scores = [np.zeros(len(positions), dtype=np.float32) for positions in candidates]
    for start, right in pieces(documents, memory):
        for row, positions in enumerate(candidates):
            here = np.flatnonzero((positions >= start) & (positions < start + len(right)))
            if len(here):
                others = right[positions[here] - start]
                scores[row][here] = score_exactly(queries[row : row + 1], others, euclidean=euclidean)
    return padded(list(zip(candidates, scores, strict=True)))
