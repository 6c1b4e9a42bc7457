"""Any of mteb's registered models through mteb's own loader: `model=mteb model.name=ORG/NAME`.

Prompts, pooling and instructions are then mteb's business, and so are API keys. Its identity is mteb's name, revision
and version: the weights are not ours to digest. Its vectors are kept in the store like any other's, apart by role, task
and kind of task, on which mteb's prompts may depend.
"""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from harness.context import Context
from harness.encode.engine import Arrival, Report
from harness.encode.guard import check_vectors
from harness.facts import Facts
from harness.models.mteb_loader import load, revision_of, similarity_name, stated, vectors
from harness.registry import system
from harness.systems.encoding import EncodingSystem
from harness.systems.mteb_reranker import MtebReranker
from harness.systems.pair_scoring import CandidateIndex
from harness.types import Index, Progress, Purpose, Role, Texts, no_progress

LIBRARIES = ("mteb", "torch", "sentence-transformers", "transformers", "tokenizers")
AT_ONCE = 1_024
"""Texts that are handed to mteb's wrapper at once: what a run that is killed loses."""


class MtebModel(EncodingSystem):
    """A model that mteb loads, when the first vector is missing."""

    own_prompts = False

    def __init__(self, name: str, model: str, revision: str | None, context: Context) -> None:
        super().__init__(name, context)
        self._model_name, self._revision = model, revision

    @functools.cached_property
    def model(self) -> Any:
        """mteb's wrapper around the model."""
        return load(self._model_name, self._revision, self.context.device, self.context.hub)

    @functools.cached_property
    def revision(self) -> str:
        """Digest or revision of the weights; nothing is loaded for it."""
        return revision_of(self._model_name, self._revision, self.context.hub)

    @property
    def identity(self) -> str:
        """Revision and mteb's version (its loaders hold prompts and pooling)."""
        return f"{self.revision} {importlib.metadata.version('mteb')}"

    @functools.cached_property
    def _stated(self) -> Any:
        """What mteb's registry says of it; nothing is loaded for it."""
        return stated(self._model_name, self._revision)

    @property
    def facts(self) -> Facts:
        """What mteb knows of the model."""
        meta = self._stated
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
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`, as mteb's metadata says; where it says nothing, as the loaded model does."""
        return similarity_name(self._stated) or similarity_name(self.model.mteb_model_meta) or "cosine"

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """The corpus in its vectors; of a reranker, which makes none, the corpus of which candidates can be ranked."""
        if "cross-encoder" not in (self._stated.model_type or ()):
            return super().index(documents, purpose, progress)
        made_by = {"mteb": importlib.metadata.version("mteb"), "model": self._model_name, "revision": self.revision}
        return CandidateIndex(MtebReranker(self.name, self.context, made_by, lambda: self.model), documents, purpose)

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Model, revision, mteb's version, and what its prompts may depend on."""
        return {
            "mteb": importlib.metadata.version("mteb"),
            "model": self._model_name,
            "revision": self.revision,
            "role": role,
            "task": purpose.task,
            "kind": purpose.kind,
        }

    def embedder(self, role: Role, purpose: Purpose) -> Wrapped:
        """mteb's wrapper."""
        return Wrapped(self.model, role, purpose)


class Wrapped:
    """mteb's wrapper as an embedder, for texts of one role and task."""

    def __init__(self, model: Any, role: Role, purpose: Purpose) -> None:
        self._model, self._role, self._purpose = model, role, purpose

    @property
    def dimension(self) -> int:
        """As mteb states it; 0 where it does not."""
        return int(getattr(self._model.mteb_model_meta, "embed_dim", 0) or 0)

    def arrivals(self, texts: Sequence[str], labels: Sequence[Any], prompt: str, report: Report) -> Iterator[Arrival]:
        """A thousand texts after the other; mteb says nothing of their tokens."""
        for start in range(0, len(texts), AT_ONCE):
            part = texts[start : start + AT_ONCE]
            found = vectors(self._model, part, self._role, self._purpose)
            check_vectors(found, [str(label) for label in labels[start : start + AT_ONCE]], found.shape[-1])
            report(len(part), 0)
            unseen = np.zeros(len(part), dtype=np.int64)
            yield Arrival(np.arange(start, start + len(part)), found, unseen, unseen)


@system
def mteb(name: str, revision: str | None = None, *, label: str, context: Context) -> MtebModel:
    """Any model of mteb's registry by its name, API models among them, through mteb's own loader."""
    return MtebModel(label, name, revision, context)
