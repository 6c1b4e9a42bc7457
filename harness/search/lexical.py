"""BM25 through bm25s: tokenize, index, score every document of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError
from harness.search.ranking_order import id_ranks, restricted, top
from harness.search.vector_index import Ranked
from harness.types import Progress


class LexicalIndex:
    """An index of one corpus.

    Args:
        method, k1, b: See bm25s; `lucene` is the formula of Lucene and of BEIR's published values.
        stopwords: A language code of bm25s' lists (`en`), or empty for none.
        stemmer: A Snowball language (`english`), or empty for none.
    """

    def __init__(
        self, documents: Sequence[str], *, method: str, k1: float, b: float, stopwords: str, stemmer: str
    ) -> None:
        import bm25s

        self._stopwords = stopwords or None
        self._stemmer = _stemmer(stemmer)
        self._index = bm25s.BM25(method=method, k1=k1, b=b)
        self.size = len(documents)
        tokens = self._tokens(documents)
        self.vocabulary = len(tokens.vocab)
        self._known = set(tokens.vocab)
        self.bytes = 0
        if any(tokens.ids):
            self._index.index(tokens, show_progress=False)
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
        tokens = self._tokens(queries, split=True)
        ids: list[list[str]] = []
        scores: list[NDArray[np.float32]] = []
        for done, (query_id, terms) in enumerate(zip(query_ids, tokens, strict=True), start=1):
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

    def _tokens(self, texts: Sequence[str], *, split: bool = False) -> Any:
        import bm25s

        return bm25s.tokenize(
            list(texts), stopwords=self._stopwords, stemmer=self._stemmer, show_progress=False, return_ids=not split
        )


def _stemmer(language: str) -> Any:
    if not language:
        return None
    import Stemmer

    if language not in Stemmer.algorithms():
        raise ConfigError(f"model.stemmer={language} is not known. Use one of {', '.join(Stemmer.algorithms())}.")
    return Stemmer.Stemmer(language)
