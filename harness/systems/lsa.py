"""Latent semantic analysis: a dense baseline that needs no weights, learnt from the corpus that it is asked about.

Deerwester et al. 1990, Indexing by Latent Semantic Analysis: terms weighted by tf-idf, a truncated singular value
decomposition, cosine in what is left. It sees which terms go together in this corpus, and nothing else of language.
"""

from __future__ import annotations

import importlib.metadata
import time
from typing import Any

import numpy as np

from harness.facts import Facts
from harness.registry import system
from harness.search.vector_index import VectorIndex
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class Latent:
    """tf-idf and a truncated SVD of scikit-learn, with exact search over the result."""

    depth_independent = True

    def __init__(self, dimension: int, seed: int) -> None:
        self._dimension, self._seed = dimension, seed

    @property
    def facts(self) -> Facts:
        """The settings, and the version that they ran under."""
        return Facts(
            kind="latent", model="scikit-learn", licence="bsd-3-clause", dimension=self._dimension,
            libraries=("scikit-learn", "scipy"),
            other={
                "weighting": "tf-idf, sublinear tf, English stop words",
                "seed": self._seed,
                "versions": {"scikit-learn": importlib.metadata.version("scikit-learn")},
            },
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """Its options are its identity, with the version that decomposes."""
        return importlib.metadata.version("scikit-learn")

    def identity_for(self, purpose: Purpose) -> str:
        """It learns from the corpus, whatever the task."""
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> LatentIndex:
        """Decompose the corpus."""
        return LatentIndex(documents, self._dimension, self._seed)


class LatentIndex:
    """A corpus decomposed, with what folds queries into its space."""

    def __init__(self, documents: Texts, dimension: int, seed: int) -> None:
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        start = time.perf_counter()
        self._weigher: Any = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        terms = self._weigher.fit_transform(documents.texts)
        within = max(1, min(dimension, min(terms.shape) - 1))  # a tiny corpus has fewer
        self._reducer = TruncatedSVD(within, random_state=seed)
        vectors = np.asarray(self._reducer.fit_transform(terms), dtype=np.float32)
        self._index = VectorIndex(vectors, documents.ids, similarity="cosine")
        self.seconds, self.size = time.perf_counter() - start, vectors.nbytes

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Fold the queries in, rank exactly."""
        vectors = np.asarray(self._reducer.transform(self._weigher.transform(queries.texts)), dtype=np.float32)
        ids, scores = self._index.search(vectors, queries.ids, depth, exclude_self=exclude_self, candidates=candidates)
        return Run(list(queries.ids), ids, scores, depth)


@system
def lsa(*, dimension: int = 200, seed: int = 0) -> Latent:
    """Latent semantic analysis of the corpus itself: a dense baseline without weights."""
    return Latent(dimension, seed)
