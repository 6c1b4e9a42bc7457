"""The values that flow from configuration to leaderboard, and the two Protocols at the seams.

Ids are `str`. Vectors are `float32`, C order, one row per text. Values are frozen: a room that needs another
value makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Qrels = Mapping[str, Mapping[str, int]]
"""query id → document id → grade (an integer; above 0 is relevant). Judged zeros are kept: they are not unjudged."""

Vectors = NDArray[np.float32]
Role = Literal["query", "document", ""]


class Progress(Protocol):
    """Who is told how far it is."""

    def __call__(self, done: int, total: int, tokens: int = 0) -> None:
        """Texts done, texts in all, and the tokens that were computed since it was last told."""


def no_progress(done: int, total: int, tokens: int = 0) -> None:
    """The `Progress` of somebody who does not look."""


@dataclass(frozen=True, slots=True)
class Texts:
    """Identified texts: `ids[i]` names `texts[i]`, as a model is to read it (title and body already joined).

    `properties` are columns of the same length: anything a slice or a measure may ask for (stratum, agreement …).
    The sequences need not be lists: a corpus may be read from disk as it is asked for.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    properties: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Documents, queries and judgments of one split, checked and fingerprinted (see `harness/data/build.py`).

    `candidates` restricts each query to a list of documents (a reranking task); None searches the whole corpus.
    `counts` says what was read and what was left out: documents, queries, judged, without_positive …
    `left_out` names the first few of what is no longer in the data, under the key of its count; no part of the fingerprint.
    """

    name: str
    revision: str
    split: str
    documents: Texts
    queries: Texts
    qrels: Qrels
    fingerprint: str
    candidates: Mapping[str, Sequence[str]] | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A data set with the measures that matter, the depth of the ranking and the policy on self-matches.

    Attributes:
        name: Canonical name: identity, column header and command-line token, such as `legal` or `mteb/SciFact`.
        measures: Canonical measure names; the first is the one the leaderboard shows.
        depth: How many documents are ranked per query.
        exclude_self: Leave out the document whose id is the query's own (ArguAna, Quora, CQADupstack).
        kind: mteb's word for the type of task; a model's prompts may depend on it.
        whole_run: Measures that need the run as a whole (mteb's p-MRR), computed beside the others: run → name → value.
    """

    dataset: Dataset
    measures: tuple[str, ...]
    name: str = ""
    depth: int = 100
    exclude_self: bool = False
    kind: str = "Retrieval"
    options: Mapping[str, Any] = field(default_factory=dict)
    whole_run: Callable[[Run], Mapping[str, float]] | None = None


@dataclass(frozen=True, slots=True)
class Delegated:
    """A task that somebody else's evaluator scores with our encoder (mteb's STS, classification, clustering …).

    Attributes:
        measure: The main score's name in the evaluator's own words, such as `cosine_spearman`.
        score: encoder → every number the evaluator gave; `measure` is among them.
    """

    name: str
    measure: str
    dataset_name: str
    revision: str
    split: str
    fingerprint: str
    kind: str
    score: Callable[[Encoder], Mapping[str, float]]
    options: Mapping[str, Any] = field(default_factory=dict)


class Choice(NamedTuple):
    """A task by plug-in name and options; what a task that stands for several others returns."""

    plugin: str
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A ranked list per query, in the harness's one order: score in float32 descending, then document id descending.

    Attributes:
        query_ids: The queries that were answered.
        doc_ids: Per query, at most `depth` document ids, best first.
        scores: Per query, float32 of the same length; comparable within a query only.
        depth: How many documents were asked for. A measure with a cutoff beyond it is refused.
        notes: What the system saw while it answered: first texts, truncation, norms, seconds.
    """

    query_ids: Sequence[str]
    doc_ids: Sequence[Sequence[str]]
    scores: Sequence[NDArray[np.float32]]
    depth: int
    notes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scores:
    """One measure, one value per query (float64, same order as `query_ids`)."""

    measure: str
    query_ids: Sequence[str]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with the interval that holds it; `low` and `high` are NaN where per-query values do not exist.

    `n` is the number of queries (or of whatever the evaluator averaged over); `method` names the interval.
    """

    mean: float
    low: float
    high: float
    n: int
    method: str


class Encoder(Protocol):
    """Texts to vectors. Prompts, truncation, pooling and normalisation are the encoder's own business."""

    @property
    def similarity(self) -> str:
        """How its vectors are compared: `cosine`, `dot` or `euclidean`."""

    def encode(
        self, texts: Sequence[str], role: Role, *, task: str = "", kind: str = "", progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of `texts`.

        `task` and `kind` are the task's name and mteb's type of it: prompts may depend on both.
        """

    def seen(self) -> Mapping[str, Any]:
        """What it saw since it was last asked, for the record: first texts, prompts, truncation by role."""


class System(Protocol):
    """Anything that ranks documents for queries. Opening one is cheap; it loads on its first use.

    Attributes:
        name: Canonical name, such as `bge-base` or `bm25(k1=0.9)`.
        facts: What a table may show of it and what made it: kind, dimension, parameters, licence, revision …
    """

    name: str

    @property
    def facts(self) -> Mapping[str, Any]: ...

    @property
    def identity(self) -> str:
        """Digest of everything that can move a score: weights, prompts, pooling, length, dtype, similarity."""

    @property
    def encoder(self) -> Encoder:
        """The encoder behind it; `NotApplicable` where there is none."""

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Rank `task.dataset`'s documents for each of its queries, `task.depth` deep."""
