"""Latent semantic analysis: a dense baseline that needs no weights, learnt from the corpus that it is asked about.

Deerwester et al. 1990, Indexing by Latent Semantic Analysis: terms weighted by tf-idf, a truncated singular value
decomposition, cosine in what is left. It sees which terms go together in this corpus, and nothing else of language.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.errors import DataError
from harness.facts import Facts, Notes
from harness.registry import system
from harness.search.analysis import PLAIN, Analysis, Setting, analysis
from harness.search.vector_index import VectorIndex
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class Latent:
    """tf-idf and a truncated SVD of scikit-learn, with exact search over the result."""

    depth_independent = True

    def __init__(self, dimension: int, seed: int, setting: Setting) -> None:
        setting.check()
        self._dimension, self._seed, self._setting = dimension, seed, setting

    @property
    def facts(self) -> Facts:
        """The settings, and the version that they ran under."""
        plain = self._setting.language == PLAIN
        tokenizers = () if plain else ("bm25s", "PyStemmer", "stopwordsiso")
        weighting = (
            "tf-idf, sublinear tf, English stop words" if plain else f"tf-idf, sublinear tf, {self._setting.version}"
        )
        return Facts(
            kind="latent", model="scikit-learn", licence="bsd-3-clause", dimension=self._dimension,
            libraries=("scikit-learn", "scipy", *tokenizers),
            other={
                "weighting": weighting,
                "seed": self._seed,
                **({} if plain else {"language": self._setting.language}),
                "versions": {name: importlib.metadata.version(name) for name in ("scikit-learn", *tokenizers)},
            },
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """Its options are its identity, with the version that decomposes and, but for the plain rule, those that make terms."""
        plain = self._setting.language == PLAIN
        return importlib.metadata.version("scikit-learn") if plain else str(sorted(self.facts.other.items()))

    def identity_for(self, purpose: Purpose) -> str:
        """It learns from the corpus, whatever the task."""
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> LatentIndex:
        """Decompose the corpus."""
        return LatentIndex(documents, self._dimension, self._seed, self._setting)


class LatentIndex:
    """A corpus decomposed, with what folds queries into its space."""

    def __init__(self, documents: Texts, dimension: int, seed: int, setting: Setting) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        start = time.perf_counter()
        self._analysis = analysis(setting, documents.texts)
        plain = setting.language == PLAIN  # scikit-learn's own words and its list, which are not bm25s'
        self._weigher: Any = (
            TfidfVectorizer(sublinear_tf=True, stop_words="english")
            if plain
            else TfidfVectorizer(sublinear_tf=True, analyzer=list)
        )
        try:
            terms = self._weigher.fit_transform(self._read(documents.texts))
        except ValueError as error:  # an empty vocabulary
            raise DataError(_without_terms(len(documents), self._analysis)) from error
        self._without = {"document": _share_of_empty(terms)}
        within = max(1, min(dimension, min(terms.shape) - 1))  # a tiny corpus has fewer
        self._reducer = TruncatedSVD(within, random_state=seed)
        vectors = np.asarray(self._reducer.fit_transform(terms), dtype=np.float32)
        self._index = VectorIndex(vectors, documents.ids, similarity="cosine")
        self.seconds, self.size = time.perf_counter() - start, vectors.nbytes

    def _read(self, texts: Sequence[str]) -> Sequence[str] | list[list[str]]:
        """What the weigher is given: texts, or their terms."""
        return texts if self._analysis.language == PLAIN else self._analysis.terms(texts)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Fold the queries in, rank exactly."""
        terms = self._weigher.transform(self._read(queries.texts))
        vectors = np.asarray(self._reducer.transform(terms), dtype=np.float32)
        ids, scores = self._index.search(vectors, queries.ids, depth, exclude_self=exclude_self, candidates=candidates)
        notes = Notes(language=self._analysis.stated, without_terms={**self._without, "query": _share_of_empty(terms)})
        return Run(list(queries.ids), ids, scores, depth, notes)


def _share_of_empty(terms: Any) -> float:
    """Share of the rows of a sparse matrix that hold nothing: for queries also those with none of the corpus's terms."""
    return float((terms.getnnz(axis=1) == 0).mean()) if terms.shape[0] else 0.0


def _without_terms(documents: int, rule: Analysis) -> str:
    written = f" They are {rule.unlike}." if rule.unlike else ""
    return f"lsa finds no term in {documents} documents.{written} model.language=auto finds terms in any script."


@system(not_identity=("language",))  # Latent.identity holds it, so that the plain rule's key stays what it was
def lsa(*, dimension: int = 200, seed: int = 0, language: str = "plain") -> Latent:
    """Latent semantic analysis of the corpus itself: a dense baseline without weights; language= as for bm25."""
    return Latent(dimension, seed, Setting(language))
