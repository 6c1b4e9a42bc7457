"""What scores pairs of a query and a document, and ranks the candidates that it is given; it finds none by itself.

The scores lie in the embedding store by what made them and by both texts: a deeper k or another first stage scores only the
pairs that are new.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.context import Context
from harness.encode.engine import Embedder, Encoded, stored, truncation
from harness.encode.keys import pair_keys
from harness.encode.store import StoredVectors, VectorCache
from harness.errors import NotApplicable
from harness.facts import Notes
from harness.search.ranking_order import id_ranks, top
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress

Pair = tuple[str, str]


class PairScoring(Protocol):
    """A system whose index is a `CandidateIndex`."""

    name: str
    context: Context

    def configuration(self, purpose: Purpose) -> Mapping[str, Any]:
        """Everything that made the scores: the key they are stored under."""

    def embedder(self, purpose: Purpose) -> Embedder:
        """What makes the scores that are missing: rows of a score and, in the next column, tokens cut of the query."""

    def prompts_for(self, purpose: Purpose) -> Mapping[str, str]:
        """Role → what stands in front of it; empty where it is somebody else's business."""

    def other_notes(self) -> Mapping[str, Any]:
        """What else there is to say of its scores."""


def scored(
    system: PairScoring, pairs: Sequence[Pair], purpose: Purpose, names: Sequence[str], progress: Progress
) -> Encoded:
    """The scores of pairs wherever they are kept. Never in half precision: scores that are near would tie."""
    cache = VectorCache()
    if system.context.vectors != "none":
        folder = system.context.hub.cache / "vectors"
        cache = StoredVectors(folder, {"scores of pairs": 1, **system.configuration(purpose)}, "float32")
    embedder = lambda: system.embedder(purpose)  # noqa: E731
    return stored(embedder, pairs, cache, names=names, keys_of=pair_keys, progress=progress)


class CandidateIndex:
    """A corpus of which only a query's own candidates can be ranked; nothing is built."""

    seconds, size = 0.0, 0

    def __init__(self, system: PairScoring, documents: Texts, purpose: Purpose) -> None:
        self._system, self._documents, self._purpose = system, documents, purpose
        self._place = {document_id: at for at, document_id in enumerate(documents.ids)}
        self._ranks = id_ranks(documents.ids)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Score each query with its own candidates, rank them.

        Raises:
            NotApplicable: No candidates: every query with every document would be scored.
        """
        if candidates is None:
            raise NotApplicable(
                f"{self._system.name} scores pairs and finds no documents: over a whole corpus it would read "
                f"{len(queries) * len(self._documents):,} pairs. Give it a first stage, model=rerank/bm25:NAME, or a reranking "
                "task, which has candidates."
            )
        pools = [
            [self._place[one] for one in candidates[query_id] if not (exclude_self and one == query_id)]
            for query_id in queries.ids
        ]
        document = np.array([at for pool in pools for at in pool], dtype=np.int64)
        query = np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
        both = list(zip(query.tolist(), document.tolist(), strict=True))
        pairs = [(queries.texts[q], self._documents.texts[d]) for q, d in both]
        names = [f"{queries.ids[q]} with {self._documents.ids[d]}" for q, d in both]
        rows = scored(self._system, pairs, self._purpose, names, progress)
        start = time.perf_counter()
        values = rows.read()[:, 0] if len(pairs) else np.zeros(0, dtype=np.float32)
        ids, scores = [], []
        bounds = np.searchsorted(query, np.arange(len(pools) + 1))
        for begin, end in itertools.pairwise(bounds.tolist()):
            places = document[begin:end]
            best = top(values[begin:end], self._ranks[places], depth)
            ids.append([self._documents.ids[at] for at in places[best]])
            scores.append(values[begin:end][best])
        notes = self._notes(rows, queries, query, document, time.perf_counter() - start)
        return Run(list(queries.ids), ids, scores, depth, notes)

    def _notes(
        self, rows: Encoded, queries: Texts, query: NDArray[np.int64], document: NDArray[np.int64], clock: float
    ) -> Notes:
        """What was scored now, what it cost now or before, and what was cut: of documents per pair, of queries each."""
        seconds = {"score_pairs": float(rows.facts["seconds"].sum()), "search": clock}
        prompts = dict(self._system.prompts_for(self._purpose))
        if not len(query):
            return Notes(seconds=seconds)
        first = queries.texts[int(query[0])], self._documents.texts[int(document[0])]
        if not prompts:
            other = {
                **self._system.other_notes(),
                "first_without_prompt": dict(zip(("query", "document"), first, strict=True)),
            }
            return Notes(fresh={"pair": rows.fresh}, seconds=seconds, other=other)
        of_query = rows.read()[:, 1] > 0
        cut = truncation([rows.facts])
        crowding = sorted({queries.ids[at] for at in query[of_query].tolist()})
        shortened = np.unique(document[rows.facts["cut"] > 0]).tolist()
        return Notes(
            first={"query": prompts["query"] + first[0], "document": prompts["document"] + first[1]},
            prompts=prompts,
            truncation={
                "document": {**cut, "of": "pairs"},
                "query": {"texts": len(queries), "texts_cut": len(crowding) / max(1, len(queries))},
            },
            cut_documents=[self._documents.ids[at] for at in shortened],
            fresh={"pair": rows.fresh},
            seconds=seconds,
            other={**self._system.other_notes(), **({"queries_without_room": crowding} if crowding else {})},
        )
