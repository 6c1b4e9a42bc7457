"""What stands in a data set more than once: documents, queries, a query as a document, and what judgments say of copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.checks.alike import NEAR, matches_in, near_copies
from harness.checks.profile import DatasetProfile, Finding, quoted
from harness.types import Dataset

NEARLY = f"equal but for case and punctuation, or a Jaccard of the word 5-shingles of at least {NEAR}"
"""What `nearly the same` means, for whoever prints a finding."""


def repeats(profile: DatasetProfile, *, exclude_self: bool = False) -> Iterator[Finding]:
    """The findings, none of them with a count of 0.

    Args:
        exclude_self: The document whose id is the query's own is never ranked: that one is no finding.
    """
    findings = [_duplicates(profile), *_near(profile), _queries(profile), _near_queries(profile)]
    findings += [_in_corpus(profile, exclude_self), _unjudged(profile, exclude_self), _conflicts(profile)]
    return (finding for finding in findings if finding.count)


def unjudged_copies(profile: DatasetProfile, *, exclude_self: bool = False) -> list[tuple[str, str, str]]:
    """(query, relevant document, a copy of it that the query does not judge), in the order of the judgments."""
    copies = []
    for query_id, judged in profile.dataset.qrels.items():
        pool = (profile.dataset.candidates or {}).get(query_id)
        for document_id, grade in judged.items():
            for copy in profile.duplicates_of.get(document_id, ()) if grade > 0 else ():
                own = exclude_self and copy == query_id
                if copy not in judged and not own and (pool is None or copy in pool):
                    copies.append((query_id, document_id, copy))
    return copies


def _duplicates(profile: DatasetProfile) -> Finding:
    texts, groups = profile.dataset.documents, profile.same_documents
    return Finding(
        "duplicate-document",
        _further(groups),
        "documents that are a copy of another one",
        "a system cannot tell them apart. A copy takes a place in the ranking; where one is relevant, see unjudged-copy.",
        "keep one of each and point the judgments at it.",
        profile.few(groups, lambda group: _group(group, quoted(texts, profile.position_of[group[0]]))),
    )


def _near(profile: DatasetProfile) -> Iterator[Finding]:
    texts = profile.dataset.documents
    groups = [[texts.ids[position] for position in group] for group in near_copies(profile.documents, texts.texts)]
    judged_apart = _judged_apart(profile.dataset, groups)
    apart = [group for group, is_apart in zip(groups, judged_apart, strict=True) if is_apart]
    rest = [group for group, is_apart in zip(groups, judged_apart, strict=True) if not is_apart]
    yield Finding(
        "near-duplicate-document",
        _further(rest),
        "documents that are nearly the same as another one",
        "where one is relevant, the other one is most probably relevant too, and counts as wrong if nobody judged it.",
        "keep one of each, or judge both.",
        profile.few(rest, lambda group: _group(group, quoted(texts, profile.position_of[group[0]]))),
    )
    yield Finding(
        "judged-apart",
        _further(apart),
        "documents that are nearly the same as another one, and that every query which needs one of them judges too",
        "none: whoever judged saw both of them.",
        "nothing to mend where the difference is what the task is about.",
        profile.few(apart, lambda group: _group(group, quoted(texts, profile.position_of[group[0]]))),
        fault=False,
    )


def _queries(profile: DatasetProfile) -> Finding:
    texts, groups = profile.dataset.queries, profile.same_queries
    return Finding(
        "duplicate-query",
        _further(groups),
        "queries that are a copy of another one",
        "that question counts twice in the mean; where their judgments differ, no ranking can satisfy both.",
        "keep one of each, with the judgments of all.",
        profile.few(groups, lambda group: _group(group, quoted(texts, texts.ids.index(group[0])))),
    )


def _near_queries(profile: DatasetProfile) -> Finding:
    texts = profile.dataset.queries
    groups = near_copies(profile.queries, texts.texts)
    return Finding(
        "near-duplicate-query",
        _further(groups),
        "queries that are nearly the same as another one",
        "they are answered alike: nearly one question that counts twice in the mean.",
        "keep one of each, with the judgments of all.",
        profile.few(groups, lambda group: _group([texts.ids[position] for position in group], quoted(texts, group[0]))),
    )


def _in_corpus(profile: DatasetProfile, exclude_self: bool) -> Finding:
    queries, documents = profile.dataset.queries, profile.dataset.documents
    matches = [
        (queries.ids[match.position], documents.ids[match.other_position], match)
        for match in matches_in(profile.queries, queries.texts, profile.documents, documents.texts)
        if not (exclude_self and queries.ids[match.position] == documents.ids[match.other_position])
    ]
    with_relevant = {
        query_id for query_id, document_id, _ in matches if profile.dataset.qrels[query_id].get(document_id, 0) > 0
    }
    query_ids = {query_id for query_id, *_ in matches}
    return Finding(
        "query-in-corpus",
        len(query_ids),
        "queries that stand in the corpus as a document, exactly or nearly",
        f"{len(with_relevant)} of them find a relevant document by their own words, whatever the model; "
        f"for {len(query_ids) - len(with_relevant)} a document that counts as wrong comes first.",
        "delete the document or, where it has the query's own id, set the task's exclude_self (task=beir: "
        "task.exclude_self=true).",
        profile.few(matches, lambda entry: f"{entry[1]} is query {quoted(queries, entry[2].position)}"),
    )


def _unjudged(profile: DatasetProfile, exclude_self: bool) -> Finding:
    copies = unjudged_copies(profile, exclude_self=exclude_self)
    return Finding(
        "unjudged-copy",
        len(copies),
        "copies of a relevant document that the query does not judge",
        "the copy counts as wrong, and a system cannot tell it from the relevant one; see the ceiling.",
        "judge the copy like the document, or delete it.",
        profile.few(
            copies,
            lambda triple: (
                f"{triple[0]}: {triple[2]} is {quoted(profile.dataset.documents, profile.position_of[triple[1]])}"
            ),
        ),
    )


def _conflicts(profile: DatasetProfile) -> Finding:
    """One text, two grades: of two copies for one query, or of one document for two queries of one text."""
    qrels, conflicts = profile.dataset.qrels, list[str]()
    for query_id, judged in qrels.items():
        conflicts += [
            f"{query_id}: {first} has {grade}, its copy {other} has {judged[other]}"
            for first, grade in judged.items()
            for other in profile.duplicates_of.get(first, ())
            if first < other and judged.get(other, grade) != grade
        ]
    for group in profile.same_queries:
        for index, query_id in enumerate(group):
            for copy_id in group[index + 1 :]:
                conflicts += [
                    f"{document_id}: {grade} for {query_id}, {qrels[copy_id][document_id]} for its copy {copy_id}"
                    for document_id, grade in qrels[query_id].items()
                    if qrels[copy_id].get(document_id, grade) != grade
                ]
    return Finding(
        "conflict",
        len(conflicts),
        "judgments that contradict another one of the same two texts",
        "whatever stands first, one of the two counts against it.",
        "decide which grade is right.",
        tuple(conflicts[: profile.shown]),
    )


def _judged_apart(dataset: Dataset, groups: Sequence[Sequence[str]]) -> list[bool]:
    """Per group, True if some query calls a document of it relevant and every such query judges the whole group."""
    needing: dict[str, set[str]] = {document_id: set() for group in groups for document_id in group}
    for query_id, judged in dataset.qrels.items() if needing else ():
        for document_id, grade in judged.items():
            if grade > 0 and document_id in needing:
                needing[document_id].add(query_id)
    needing_queries = [set().union(*(needing[identifier] for identifier in group)) for group in groups]
    return [
        bool(queries) and all(document_id in dataset.qrels[query_id] for query_id in queries for document_id in group)
        for queries, group in zip(needing_queries, groups, strict=True)
    ]


def _further(groups: Sequence[Sequence[object]]) -> int:
    return sum(len(group) - 1 for group in groups)


def _group(ids: Sequence[str], first: str) -> str:
    others = ", ".join(ids[1:4]) + (" …" if len(ids) > 4 else "")
    return f"{first} = {others}"
