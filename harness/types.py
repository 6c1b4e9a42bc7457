"""The values that flow from configuration to leaderboard, and the Protocols at the seams.

Ids are `str`. Vectors are `float32`, C order, one row per text. Values are frozen: a room that needs another
value makes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from harness.errors import MalformedData
from harness.facts import Notes

Qrels = Mapping[str, Mapping[str, int]]
"""query id → document id → grade (an integer; above 0 is relevant). Judged zeros are kept: they are not unjudged."""

Vectors = NDArray[np.float32]
Role = Literal["query", "document", ""]
Scale = Literal["mean", "correlation", "share"]
"""What a score is as a statistic of its items, on which its interval depends."""
Candidates = Mapping[str, Sequence[str]]
"""query id → the ids of the documents that may be ranked for it."""


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

    Attributes:
        candidates: Restricts each query to a list of documents (a reranking task); None searches the whole corpus.
        counts: What was read and what was left out: documents, queries, judged, without_positive …
        left_out: The first few of what is no longer in the data, under the key of its count; no part of the fingerprint.
        refusal: Why these data are not evaluated as they are, in one line; empty where they may be. A check reads them.
    """

    name: str
    revision: str
    split: str
    documents: Texts
    queries: Texts
    qrels: Qrels
    fingerprint: str
    candidates: Candidates | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[str]] = field(default_factory=dict)
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Purpose:
    """What texts are encoded or indexed for; a model's prompts may depend on it.

    Attributes:
        task: The data set's name, such as `legal` or `mteb/SciFact`: not the label, which anybody may choose.
        kind: mteb's word for the type of task.
    """

    task: str = ""
    kind: str = "Retrieval"


@dataclass(frozen=True, slots=True)
class Task:
    """A data set with the measures that matter, the depth of the ranking and the policy on self-matches.

    Attributes:
        measures: Canonical measure names; the first is the one the leaderboard shows.
        name: Column header and command-line token; the label of what was asked for (`legal(split=dev)`) where it is empty.
        depth: How many documents are ranked per query.
        exclude_self: Leave out the document whose id is the query's own (ArguAna, Quora, CQADupstack).
        kind: mteb's word for the type of task.
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

    def __post_init__(self) -> None:
        """Refuse a single text as `measures`, whose letters would be taken for measures; `MalformedData`."""
        if isinstance(self.measures, str):  # type: ignore[unreachable]
            raise MalformedData(f"measures={self.measures!r} is a text. Give a tuple: measures=({self.measures!r},).")

    @property
    def purpose(self) -> Purpose:
        """What a system may know of it beside its texts."""
        return Purpose(self.dataset.name, self.kind)


@dataclass(frozen=True, slots=True)
class Delegated:
    """A task that somebody else's evaluator scores with our encoder (mteb's STS, classification, clustering …).

    Attributes:
        measure: The main score's name in the evaluator's own words, such as `cosine_spearman`.
        score: encoder → every number the evaluator gave, `measure` among them: with values per item as an `Evaluated`, or as a
            plain mapping.
    """

    name: str
    measure: str
    dataset_name: str
    revision: str
    split: str
    fingerprint: str
    kind: str
    score: Callable[[Encoder], Evaluated | Mapping[str, float]]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def purpose(self) -> Purpose:
        """What a system may know of it beside its texts."""
        return Purpose(self.dataset_name, self.kind)


@dataclass(frozen=True, slots=True)
class Run:
    """A ranked list per query, in the harness's one order: score in float32 descending, then document id descending.

    Attributes:
        query_ids: The queries that were answered.
        doc_ids: Per query, at most `depth` document ids, best first.
        scores: Per query, float32 of the same length; comparable within a query only.
        depth: How many documents were asked for. A measure with a cutoff beyond it is refused.
        notes: What the system saw while it answered.
    """

    query_ids: Sequence[str]
    doc_ids: Sequence[Sequence[str]]
    scores: Sequence[NDArray[np.float32]]
    depth: int
    notes: Notes = field(default_factory=Notes)


@dataclass(frozen=True, slots=True)
class Scores:
    """One measure, one value per query (float64, same order as `query_ids`)."""

    measure: str
    query_ids: Sequence[str]
    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What somebody else's evaluator gave for a task as a whole.

    Attributes:
        values: Every number by its name.
        scores: The main score with a value per item, whose mean over the items it is; None where they could not be had.
        items: What is drawn again for its interval: `pairs`, `texts`, `documents` …
        scale: Whether the score is a mean of its values; or a correlation or a share that is no mean, whose values are its
            items' contributions (`stats/contributions.py`).
        reason: Why there are no values per item, in one line.
    """

    values: Mapping[str, float]
    scores: Scores | None = None
    items: str = ""
    scale: Scale = "mean"
    reason: str = "its evaluator gives no values per item"

    @classmethod
    def of(cls, result: Evaluated | Mapping[str, float]) -> Evaluated:
        """What a `Delegated` task's `score` returned: numbers alone have no values per item."""
        return result if isinstance(result, cls) else cls(result)  # type: ignore[arg-type]


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
        self, texts: Sequence[str], role: Role, purpose: Purpose = ..., *, progress: Progress = no_progress
    ) -> Vectors:
        """Vectors of shape (len(texts), dimension), in the order of `texts`."""

    def encoding_stats(self) -> Notes:
        """What it saw since it was last asked, for the record: first texts, prompts, truncation by role."""


class Index(Protocol):
    """One corpus, ready to be asked.

    It may also say `size` (bytes that it holds), `seconds` (what building it cost, where the wall clock would be wrong
    because vectors came from the store), and have a `close()`.
    """

    def search(
        self,
        queries: Texts,
        depth: int,
        *,
        candidates: Candidates | None = None,
        exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:
        """Rank the corpus for each query, at most `depth` documents, best first.

        Args:
            candidates: Rank only these documents of each query.
            exclude_self: Never rank the document whose id is the query's own.
        """


class System(Protocol):
    """Anything that ranks documents for queries. Opening one is cheap; it loads on its first use. No system sees qrels.

    This is all that a plug-in writes. It may also have `facts` (`Facts`: what a table may show, what can move its
    numbers), `identity` (digest of what its options do not say, such as weights; else the plug-in's file is digested),
    `identity_for(purpose)` (what of it depends on the task's name), `encoder` (for tasks that need vectors),
    `depth_independent` (a deeper run begins with the shallower one), and `parts` with `join` (a system made of others).
    """

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Index:
        """The corpus, ready to be asked."""
