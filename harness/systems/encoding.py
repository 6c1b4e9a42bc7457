"""A system that makes vectors: texts through the embedding store, exact or packed search over them.

A local model, mteb's wrapper and an endpoint differ in what makes a vector that is missing, and in what is its key.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.encode.engine import Embedder, Encoded, stored, truncation
from harness.encode.store import StoredVectors, VectorCache
from harness.errors import NotApplicable
from harness.facts import Notes
from harness.records.digest import digest
from harness.search.compression import FULL, Variant
from harness.search.vector_index import Ranked, VectorIndex
from harness.types import Candidates, Index, Progress, Purpose, Role, Run, Texts, Vectors, no_progress

NO_PURPOSE = Purpose()


class Searchable(Protocol):
    """A corpus's vectors, ready to be ranked by."""

    @property
    def size(self) -> int:
        """Bytes of the index."""

    def search(
        self,
        queries: Encoded,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool,
        candidates: Candidates | None,
    ) -> Ranked:
        """Ids and scores of the best `depth` documents per query."""

    def notes(self) -> Mapping[str, Any]:
        """What there is to say of the index and of the queries it was asked last."""


class EncodingSystem(ABC):
    """What is alike for all systems that make vectors; each kind says what its vectors are and how a missing one is made."""

    own_prompts = True
    """Whether the harness puts the prompts in front and sees the tokens; else both are somebody else's business."""

    def __init__(self, name: str, context: Context, variant: Variant = FULL) -> None:
        self.name, self.context, self.variant = name, context, variant
        self._parts: dict[str, list[Any]] = {}
        self._first: dict[str, str] = {}
        self._prompts: dict[str, str] = {}
        self._caches: dict[str, StoredVectors] = {}

    @property
    @abstractmethod
    def similarity(self) -> str:
        """`cosine`, `dot` or `euclidean`."""

    @abstractmethod
    def configuration(self, role: Role, purpose: Purpose) -> Mapping[str, Any]:
        """Everything that made the vectors of texts of that role and task: the key they are stored under."""

    @abstractmethod
    def embedder(self, role: Role, purpose: Purpose) -> Embedder:
        """What makes the vectors that are missing."""

    def prompt(self, role: Role, purpose: Purpose) -> str:
        """The literal text in front of each; empty where there is none, or where it is not ours."""
        return ""

    def lengths(self, encoded: Encoded, prompt: str, texts: Sequence[str]) -> NDArray[Any] | None:
        """Tokens and cut tokens of each text, in the fields of `encoded.facts`; None where nobody knows what the model
        reads: nothing is then said of truncation."""
        return encoded.facts if self.own_prompts else None

    def other_notes(self) -> Mapping[str, Any]:
        """What else there is to say of what it did since it was last asked."""
        return {}

    @property
    def search_device(self) -> str:
        """Where float32 products are computed."""
        return "cpu"

    @property
    def depth_independent(self) -> bool:
        """Not where the candidates for rescoring grow with the depth."""
        return not self.variant.rescore

    @property
    def encoder(self) -> EncodingSystem:
        """Itself: it is its own encoder."""
        return self

    def encode(
        self, texts: Sequence[str], role: Role, purpose: Purpose = NO_PURPOSE, *, progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of `texts` under the prompt of role and task, shape (len(texts), dimension).

        Raises:
            NotApplicable: A precision that only an index has.
        """
        if not self.variant.full_precision:
            raise NotApplicable(f"precision={self.variant.precision} is of an index, and this task searches none.")
        encoded, used = self.encoded(texts, role, purpose, None, progress)
        if len(texts) and self.own_prompts:
            self._first.setdefault(role or "text", used + texts[0])
            self._prompts.setdefault(role or "text", used)
            if (lengths := self.lengths(encoded, used, texts)) is not None:
                self._parts.setdefault(role or "text", []).append(lengths)
        self.variant.check(encoded.dimension)
        return self.shortened(encoded.read())

    def shortened(self, vectors: Vectors) -> Vectors:
        """The variant's first numbers of vectors."""
        return np.ascontiguousarray(vectors[:, : self.variant.dims])

    def encoding_stats(self) -> Notes:
        """First texts, prompts and truncation by role, since it was last asked."""
        cut = {role: truncation(parts) for role, parts in self._parts.items()}
        notes = Notes(first=self._first, prompts=self._prompts, truncation=cut, other=self.other_notes())
        self._first, self._prompts, self._parts = {}, {}, {}
        return notes

    def searchable(self, documents: Encoded, ids: Sequence[str]) -> Searchable:
        """The documents' vectors, packed where a lower precision is searched."""
        return _Vectors(self, documents, ids)

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """Encode the corpus; pack it where a lower precision is searched."""
        return EncodedIndex(self, documents, purpose, progress)

    def encode_part(
        self, documents: Texts, queries: Texts, purpose: Purpose, part: int, parts: int, progress: Progress
    ) -> int:
        """Encode one of so many parts of the documents, and with the first the queries, into the store.

        Returns:
            How many texts were not there yet.
        """
        start, stop = (len(documents) * number // parts for number in (part - 1, part))
        ids, texts = documents.ids[start:stop], documents.texts[start:stop]
        fresh = self.encoded(texts, "document", purpose, ids, progress)[0].fresh
        if part == 1:
            fresh += self.encoded(queries.texts, "query", purpose, queries.ids, no_progress)[0].fresh
        return fresh

    def encoded(
        self, texts: Sequence[str], role: Role, purpose: Purpose, names: Sequence[str] | None, progress: Progress
    ) -> tuple[Encoded, str]:
        """The vectors of texts wherever they are kept, and the prompt they were made with."""
        used, cache = self.prompt(role, purpose), self.cache(role, purpose)
        vectors = stored(
            lambda: self.embedder(role, purpose), texts, cache, prompt=used, names=names, progress=progress
        )
        return vectors, used

    def cache(self, role: Role, purpose: Purpose) -> VectorCache:
        """Where vectors of texts of that role and task are kept."""
        if self.context.vectors == "none":
            return VectorCache()
        configuration = self.configuration(role, purpose)
        key = digest(dict(configuration))
        if key not in self._caches:
            folder = self.context.hub.cache / "vectors"
            self._caches[key] = StoredVectors(folder, configuration, self.context.vectors)
        self._caches[key].refresh()
        return self._caches[key]


class EncodedIndex:
    """A corpus in a system's vectors, exact or packed.

    Args:
        searchable: What ranks by them, where it is not the system's own.
    """

    def __init__(
        self, system: EncodingSystem, documents: Texts, purpose: Purpose, progress: Progress,
        searchable: Callable[[Encoded, Sequence[str]], Searchable] | None = None,
    ) -> None:  # fmt: skip
        self._system, self._purpose, self._documents = system, purpose, documents
        self._vectors, self._prompt = system.encoded(documents.texts, "document", purpose, documents.ids, progress)
        start = time.perf_counter()
        self._index = (searchable or system.searchable)(self._vectors, documents.ids)
        self._encoding = float(self._vectors.facts["seconds"].sum())  # when they were encoded, now or before
        self.seconds = self._encoding + time.perf_counter() - start
        self.size = self._index.size

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Encode the queries, rank; the notes say what the tokenizer was given and what it cut."""
        encoded, used = self._system.encoded(queries.texts, "query", self._purpose, queries.ids, progress)
        start = time.perf_counter()
        ids, scores = self._index.search(encoded, queries.ids, depth, exclude_self=exclude_self, candidates=candidates)
        seconds = {
            "encode_query": float(encoded.facts["seconds"].sum()),
            "encode_document": self._encoding,
            "search": time.perf_counter() - start,
        }
        roles = {"query": (encoded, used, queries), "document": (self._vectors, self._prompt, self._documents)}
        first = {role: prompt + texts.texts[0] for role, (_, prompt, texts) in roles.items()}
        notes = Notes(
            norms={role: vectors.norms() for role, (vectors, *_) in roles.items()},
            fresh={role: vectors.fresh for role, (vectors, *_) in roles.items()},
            seconds=seconds,
            **self._of_prompts(first, roles),
        )
        return Run(list(queries.ids), ids, scores, depth, notes)

    def _of_prompts(self, first: Mapping[str, str], roles: Mapping[str, tuple[Encoded, str, Texts]]) -> dict[str, Any]:
        """Notes on prompts and truncation, where these are ours."""
        other = {**self._system.other_notes(), **self._index.notes()}
        if not self._system.own_prompts:
            return {"other": {**other, "first_without_prompt": first}}
        read = {
            role: self._system.lengths(vectors, prompt, texts.texts) for role, (vectors, prompt, texts) in roles.items()
        }
        known = {role: lengths for role, lengths in read.items() if lengths is not None}
        cut = np.flatnonzero(known["document"]["cut"] > 0).tolist() if "document" in known else []
        return {
            "first": first,
            "prompts": {role: prompt for role, (_, prompt, _) in roles.items()},
            "truncation": {role: truncation([lengths]) for role, lengths in known.items()},
            "cut_documents": [self._documents.ids[position] for position in cut],
            "other": other,
        }


class _Vectors:
    """One vector for each document."""

    def __init__(self, system: EncodingSystem, documents: Encoded, ids: Sequence[str]) -> None:
        self.size = system.variant.bytes_per_document(documents.dimension) * len(documents)
        self._index = VectorIndex(
            documents, ids, similarity=system.similarity, variant=system.variant, memory=system.context.memory,
            device=system.search_device,
        )  # fmt: skip

    def search(
        self,
        queries: Encoded,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool,
        candidates: Candidates | None,
    ) -> Ranked:
        """See `Searchable`."""
        return self._index.search(queries.read(), query_ids, depth, exclude_self=exclude_self, candidates=candidates)

    def notes(self) -> Mapping[str, Any]:
        """Nothing but the ranking."""
        return {}
