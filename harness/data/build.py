"""Raw parts → a checked, fingerprinted `Dataset`. Every reader of this room ends here, and so may anyone's own task.

Ids become `str` at this border (`1` and `"1"` would be two ids to a dict and one to a file), grades become `int`.
What cannot be evaluated is refused with examples; what a benchmark is known to contain is counted and kept.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.data.counted import lenient
from harness.data.fingerprint import fingerprint
from harness.errors import DataError
from harness.types import Dataset, Qrels, Texts

NAMED = 3
"""How many of each kind of what was left out are named."""


def dataset(
    *,
    name: str,
    split: str,
    documents: Texts,
    queries: Texts,
    qrels: Mapping[Any, Mapping[Any, Any]],
    revision: str = "",
    candidates: Mapping[Any, Sequence[Any]] | None = None,
    strict: bool = True,
    keep_without_positive: bool = False,
    otherwise: str = "",
) -> Dataset:
    """Check the parts and put them together.

    Args:
        strict: Refuse dangling judgments and empty texts. False counts and keeps them, as mteb and beir do.
        keep_without_positive: Keep queries that have judgments but no relevant document (they score 0), as mteb does;
            otherwise they are left out and counted.
        otherwise: What else a user can do about dangling judgments and empty texts than mend the data, for the message.

    Raises:
        DataError: An empty corpus, duplicate ids, judgments that are no integers, no positive at all; and in strict
            mode dangling judgments and empty texts.
    """
    documents, queries = _identified(name, "document", documents), _identified(name, "query", queries)
    cast = _judgments(name, qrels)
    refusal = otherwise if strict and not lenient.get() else None
    counts = {"documents": len(documents), "queries_read": len(queries)}
    document_ids, query_ids = set(documents.ids), set(queries.ids)

    _expect(name, refusal, counts, "empty_documents", "documents without text", _empty(documents))
    dangling = [
        f"{query_id} → {document_id}"
        for query_id, judged in cast.items()
        for document_id in judged
        if query_id not in query_ids or document_id not in document_ids
    ]
    _expect(
        name, refusal, counts, "dangling_judgments", "judgments of a query or document that does not exist", dangling
    )
    unknown = [one for one in cast if one not in query_ids]
    counts["unknown_queries"] = sum(len(cast[one]) for one in unknown)

    answerable = {query_id for query_id, judged in cast.items() if any(grade > 0 for grade in judged.values())}
    judged_ids = {query_id for query_id, judged in cast.items() if judged}
    kept = [query_id in (judged_ids if keep_without_positive else answerable) for query_id in queries.ids]
    counts["unjudged_queries"] = sum(query_id not in judged_ids for query_id in queries.ids)
    pointless = [query_id for query_id in queries.ids if query_id in judged_ids and query_id not in answerable]
    counts["without_positive"] = len(pointless)
    queries = select(queries, kept)
    if not len(documents):
        raise DataError(f"{name}: the corpus is empty.")
    if not answerable & set(queries.ids):
        raise DataError(
            f"{name}: no query of split '{split}' has a relevant document (a grade above 0); there is nothing to measure."
        )
    _expect(name, refusal, counts, "empty_queries", "queries without text", _empty(queries))
    used: Qrels = {query_id: cast[query_id] for query_id in queries.ids}
    pools = _candidates(candidates, queries.ids, document_ids, name)
    counts |= {"queries": len(queries), "judgments": sum(map(len, used.values()))}
    return Dataset(
        name=name,
        revision=revision,
        split=split,
        documents=documents,
        queries=queries,
        qrels=used,
        fingerprint=fingerprint(split, documents, queries, used, pools),
        candidates=pools,
        counts=counts,
        left_out={"unknown_queries": unknown[:NAMED], "without_positive": pointless[:NAMED]},
    )


def select(texts: Texts, kept: Sequence[bool]) -> Texts:
    """The texts whose entry in `kept` is true."""
    if all(kept):
        return texts
    chosen = [index for index, keep in enumerate(kept) if keep]
    return Texts(
        [texts.ids[index] for index in chosen],
        [texts.texts[index] for index in chosen],
        {key: [column[index] for index in chosen] for key, column in texts.properties.items()},
    )


def first_queries(whole: Dataset, limit: int) -> Dataset:
    """The same data set with its first `limit` queries in the order of their ids; its fingerprint says so."""
    chosen = set(sorted(whole.queries.ids)[:limit])
    return dataset(
        name=whole.name,
        split=whole.split,
        documents=whole.documents,
        queries=select(whole.queries, [query_id in chosen for query_id in whole.queries.ids]),
        qrels={query_id: whole.qrels[query_id] for query_id in chosen},
        revision=whole.revision,
        candidates=whole.candidates and {query_id: whole.candidates[query_id] for query_id in chosen},
        strict=False,
        keep_without_positive=True,
    )


def _identified(name: str, kind: str, texts: Texts) -> Texts:
    ids = [_id(name, kind, one) for one in texts.ids]
    if len(ids) != len(texts.texts):
        raise DataError(f"{name}: {len(ids)} {kind} ids and {len(texts.texts)} {kind} texts.")
    if len(set(ids)) < len(ids):
        twice = [one for one, count in Counter(ids).items() if count > 1]
        raise DataError(
            f"{name}: {len(twice)} {kind} id(s) stand for more than one text: {_some(twice)}. Ids are compared as text; "
            "make them unique."
        )
    return Texts(ids, texts.texts, texts.properties)


def _id(name: str, kind: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(operator.index(value))  # int and numpy integers; a float would print as 1.0
    except TypeError:
        raise DataError(f"{name}: the {kind} id {value!r} is neither text nor an integer.") from None


def _judgments(name: str, qrels: Mapping[Any, Mapping[Any, Any]]) -> dict[str, dict[str, int]]:
    cast: dict[str, dict[str, int]] = {}
    for query_id, judged in qrels.items():
        key = _id(name, "query", query_id)
        if key in cast:
            raise DataError(f"{name}: the judgments name query '{key}' twice, once as text and once as a number.")
        cast[key] = {_id(name, "document", one): _grade(name, key, one, grade) for one, grade in judged.items()}
        if len(cast[key]) < len(judged):
            raise DataError(f"{name}: query '{key}' judges one document twice, once as text and once as a number.")
    return cast


def _grade(name: str, query_id: str, document_id: Any, grade: Any) -> int:
    try:
        whole = int(grade)
    except (TypeError, ValueError):
        whole = None
    if whole is None or whole != float(grade):
        raise DataError(f"{name}: the judgment of '{document_id}' for query '{query_id}' is {grade!r}, not an integer.")
    return whole


def _candidates(
    candidates: Mapping[Any, Sequence[Any]] | None, query_ids: Iterable[str], known: set[str], name: str
) -> dict[str, list[str]] | None:
    if candidates is None:
        return None
    cast = {str(query_id): list(dict.fromkeys(map(str, pool))) for query_id, pool in candidates.items()}
    missing = [query_id for query_id in query_ids if query_id not in cast]
    if missing:
        raise DataError(f"{name}: {len(missing)} queries have no list of candidates: {_some(missing)}.")
    unknown = [one for query_id in query_ids for one in cast[query_id] if one not in known]
    if unknown:
        raise DataError(f"{name}: {len(unknown)} candidates are not in the corpus: {_some(unknown)}.")
    return {query_id: cast[query_id] for query_id in query_ids}


def _empty(texts: Texts) -> list[str]:
    return [identifier for identifier, text in zip(texts.ids, texts.texts, strict=True) if not text.strip()]


def _expect(
    name: str, otherwise: str | None, counts: dict[str, int], key: str, what: str, found: Sequence[str]
) -> None:
    """Count what was found; refuse it unless `otherwise` is None."""
    counts[key] = len(found)
    if found and otherwise is not None:
        raise DataError(f"{name}: {len(found)} {what}: {_some(found)}. Mend the data{otherwise and ', ' + otherwise}.")


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(str(item)[:60] for item in items[:3])
    return shown + (f" … ({len(items)} in all)" if len(items) > 3 else "")
