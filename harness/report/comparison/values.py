"""What a comparison of two systems says; every renderer reads these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SAME = 1e-9
"""Difference up to which two values are equal."""


@dataclass(frozen=True)
class SystemScore:
    """One of the two: a recorded system, or a run file of any other.

    Attributes:
        unjudged, ties: Share of its top documents that nobody judged; that share their score with another.
    """

    name: str
    mean: float
    unjudged: float
    ties: float


@dataclass(frozen=True)
class MeanDifference:
    """A difference of means, A less B, over some of the queries.

    Attributes:
        what: Which queries: `all`, or `stratum = lay`.
        low, high: 95 % bootstrap interval of the difference, the queries drawn again.
        p: Sign-flip test; for slices adjusted for their number (Holm).
        p_bootstrap: Share of resamples on the other side of zero, doubled: a cross-check.
        p_t: Student's paired t-test: another cross-check.
        effect: In standard deviations of the differences (Cohen's d_z).
    """

    what: str
    n: int
    difference: float
    low: float
    high: float
    p: float
    p_bootstrap: float
    p_t: float
    effect: float


@dataclass(frozen=True)
class RankedDocument:
    """A document that made a difference.

    Attributes:
        grade: None where it is unjudged.
        a, b: Its rank in either ranking, from 1; None where it was not retrieved.
    """

    document_id: str
    text: str
    grade: int | None
    a: int | None
    b: int | None


@dataclass(frozen=True)
class Query:
    """One query with its two scores and the documents that made them differ."""

    query_id: str
    text: str
    a: float
    b: float
    documents: tuple[RankedDocument, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """Everything that is said of A and B.

    Attributes:
        differences: A less B per query, shape (queries,).
        won, lost: The queries that A and that B is furthest ahead in; not filled where the two do not differ.
        detectable: The smallest true difference that is detectable with this many queries at 80 % power.
        notes: What a reader has to know first: other versions, unjudged documents, what was left out.
        unsettled: What judging the unjudged could still change; empty where nothing is unjudged.
        unanswered: Name → how many queries it leaves unanswered, where that is more than a tenth; then there is no verdict.
        answered: The difference over the queries that both answer, where there is no verdict on all of them.
        items: What the difference is a mean over: `queries`; for a task that mteb scored `pairs`, `texts`, `documents` …
    """

    task: str
    measure: str
    direction: str
    unit: str
    a: SystemScore
    b: SystemScore
    overall: MeanDifference
    differences: Floats
    wins: int
    ties: int
    losses: int
    slices: tuple[MeanDifference, ...]
    won: tuple[Query, ...]
    lost: tuple[Query, ...]
    detectable: float
    notes: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()
    unanswered: Mapping[str, int] = field(default_factory=dict)
    answered: MeanDifference | None = None
    items: str = "queries"

    @property
    def better(self) -> str:
        """Which of the two is ahead beyond chance, or the empty string."""
        if self.overall.p > 0.05 or self.unanswered:
            return ""
        ahead = self.overall.difference > 0
        return self.a.name if ahead == (self.direction == "higher") else self.b.name
