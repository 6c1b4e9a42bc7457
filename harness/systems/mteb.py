"""Any of mteb's registered models through mteb's own loader: `model=mteb model.name=ORG/NAME`.

Prompts, pooling and instructions are then mteb's business, and so are API keys. Its identity is mteb's name, revision
and version: the weights are not ours to digest.
"""

from __future__ import annotations

import functools
import importlib.metadata
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.context import Context
from harness.encode.guard import check_vectors
from harness.facts import Facts, Notes
from harness.models.mteb_loader import load, revision_of, similarity_name, vectors
from harness.registry import system
from harness.search.vector_index import VectorIndex
from harness.types import Candidates, Progress, Purpose, Role, Run, Texts, Vectors, no_progress

LIBRARIES = ("mteb", "torch", "sentence-transformers", "transformers", "tokenizers")


class MtebModel:
    """A model that mteb loads."""

    depth_independent = True

    def __init__(self, model: str, revision: str | None, context: Context) -> None:
        self._model_name, self._revision, self._context = model, revision, context

    @functools.cached_property
    def model(self) -> Any:
        """mteb's wrapper around the model."""
        return load(self._model_name, self._revision, self._context.device, self._context.hub)

    @functools.cached_property
    def revision(self) -> str:
        """Digest or revision of the weights; nothing is loaded for it."""
        return revision_of(self._model_name, self._revision, self._context.hub)

    @property
    def identity(self) -> str:
        """Revision and mteb's version (its loaders hold prompts and pooling)."""
        return f"{self.revision} {importlib.metadata.version('mteb')}"

    @property
    def facts(self) -> Facts:
        """What mteb knows of the model."""
        meta = self.model.mteb_model_meta
        return Facts(
            kind="mteb",
            model=self._model_name,
            revision=self.revision,
            weights="not digested: loaded by mteb",
            licence=str(meta.license or ""),
            dimension=meta.embed_dim if isinstance(meta.embed_dim, int) else None,
            parameters=meta.n_parameters,
            max_length=int(meta.max_tokens) if meta.max_tokens and np.isfinite(meta.max_tokens) else None,
            similarity=self.similarity,
            libraries=LIBRARIES,
        )

    @property
    def encoder(self) -> MtebModel:
        """Itself."""
        return self

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`, as mteb's metadata says."""
        return similarity_name(self.model)

    def encode(
        self, texts: Sequence[str], role: Role, purpose: Purpose = Purpose(), *, progress: Progress = no_progress  # noqa: B008
    ) -> Vectors:  # fmt: skip
        """Vectors of `texts`, shape (len(texts), dimension)."""
        return self.named_vectors(
            Texts([f"#{position}" for position in range(len(texts))], texts), role, purpose, progress
        )

    def encoding_stats(self) -> Notes:
        """Nothing: prompts and truncation are mteb's business."""
        return Notes()

    def named_vectors(self, texts: Texts, role: Role, purpose: Purpose, progress: Progress) -> Vectors:
        """Vectors of texts whose ids stand in a complaint about one of them."""
        vectors_ = vectors(self.model, texts.texts, role, purpose)
        check_vectors(vectors_, texts.ids, vectors_.shape[-1])
        progress(len(texts), len(texts))
        return vectors_

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> MtebIndex:
        """Encode the corpus through mteb's wrapper."""
        return MtebIndex(self, documents, purpose, progress)


class MtebIndex:
    """A corpus in the vectors of mteb's wrapper, searched exactly."""

    def __init__(self, system: MtebModel, documents: Texts, purpose: Purpose, progress: Progress) -> None:
        _ = system.model  # so that the clock does not count its loading
        self._system, self._purpose, self._first = system, purpose, documents.texts[0]
        start = time.perf_counter()
        vectors_ = system.named_vectors(documents, "document", purpose, progress)
        self.seconds = time.perf_counter() - start
        self._index = VectorIndex(vectors_, documents.ids, similarity=system.similarity)
        self.size = vectors_.nbytes

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Encode the queries through mteb's wrapper, rank exactly."""
        start = time.perf_counter()
        vectors_ = self._system.named_vectors(queries, "query", self._purpose, progress)
        seconds = {"encode_query": time.perf_counter() - start, "encode_document": self.seconds}
        start = time.perf_counter()
        ids, scores = self._index.search(vectors_, queries.ids, depth, exclude_self=exclude_self, candidates=candidates)
        seconds["search"] = time.perf_counter() - start
        first = {"query": queries.texts[0], "document": self._first}
        notes = Notes(seconds=seconds, other={"first_without_prompt": first})
        return Run(list(queries.ids), ids, scores, depth, notes)


@system
def mteb(name: str, revision: str | None = None, *, context: Context) -> MtebModel:
    """Any model of mteb's registry by its name, API models among them, through mteb's own loader."""
    return MtebModel(name, revision, context)
