"""What another split of the same task gives away: a system that was trained on it has seen the answer.

Two kinds. The same query text, or nearly the same. And, because one word of a short text makes no near copy, two
queries that share most of their words and a relevant document: SciFact's claims and counterclaims are such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from harness.checks.alike import matches_in
from harness.checks.digests import digests, words_of
from harness.checks.profile import DatasetProfile, Finding, quoted
from harness.types import Dataset, Qrels, Texts

WORDS_SHARED = 0.8
"""The least Jaccard of two queries' words, where they share a relevant document."""


def leaks(profile: DatasetProfile, splits: Mapping[str, Dataset]) -> Iterator[Finding]:
    """The findings, none of them with a count of 0: queries of this split that stand in one of the others, by its name."""
    queries = profile.dataset.queries
    same: dict[int, str] = {}
    alike: dict[int, str] = {}
    for name, other in splits.items():
        other_digests = digests(other.queries.texts)
        for match in matches_in(profile.queries, queries.texts, other_digests, other.queries.texts):
            same.setdefault(match.position, f"{name} {other.queries.ids[match.other_position]}")
        for position, query_id in _alike(queries, profile.dataset.qrels, other):
            alike.setdefault(position, f"{name} {query_id}")
    alike = {position: where for position, where in alike.items() if position not in same}
    for kind, positions, what, shown in (
        ("leak", same, "queries whose text stands in another split, exactly or nearly", "this query"),
        (
            "near-leak",
            alike,
            "queries that share a relevant document and most of their words with one of another split",
            "that document for nearly these words",
        ),
    ):
        if positions:
            yield Finding(
                kind,
                len(positions),
                what,
                f"a system that was trained on that split has been shown {shown}: its score is too high.",
                f"delete them from the split that is trained on, or report the score without these {len(positions)} too.",
                profile.few(sorted(positions.items()), lambda entry: f"{quoted(queries, entry[0])} = {entry[1]}"),
            )


def _alike(queries: Texts, qrels: Qrels, other: Dataset) -> Iterator[tuple[int, str]]:
    texts = dict(zip(other.queries.ids, other.queries.texts, strict=True))
    asking: dict[str, list[str]] = defaultdict(list)
    for query_id, judged in other.qrels.items():
        for document_id, grade in judged.items():
            if grade > 0:
                asking[document_id].append(query_id)
    for position, query_id in enumerate(queries.ids):
        words = set(words_of(queries.texts[position]))
        for document_id, grade in qrels[query_id].items():
            for other_id in asking.get(document_id, ()) if grade > 0 else ():
                others = set(words_of(texts[other_id]))
                if words and len(words & others) >= WORDS_SHARED * len(words | others):
                    yield position, other_id
