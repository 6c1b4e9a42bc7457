"""Objects of a notebook as systems: a SentenceTransformer, or a function from texts to vectors."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from harness.encode.guard import check_vectors
from harness.facts import Facts, Notes
from harness.search.vector_index import VectorIndex
from harness.systems.opened import Opened
from harness.types import Candidates, Progress, Purpose, Role, Run, System, Texts, Vectors, no_progress

Encode = Callable[[list[str], Role, Purpose], Any]


class VectorSystem:
    """Whatever makes vectors of texts, with exact search over them.

    Args:
        identity: Digest of all that can move a vector.
        encode: (texts, role, purpose) → an array of shape (len(texts), dimension).
    """

    depth_independent = True

    def __init__(self, facts: Facts, identity: str, encode: Encode) -> None:
        self.facts, self.identity, self._encode = facts, identity, encode

    @property
    def similarity(self) -> str:
        """As stated; cosine where nothing is."""
        return self.facts.similarity or "cosine"

    @property
    def encoder(self) -> VectorSystem:
        """Itself."""
        return self

    def encode(
        self, texts: Sequence[str], role: Role, purpose: Purpose = Purpose(), *, progress: Progress = no_progress  # noqa: B008
    ) -> Vectors:  # fmt: skip
        """Vectors of shape (len(texts), dimension); `VectorError` where they are none."""
        vectors = np.ascontiguousarray(self._encode(list(texts), role, purpose), dtype=np.float32)
        check_vectors(vectors, texts, vectors.shape[-1] if vectors.ndim else 0)
        progress(len(texts), len(texts))
        return vectors

    def encoding_stats(self) -> Notes:
        """Nothing is known of what it saw."""
        return Notes()

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> VectorSystemIndex:
        """Encode the corpus."""
        return VectorSystemIndex(self, documents, purpose, progress)


class VectorSystemIndex:
    """A corpus in somebody's vectors."""

    def __init__(self, system: VectorSystem, documents: Texts, purpose: Purpose, progress: Progress) -> None:
        vectors = system.encode(documents.texts, "document", purpose, progress=progress)
        self._system, self._purpose, self.size = system, purpose, vectors.nbytes
        self._index = VectorIndex(vectors, documents.ids, similarity=system.similarity)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Encode the queries, rank exactly."""
        vectors = self._system.encode(queries.texts, "query", self._purpose, progress=progress)
        ids, scores = self._index.search(vectors, queries.ids, depth, exclude_self=exclude_self, candidates=candidates)
        return Run(list(queries.ids), ids, scores, depth)


def of_sentence_transformer(model: Any, name: str = "") -> Opened:
    """A SentenceTransformer with the prompts it carries; identified by its parameters, prompts, length and similarity."""
    state = hashlib.blake2b(digest_size=16)
    for key, tensor in sorted(model.state_dict().items()):
        state.update(key.encode() + tensor.detach().float().cpu().numpy().tobytes())
    length, prompts = model.max_seq_length, dict(model.prompts or {})
    similarity = str(model.similarity_fn_name or "cosine")
    facts = Facts(
        kind="dense", model=name or type(model).__name__, weights=state.hexdigest(),
        dimension=model.get_embedding_dimension(), parameters=sum(one.numel() for one in model.parameters()),
        max_length=int(length) if isinstance(length, int) else None, prompts=prompts, similarity=similarity,
        dtype=str(next(iter(model.parameters())).dtype).removeprefix("torch."), runtime="torch",
        libraries=("torch", "sentence-transformers", "transformers", "tokenizers"),
    )  # fmt: skip

    def encode(texts: list[str], role: Role, purpose: Purpose) -> Any:
        method = {"query": model.encode_query, "document": model.encode_document}.get(role, model.encode)
        return method(texts, show_progress_bar=False, convert_to_numpy=True)

    identity = f"{facts.weights} {length} {sorted(prompts.items())} {similarity} {facts.dtype}"
    return _opened(VectorSystem(facts, identity, encode), name or "sentence-transformer", identity)


def of_function(function: Callable[[list[str]], Any], name: str = "") -> Opened:
    """A function from a list of texts to an array of shape (texts, dimension), compared by cosine.

    What a function depends on cannot be seen: it is evaluated anew each time, and never found already recorded.
    """
    facts = Facts(kind="function", model=getattr(function, "__name__", ""), similarity="cosine")
    fresh = uuid.uuid4().hex

    def encode(texts: list[str], role: Role, purpose: Purpose) -> Any:
        return function(texts)

    return _opened(VectorSystem(facts, fresh, encode), name or facts.model.strip("<>") or "function", fresh)


def of_system(system: System, name: str) -> Opened:
    """An object that indexes and searches; with an `identity` of its own it is found again, else evaluated anew."""
    return _opened(system, name, str(getattr(system, "identity", "") or uuid.uuid4().hex))


def _opened(system: System, name: str, identity: str) -> Opened:
    return Opened(system, name, type(system).__qualname__, identity)
