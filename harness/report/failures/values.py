"""What is said of a system's failures; every renderer reads these."""

from __future__ import annotations

from dataclasses import dataclass

from harness.types import Estimate


@dataclass(frozen=True)
class Slice:
    """The measure over some of the queries.

    Attributes:
        what: Which: `stratum = lay`.
        estimate: Mean with its 95 % interval, the queries of the slice drawn again.
        without: How many of them have no relevant document in the top.
    """

    what: str
    estimate: Estimate
    without: int


@dataclass(frozen=True)
class Document:
    """A document that a query was answered with, or should have been.

    Attributes:
        grade: None where it is unjudged.
        rank: Its place in the system's ranking, from 1; None where it is not there.
    """

    document_id: str
    text: str
    grade: int | None
    rank: int | None


@dataclass(frozen=True)
class FailedQuery:
    """One query, what it was answered with, and what it should have been.

    Attributes:
        value: The measure.
        answers: The first documents of the ranking; empty where the query was left unanswered.
        relevant: The most relevant documents, of one grade those that were ranked first; at most a few.
        others: How many more relevant documents there are.
    """

    query_id: str
    text: str
    value: float
    answers: tuple[Document, ...]
    relevant: tuple[Document, ...]
    others: int = 0


@dataclass(frozen=True)
class SharedFailure:
    """A query for which no recorded system has a relevant document in its top.

    Attributes:
        favourite: What most systems put first; None where none of them answers.
        votes: How many do.
    """

    query: FailedQuery
    favourite: Document | None
    votes: int


@dataclass(frozen=True)
class Row:
    """One query of the table.

    Attributes:
        first: Rank of the first relevant document; None where there is none in the ranking.
        without: How many of the systems have no relevant document in their top.
    """

    query_id: str
    text: str
    value: float
    first: int | None
    answers: tuple[str, ...]
    relevant: tuple[str, ...]
    without: int


@dataclass(frozen=True)
class Failures:
    """Everything that is said of one system on one task.

    Attributes:
        k: How deep "the top" is: the measure's cutoff, else 10.
        overall: Mean and interval over all queries; `without` as of a slice.
        slices: Worst first.
        worst: The queries that failed worst.
        failing: How many queries have less than the best value.
        systems: The recorded systems that were looked at, this one among them.
        shared: The queries on which all of them fail; empty where there is but one system.
        shared_count: How many there are; `shared` shows the first.
        rows: Every query, worst first.
        notes: What a reader has to know first.
    """

    system: str
    task: str
    measure: str
    direction: str
    unit: str
    k: int
    overall: Slice
    slices: tuple[Slice, ...]
    worst: tuple[FailedQuery, ...]
    failing: int
    systems: tuple[str, ...]
    shared: tuple[SharedFailure, ...]
    shared_count: int
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
