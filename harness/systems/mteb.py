"""Any of mteb's registered models through mteb's own loader: `model=mteb model.name=ORG/NAME`.

Prompts, pooling and instructions are then mteb's business, and so are API keys. Its identity is mteb's name, revision
and version: the weights are not ours to digest.
"""

from __future__ import annotations

import functools
import importlib.metadata
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from harness.encode.guard import check_vectors
from harness.models.mteb import load, revision_of, similarity_name, vectors
from harness.records.digest import digest
from harness.registry import system
from harness.search.exact import search
from harness.types import Progress, Role, Run, Task, Texts, Vectors, no_progress


class MtebModel:
    """A model that mteb loads."""

    def __init__(self, name: str, model: str, revision: str | None, device: str) -> None:
        self.name = name
        self._model_name, self._revision, self._device = model, revision, device

    @functools.cached_property
    def model(self) -> Any:
        """mteb's wrapper around the model."""
        return load(self._model_name, self._revision, self._device)

    @functools.cached_property
    def revision(self) -> str:
        """Digest or revision of the weights; nothing is loaded for it."""
        return revision_of(self._model_name, self._revision)

    @functools.cached_property
    def identity(self) -> str:
        """Digest of name, revision and mteb's version (its loaders hold prompts and pooling)."""
        return digest(["mteb", self._model_name, self.revision, importlib.metadata.version("mteb")])

    @property
    def facts(self) -> Mapping[str, Any]:
        """What mteb knows of the model."""
        meta = self.model.mteb_model_meta
        return {
            "kind": "mteb",
            "model": self._model_name,
            "revision": self.revision,
            "weights": "not digested: loaded by mteb",
            "licence": str(meta.license or ""),
            "dimension": meta.embed_dim if isinstance(meta.embed_dim, int) else None,
            "parameters": meta.n_parameters,
            "max_length": int(meta.max_tokens) if meta.max_tokens and np.isfinite(meta.max_tokens) else None,
            "similarity": self.similarity,
        }

    @property
    def encoder(self) -> MtebModel:
        """Itself."""
        return self

    @property
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`, as mteb's metadata says."""
        return similarity_name(self.model)

    def encode(
        self, texts: Sequence[str], role: Role, *, task: str = "", kind: str = "", progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of `texts`, shape (len(texts), dimension)."""
        return self._encode(Texts([f"#{place}" for place in range(len(texts))], texts), role, task, kind, progress)

    def seen(self) -> Mapping[str, Any]:
        """Nothing: prompts and truncation are mteb's business."""
        return {}

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Encode through mteb's wrapper, rank exactly."""
        _ = self.model  # so that the clock does not count its loading
        data, seconds, made = task.dataset, {}, {}
        roles: tuple[tuple[Role, Texts], ...] = (("query", data.queries), ("document", data.documents))
        for role, texts in roles:
            start = time.perf_counter()
            made[role] = self._encode(texts, role, task.name, task.kind, progress)
            seconds[f"encode_{role}"] = time.perf_counter() - start
        ids, scores = search(
            made["query"], made["document"], data.queries.ids, data.documents.ids, similarity=self.similarity,
            depth=task.depth, exclude_self=task.exclude_self, candidates=data.candidates,
        )  # fmt: skip
        first = {"query": data.queries.texts[0], "document": data.documents.texts[0]}
        return Run(list(data.queries.ids), ids, scores, task.depth, {"first_without_prompt": first, "seconds": seconds})

    def _encode(self, texts: Texts, role: Role, task: str, kind: str, progress: Progress) -> Vectors:
        made = vectors(self.model, texts.texts, role, task, kind)
        check_vectors(made, texts.ids, made.shape[-1])
        progress(len(texts), len(texts))
        return made


@system
def mteb(name: str, revision: str | None = None, *, label: str, device: str = "auto") -> MtebModel:
    """Any model of mteb's registry by its name, API models among them, through mteb's own loader."""
    return MtebModel(label, name, revision, device)
