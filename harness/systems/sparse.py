"""Learned sparse retrieval: a weight for each term that a text is about, whether it stands there or not (SPLADE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from harness.context import Context
from harness.encode.engine import Embedder, Encoded
from harness.encode.forward import Forward
from harness.errors import ConfigError
from harness.jagged import Jagged
from harness.models.spec import ModelSpec
from harness.models.windows import Windows
from harness.registry import system
from harness.search.impacts import ImpactIndex, Pruned, contributions, expected_products, inverse_frequencies
from harness.search.vector_index import Ranked
from harness.systems.late_interaction import StoredRows
from harness.systems.location import COVERED
from harness.systems.rows import RowSystem
from harness.types import Candidates, Purpose, Role, no_progress

Weights = Literal["model", "idf"]
BYTES = 8
"""Of a term and its weight in the index."""


class Sparse(RowSystem):
    """The weights of terms; a document's score is the product of its vector and the query's."""

    kind, layout = "learned sparse", "a weight per term"

    def __init__(
        self, name: str, spec: ModelSpec, context: Context, *, terms: int | None, query: Weights,
        windows: Windows | None = None,
    ) -> None:  # fmt: skip
        super().__init__(name, spec, context, windows=windows)
        self.terms, self.query = terms, query

    @property
    def _usage(self) -> Mapping[str, Any]:
        usage = {"terms": self.terms, "query": self.query if self.query != "model" else None}
        return {key: value for key, value in usage.items() if value}

    def _load(self) -> Any:
        from harness.models.term_weights import TermWeights

        return TermWeights(self.spec, self.folder, self.context.device)

    def _dimension_of(self, model: Any) -> int:
        return int(model.vocabulary)

    def embedder(self, role: Role, purpose: Purpose) -> Embedder:
        """The loaded model, or a query's own tokens."""
        if role == "query" and self.query == "idf":
            from harness.models.term_weights import QueryTokens

            return Forward(QueryTokens(self.loaded))
        return super().embedder(role, purpose)

    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Also where a query's weights are not the model's."""
        own = {"query": "its tokens"} if role == "query" and self.query == "idf" else {}
        return {**super().configuration(role, purpose), **own}

    def searchable(self, documents: Encoded, ids: Sequence[str]) -> TermIndex:
        """Every document's terms, or the heaviest of them."""
        index = TermIndex(self, documents, ids)
        self._bytes = round(index.size / max(1, len(ids)))
        return index

    def explain(self, query: str, document: str, purpose: Purpose, weights: Mapping[str, float] | None = None) -> list[
        tuple[str, float]
    ]:  # fmt: skip
        """The terms that a document's score for a query rests on, with what each gives to it, the greatest first.

        Args:
            weights: With `query=idf`, the corpus's weight of each term; they are 1 where it is not given.
        """
        asked = self.encoded([query], "query", purpose, None, no_progress)[0].read_jagged().values
        rows: Any = StoredTerms(self.encoded([document], "document", purpose, None, no_progress)[0])
        held = (Pruned(rows, self.terms) if self.terms else rows).take(np.array([0])).values
        found = contributions(asked, held)
        words = self.words
        named = [(words[int(term)], float(weight)) for term, weight in found.tolist()]
        if weights is not None:
            named = sorted(((word, value * weights.get(word, 0.0)) for word, value in named), key=lambda one: -one[1])
        return named

    @property
    def words(self) -> Mapping[int, str]:
        """The vocabulary: number → term, from the model's files alone."""
        from tokenizers import Tokenizer

        files = [self.folder / "tokenizer.json", *sorted(self.folder.glob("*/tokenizer.json"))]
        path = next((file for file in files if file.is_file()), None)
        if path is None:
            raise ConfigError(f"{self.folder} holds no tokenizer.json, which names the terms of {self.name}.")
        return {number: word for word, number in Tokenizer.from_file(str(path)).get_vocab().items()}


class TermIndex:
    """The term weights of a corpus."""

    def __init__(self, system: Sparse, documents: Encoded, ids: Sequence[str]) -> None:
        self._system, self._documents = system, len(ids)
        rows: Any = StoredTerms(documents)
        rows = Pruned(rows, system.terms) if system.terms else rows
        counts = rows.counts
        self.size = int(counts.sum()) * BYTES
        self._vocabulary = int(system.loaded_facts["dimension"])
        self._index = ImpactIndex(
            rows, ids, self._vocabulary, cosine=system.similarity == "cosine", memory=system.context.memory
        )
        self._terms = {"document": round(float(counts.mean()), 2) if len(counts) else 0.0}
        self._products = 0.0

    def search(
        self,
        queries: Encoded,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool,
        candidates: Candidates | None,
    ) -> Ranked:
        """By the product of weights, exactly."""
        asked = queries.read_jagged()
        frequencies = self._index.frequencies
        if self._system.query == "idf":
            weights = inverse_frequencies(frequencies, self._documents)
            values = asked.values.copy()
            values["weight"] = weights[values["term"]]
            asked = Jagged(values, asked.starts)
        counted = np.bincount(asked.values["term"], minlength=self._vocabulary)
        self._products = expected_products(frequencies, counted, (self._documents, len(query_ids)))
        self._terms["query"] = round(float(asked.counts.mean()), 2) if len(asked) else 0.0
        return self._index.search(asked, query_ids, depth, exclude_self=exclude_self, candidates=candidates)

    def notes(self) -> Mapping[str, Any]:
        """Terms that weigh something in a text, in the mean, and FLOPS: products of a query and a document."""
        return {"terms_per_text": dict(self._terms), "flops": round(self._products, 4)}


class StoredTerms(StoredRows):
    """Terms as they are read from the store."""

    def __init__(self, encoded: Encoded) -> None:
        super().__init__(encoded, None)

    def take(self, documents: Any) -> Jagged:
        """The terms of these texts."""
        return self._encoded.take_jagged(documents)


@system(
    about="A learned sparse model (SPLADE): model.name=ORG/NAME, model.path=DIR or model.package=NAME",
    not_identity=COVERED,
)
def sparse(
    *,
    label: str,
    context: Context,
    name: str = "",
    revision: str = "",
    path: str = "",
    package: str = "",
    folder: str = "",
    digest: str = "",
    prompts: dict[str, str] = {},  # noqa: B006 - read as a default, never changed
    similarity: Literal["dot", "cosine"] | None = None,
    max_length: int | None = None,
    dimension: int | None = None,
    parameters: int | None = None,
    licence: str = "",
    trust_remote_code: bool = False,
    terms: int | None = None,
    query: Weights = "model",
    window: int | None = None,
    stride: int | None = None,
    pool: Literal["max", "first-p"] = "max",
) -> Sparse:
    """A learned sparse model of sentence-transformers: its heaviest terms alone, or the corpus's idf for a query's weights."""
    spec = ModelSpec.placed(
        runtime="torch",
        name=name, revision=revision, path=path, package=package, folder=folder, digest=digest, prompts=prompts,
        similarity=similarity, max_length=max_length, dimension=dimension, parameters=parameters, licence=licence,
        trust_remote_code=trust_remote_code,
    )  # fmt: skip
    if terms is not None and terms < 1:
        raise ConfigError(f"model.terms={terms}: at least one term of a document is kept. Leave it out to keep all.")
    return Sparse(label, spec, context, terms=terms, query=query, windows=Windows.of(window, stride, pool, max_length))
