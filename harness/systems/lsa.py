"""Latent semantic analysis: a dense baseline that needs no weights, learnt from the corpus that it is asked about.

Deerwester et al. 1990, Indexing by Latent Semantic Analysis: terms weighted by tf-idf, a truncated singular value
decomposition, cosine in what is left. It sees which terms go together in this corpus, and nothing else of language.
"""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from harness.errors import NotApplicable
from harness.records.digest import digest
from harness.registry import system
from harness.search.exact import search
from harness.types import Encoder, Progress, Run, Task, no_progress


class Latent:
    """tf-idf and a truncated SVD of scikit-learn, with exact search over the result."""

    def __init__(self, name: str, dimension: int, seed: int) -> None:
        self.name = name
        self._settings = {"dimension": dimension, "seed": seed}

    @property
    def facts(self) -> Mapping[str, Any]:
        """The settings, and the version that they ran under."""
        return {
            "kind": "latent",
            "model": "scikit-learn",
            "licence": "bsd-3-clause",
            "weighting": "tf-idf, sublinear tf, English stop words",
            **self._settings,
            "versions": {"scikit-learn": importlib.metadata.version("scikit-learn")},
        }

    @property
    def identity(self) -> str:
        """Digest of the settings and of the version that decomposes."""
        return digest(["latent", dict(self.facts)])

    @property
    def encoder(self) -> Encoder:
        """None: its vectors have a meaning within one corpus only."""
        raise NotApplicable(f"{self.name} learns its vectors from the corpus it searches; this task needs an encoder.")

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Decompose the corpus, fold the queries in, rank exactly."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer

        data = task.dataset
        start = time.perf_counter()
        weigher = TfidfVectorizer(sublinear_tf=True, stop_words="english")
        terms = weigher.fit_transform(data.documents.texts)
        dimension = max(1, min(self._settings["dimension"], min(terms.shape) - 1))  # a tiny corpus has fewer
        reducer = TruncatedSVD(dimension, random_state=self._settings["seed"])
        documents = np.asarray(reducer.fit_transform(terms), dtype=np.float32)
        indexed = time.perf_counter()
        queries = np.asarray(reducer.transform(weigher.transform(data.queries.texts)), dtype=np.float32)
        ids, scores = search(
            queries,
            documents,
            data.queries.ids,
            data.documents.ids,
            similarity="cosine",
            depth=task.depth,
            exclude_self=task.exclude_self,
            candidates=data.candidates,
        )
        progress(len(data.queries), len(data.queries))
        first = {"query": data.queries.texts[0], "document": data.documents.texts[0]}
        seconds = {"encode_document": indexed - start, "search": time.perf_counter() - indexed}
        return Run(list(data.queries.ids), ids, scores, task.depth, {"first": first, "seconds": seconds})


@system
def lsa(*, label: str, dimension: int = 200, seed: int = 0) -> Latent:
    """Latent semantic analysis of the corpus itself: a dense baseline without weights."""
    return Latent(label, dimension, seed)
