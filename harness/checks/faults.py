"""What is wrong with single texts and judgments: dangling, empty, too long, pointless, too many for the cutoff."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from harness.checks.profile import DatasetProfile, Finding, quoted
from harness.types import Texts

WORDS = 6000
"""About 8,192 tokens, the longest text that any model of conf/ reads. A word has at least one token."""
LETTERS = 6
"""Characters per word, where a script sets no space between words (Thai, Khmer): there, texts are measured by them."""
UNSPACED = 20
"""Mean length of a text's words, in characters, from which it is such a script."""


def faults(
    profile: DatasetProfile, words: int = WORDS, limit: str = "", cutoff: int | None = None
) -> Iterator[Finding]:
    """The findings, none of them with a count of 0.

    Args:
        words: A text of more words is too long; one without spaces between words, of more than six times as many characters.
        limit: Whose limit that is, for the message.
        cutoff: The k of the measures that matter; None does not look for more relevant documents than that.
    """
    findings = [_unknown_documents(profile), _unknown_queries(profile), *_empty(profile), _pointless(profile)]
    findings += [_long(profile, words, limit), *([_beyond(profile, cutoff)] if cutoff is not None else [])]
    return (finding for finding in findings if finding.count)


def _unknown_documents(profile: DatasetProfile) -> Finding:
    pairs = [
        (query_id, document_id, grade)
        for query_id, judged in profile.dataset.qrels.items()
        for document_id, grade in judged.items()
        if document_id not in profile.position_of
    ]
    relevant = sum(grade > 0 for *_, grade in pairs)
    return Finding(
        "unknown-document",
        len(pairs),
        "judgments of a document that is not in the corpus",
        f"{relevant} of them call it relevant: it cannot be found and counts as missed.",
        "add the documents to the corpus, or delete the judgments.",
        profile.few(pairs, lambda pair: f"{pair[0]} → {pair[1]} (grade {pair[2]})"),
    )


def _unknown_queries(profile: DatasetProfile) -> Finding:
    return Finding(
        "unknown-query",
        profile.dataset.counts.get("unknown_queries", 0),
        "judgments of a query that does not exist",
        "they are not used; whatever should have been asked there is not in the mean.",
        "add the queries, or delete the judgments. Many of them: the files are of different versions.",
        tuple(profile.dataset.left_out.get("unknown_queries", ())[: profile.shown]),
    )


def _empty(profile: DatasetProfile) -> Iterator[Finding]:
    dataset = profile.dataset
    documents = np.flatnonzero(profile.documents.words == 0).tolist()
    relevant_ids = {
        document_id for judged in dataset.qrels.values() for document_id, grade in judged.items() if grade > 0
    }
    lost = sum(dataset.documents.ids[position] in relevant_ids for position in documents)
    yield Finding(
        "empty-document",
        len(documents),
        "documents without text",
        f"{lost} of them are relevant to a query: nothing in them can be found. Each has the vector of no text.",
        "give them their text, or delete them and their judgments.",
        profile.few(documents, lambda position: dataset.documents.ids[position]),
    )
    queries = np.flatnonzero(profile.queries.words == 0).tolist()
    yield Finding(
        "empty-query",
        len(queries),
        "queries without text",
        "nothing can answer them; each counts as about 0 in the mean.",
        "give them their text, or delete them and their judgments.",
        profile.few(queries, lambda position: dataset.queries.ids[position]),
    )


def _pointless(profile: DatasetProfile) -> Finding:
    dataset = profile.dataset
    without_relevant = [
        query_id for query_id, judged in dataset.qrels.items() if not any(grade > 0 for grade in judged.values())
    ]
    named = without_relevant or list(dataset.left_out.get("without_positive", ()))
    return Finding(
        "no-positive",
        dataset.counts.get("without_positive", 0),
        "queries that are judged and have no relevant document",
        "each of them counts as 0 for every system." if without_relevant else "they are left out of the mean.",
        "judge a relevant document, or delete the query's judgments.",
        tuple(named[: profile.shown]),
    )


def _long(profile: DatasetProfile, words: int, limit: str) -> Finding:
    overlong = [
        (texts, position, int(digests.words[position]))
        for texts, digests in (
            (profile.dataset.documents, profile.documents),
            (profile.dataset.queries, profile.queries),
        )
        for position in np.flatnonzero(
            (digests.words > words) | (digests.characters > np.maximum(words * LETTERS, digests.words * UNSPACED))
        ).tolist()
    ]

    def say(item: tuple[Texts, int, int]) -> str:
        return f"{quoted(item[0], item[1])} ({item[2]:,} words)"

    return Finding(
        "long",
        len(overlong),
        f"texts of more than {words:,} words{limit}, or {words * LETTERS:,} characters without spaces",
        "a model does not read what lies beyond its limit.",
        "split long documents into passages, or take a model that reads more. words=N sets another threshold.",
        profile.few(overlong, say),
        fault=False,
    )


def _beyond(profile: DatasetProfile, cutoff: int) -> Finding:
    many = [
        (query_id, number)
        for query_id, judged in profile.dataset.qrels.items()
        if (number := sum(grade > 0 for grade in judged.values())) > cutoff
    ]
    return Finding(
        "beyond-cutoff",
        len(many),
        f"queries with more than {cutoff} relevant documents",
        f"recall@{cutoff} cannot reach 1 for them; nDCG@{cutoff} can, with any {cutoff} of the best.",
        "look at a recall with a larger cutoff.",
        profile.few(many, lambda entry: f"{entry[0]} ({entry[1]} relevant)"),
        fault=False,
    )
