"""Search over vectors as they are kept in fewer bytes: faiss' scalar quantiser (float16, int8) and its binary index.

Nothing is converted back to float32 beforehand: what is measured is the index that would be served.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.search.compression import Variant
from harness.search.exact_topk import ROWS, score_exactly
from harness.search.topk import Neighbours
from harness.search.vector_rows import Rows, pieces
from harness.types import Vectors

SPARE = 16
"""How many documents more than `depth` are fetched, so that ties at the last rank are among them."""


class QuantizedIndex:
    """The documents' vectors at one precision.

    Args:
        documents: Read in pieces of `memory` bytes; for int8 twice, because it counts between the least and the greatest
            value of each dimension over the whole corpus, whatever the pieces and their order.
        euclidean: Score by minus the squared distance instead of by the product; of no effect on binary vectors.

    Attributes:
        size: Bytes of the packed vectors.
    """

    def __init__(self, documents: Rows, variant: Variant, *, euclidean: bool, memory: int) -> None:
        import faiss

        self._documents, self._variant, self._euclidean, self._memory = documents, variant, euclidean, memory
        self._binary = variant.precision == "binary"
        self._index = _index(faiss, documents.dimension, variant.precision, euclidean=euclidean)
        if not self._binary:
            self._index.train(_range(documents, memory))
        for _, vectors in pieces(documents, memory):
            self._index.add(signs(vectors) if self._binary else vectors)
        self.size = len(documents) * variant.bytes_per_document(documents.dimension)

    def nearest(self, queries: Vectors, depth: int) -> Neighbours:
        """At least `depth` documents per query: those, and all that tie with the last of them.

        Args:
            queries: Shape (queries, dimension).
        """
        depth = min(depth, len(self._documents))
        if not self._variant.rescore:
            return self._fetch(queries, depth)
        position, score = self._fetch(queries, min(depth * self._variant.rescore, len(self._documents)))
        rows, column = np.nonzero(score > -np.inf)
        for start in range(0, len(rows), ROWS):
            some_rows, some_columns = rows[start : start + ROWS], column[start : start + ROWS]
            right = self._documents.take(position[some_rows, some_columns])
            score[some_rows, some_columns] = score_exactly(queries[some_rows], right, euclidean=self._euclidean)
        return position, score

    def _fetch(self, queries: Vectors, depth: int) -> Neighbours:
        """The best by the packed vectors. Where the last document fetched still ties with rank `depth`, more are fetched."""
        total = len(self._documents)
        fetched = min(depth + SPARE, total)
        position, score = self._ask(queries, fetched)
        crowded = (
            np.flatnonzero(score[:, depth - 1] <= score[:, -1]) if fetched < total else np.zeros(0, dtype=np.int64)
        )
        while len(crowded):
            fetched = min(fetched * 4, total)
            wider = np.zeros((len(queries), fetched), dtype=np.int64)
            scores = np.full((len(queries), fetched), -np.inf, dtype=np.float32)
            wider[:, : position.shape[1]], scores[:, : score.shape[1]] = position, score
            at_once = max(1, self._memory // (16 * fetched))
            for start in range(0, len(crowded), at_once):
                part = crowded[start : start + at_once]
                wider[part], scores[part] = self._ask(queries[part], fetched)
            position, score = wider, scores
            crowded = crowded[score[crowded, depth - 1] <= score[crowded, -1]] if fetched < total else crowded[:0]
        return position, score

    def _ask(self, queries: Vectors, fetched: int) -> Neighbours:
        distances: NDArray[Any]
        if self._binary:
            distances, position = self._index.search(signs(queries), fetched)
            return position, np.asarray(self._documents.dimension - 2 * distances, dtype=np.float32)
        distances, position = self._index.search(queries, fetched)
        return position, np.asarray(-distances if self._euclidean else distances, dtype=np.float32)


def signs(vectors: Vectors) -> NDArray[np.uint8]:
    """One bit per number, set if it is above zero; shape (rows, ⌈dimension / 8⌉)."""
    return np.packbits(vectors > 0, axis=1)


def _range(documents: Rows, memory: int) -> Vectors:
    """The least and the greatest value of each dimension of the corpus' vectors, shape (2, dimension)."""
    least = np.full(documents.dimension, np.inf, dtype=np.float32)
    greatest = np.full(documents.dimension, -np.inf, dtype=np.float32)
    for _, vectors in pieces(documents, memory):
        np.minimum(least, vectors.min(axis=0), out=least)
        np.maximum(greatest, vectors.max(axis=0), out=greatest)
    return np.stack([least, greatest])


def _index(faiss: Any, dimension: int, precision: str, *, euclidean: bool) -> Any:
    if precision == "binary":
        return faiss.IndexBinaryFlat(-(-dimension // 8) * 8)
    kind = {"float16": faiss.ScalarQuantizer.QT_fp16, "int8": faiss.ScalarQuantizer.QT_8bit}[precision]
    return faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_L2 if euclidean else faiss.METRIC_INNER_PRODUCT)
