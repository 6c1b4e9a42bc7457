"""BM25 through bm25s: the terms of a corpus indexed, every document scored for a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from harness.search.analysis import Analysis
from harness.search.ranking_order import id_ranks, restricted, top
from harness.search.vector_index import Ranked
from harness.types import Progress


class LexicalIndex:
    """An index of one corpus.

    Args:
        analysis: How its texts, and the queries, become terms.
        method, k1, b: See bm25s; `lucene` is the formula of Lucene and of BEIR's published values.

    Attributes:
        without_terms: Role → share of the texts in which no term was found: of the documents, and of the queries that were
            searched last.
    """

    def __init__(self, documents: Sequence[str], analysis: Analysis, *, method: str, k1: float, b: float) -> None:
        import bm25s

        self._analysis = analysis
        self._index = bm25s.BM25(method=method, k1=k1, b=b)
        self.size = len(documents)
        rows, vocabulary = analysis.tokens(documents)
        self.vocabulary = len(vocabulary)
        self._known = set(vocabulary)
        self.without_terms = {"document": _share_of_empty(rows)}
        self.bytes = 0
        if any(rows):
            self._index.index(bm25s.tokenization.Tokenized(ids=rows, vocab=vocabulary), show_progress=False)
            self.bytes = sum(int(array.nbytes) for array in self._index.scores.values() if hasattr(array, "nbytes"))

    def search(
        self,
        queries: Sequence[str],
        query_ids: Sequence[str],
        document_ids: Sequence[str],
        *,
        depth: int,
        exclude_self: bool,
        candidates: Mapping[str, Sequence[str]] | None,
        progress: Progress,
    ) -> Ranked:
        """Ids and scores per query. A document that shares no term with the query is not an answer to it."""
        ranks = id_ranks(document_ids)
        places = {identifier: index for index, identifier in enumerate(document_ids)}
        terms_by_query = self._analysis.terms(queries)
        self.without_terms["query"] = _share_of_empty(terms_by_query)
        ids: list[list[str]] = []
        scores: list[NDArray[np.float32]] = []
        for done, (query_id, terms) in enumerate(zip(query_ids, terms_by_query, strict=True), start=1):
            known = [term for term in terms if term in self._known]
            row = self._score(known)
            if candidates is None:  # a candidate is ranked even without a term in common
                row[row <= 0] = -np.inf
            row = restricted(row, query_id, places, candidates, exclude_self)
            best = top(row, ranks, depth)
            ids.append([document_ids[index] for index in best])
            scores.append(row[best])
            progress(done, len(queries))
        return ids, scores

    def _score(self, terms: list[str]) -> NDArray[np.float32]:
        if not terms:
            return np.zeros(self.size, dtype=np.float32)
        return np.asarray(self._index.get_scores(terms), dtype=np.float32).copy()


def _share_of_empty(rows: Sequence[Sequence[object]]) -> float:
    return sum(not row for row in rows) / len(rows) if rows else 0.0
