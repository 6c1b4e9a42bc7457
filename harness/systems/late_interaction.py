"""Late interaction: every token of a query finds its best token in a document (Khattab and Zaharia 2020, ColBERT)."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.encode.engine import Embedder, Encoded
from harness.errors import ConfigError
from harness.jagged import Jagged
from harness.models.spec import ModelSpec
from harness.models.windows import Windows
from harness.registry import system
from harness.search.coded_rows import coded
from harness.search.compression import Variant
from harness.search.maxsim import MaxSimIndex
from harness.search.vector_index import Ranked
from harness.systems.location import COVERED
from harness.systems.pooled import Pooled
from harness.systems.rows import RowSystem
from harness.types import Candidates, Purpose, Role


class LateInteraction(RowSystem):
    """A vector for each token; a document's score is the sum over the query's tokens of their best product in it."""

    kind, layout = "late interaction", "a vector per token"

    def __init__(
        self, name: str, spec: ModelSpec, context: Context, *, variant: Variant, pool_factor: int,
        windows: Windows | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name, spec, context, variant=variant, windows=windows)
        self.pool_factor = pool_factor

    @property
    def _usage(self) -> Mapping[str, Any]:
        return {"pool_factor": self.pool_factor} if self.pool_factor > 1 else {}

    @functools.cached_property
    def whole(self) -> LateInteraction:
        """The same without pooling: what is pooled is read from its part of the store."""
        system = LateInteraction(self.name, self.spec, self.context, variant=self.variant, pool_factor=1)
        system.__dict__.update(folder=self.folder, weights=self.weights)
        return system

    def _load(self) -> Any:
        from harness.models.token_vectors import TokenVectors

        return self.whole.loaded if self.pool_factor > 1 else TokenVectors(self.spec, self.folder, self.context.device)

    def embedder(self, role: Role, purpose: Purpose) -> Embedder:
        """The loaded model; for pooled documents, what is in the store of the whole ones, or is made there first."""
        if self.pool_factor == 1 or role == "query":
            return super().embedder(role, purpose)
        return Pooled(
            lambda texts, names, progress: self.whole.encoded(texts, role, purpose, names, progress)[0],
            self.pool_factor,
        )

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Also how many of a document's tokens become one."""
        pooled = {"pool": self.pool_factor, "pooling": "Ward"} if self.pool_factor > 1 and role != "query" else {}
        return {**super().configuration(role, purpose), **pooled}

    def searchable(self, documents: Encoded, ids: Sequence[str]) -> TokenIndex:
        """Every document's token vectors, as the precision has them."""
        index = TokenIndex(self, documents, ids)
        self._bytes = round(index.size / max(1, len(ids)))
        return index


class TokenIndex:
    """The token vectors of a corpus."""

    def __init__(self, system: LateInteraction, documents: Encoded, ids: Sequence[str]) -> None:
        self._system, self._mean = system, system.similarity.lower() == "meanmaxsim"
        system.variant.check(documents.dimension)
        memory = system.context.memory
        rows = coded(StoredRows(documents, system.variant.dims), system.variant.precision, memory)
        self._counts = rows.counts
        self.size = int(self._counts.sum()) * system.variant.bytes_per_document(documents.dimension)
        self._index = MaxSimIndex(rows, ids, mean=self._mean, memory=memory)
        self._asked = np.zeros(0, dtype=np.int64)

    def search(
        self,
        queries: Encoded,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool,
        candidates: Candidates | None,
    ) -> Ranked:
        """By MaxSim, exactly."""
        rows = StoredRows(queries, self._system.variant.dims).take(np.arange(len(queries)))
        self._asked = rows.counts
        return self._index.search(rows, query_ids, depth, exclude_self=exclude_self, candidates=candidates)

    def notes(self) -> Mapping[str, Any]:
        """How many vectors a text has, in the mean."""
        means = {"document": self._counts, "query": self._asked}
        return {"vectors_per_text": {role: round(float(one.mean()), 2) for role, one in means.items() if len(one)}}


class StoredRows:
    """Token vectors as they are read from the store, or their first numbers, normalised again."""

    def __init__(self, encoded: Encoded, dims: int | None) -> None:
        self._encoded, self._dims = encoded, dims

    @functools.cached_property
    def counts(self) -> NDArray[np.int64]:
        """Rows of each text."""
        return self._encoded.counts

    def take(self, documents: NDArray[np.int64]) -> Jagged:
        """The rows of these texts, float32."""
        rows = self._encoded.take_jagged(documents)
        values = rows.values.astype(np.float32, copy=False)
        if self._dims is not None:
            values = values[:, : self._dims]
            values = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.float32(1e-12))
        return Jagged(np.ascontiguousarray(values), rows.starts)


@system(
    name="late-interaction",
    about="A late-interaction model, a vector per token: model.name=ORG/NAME, model.path=DIR or model.package=NAME",
    not_identity=COVERED,
)
def late_interaction(
    *,
    label: str,
    context: Context,
    name: str = "",
    revision: str = "",
    path: str = "",
    package: str = "",
    folder: str = "",
    layout: Literal["multi-vector", "tokens"] = "multi-vector",
    digest: str = "",
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    similarity: Literal["MaxSim", "MeanMaxSim"] | None = None,
    max_length: int | None = None,
    dimension: int | None = None,
    parameters: int | None = None,
    licence: str = "",
    trust_remote_code: bool = False,
    dims: int | None = None,
    precision: Literal["float32", "float16", "int8", "binary"] = "float32",
    pool_factor: int = 1,
    window: int | None = None,
    stride: int | None = None,
    pool: Literal["max", "first-p"] = "max",
) -> LateInteraction:
    """A late-interaction model of sentence-transformers or PyLate, or a dense model's own token vectors (layout=tokens)."""
    spec = ModelSpec.placed(
        runtime="torch",
        name=name, revision=revision, path=path, package=package, folder=folder, digest=digest, prompts=prompts,
        layout="tokens" if layout == "tokens" else "sentence-transformers", similarity=similarity, max_length=max_length,
        dimension=dimension, parameters=parameters, licence=licence, trust_remote_code=trust_remote_code,
    )  # fmt: skip
    if pool_factor < 1:
        raise ConfigError(
            f"model.pool_factor={pool_factor}: how many of a document's tokens become one; 1 leaves them as they are."
        )
    variant = Variant(dims, precision)
    variant.check()
    windows = Windows.of(window, stride, pool, max_length)
    return LateInteraction(label, spec, context, variant=variant, pool_factor=pool_factor, windows=windows)
