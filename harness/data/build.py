"""Raw parts → a checked, fingerprinted `Dataset`. Every reader of this room ends here, and so may anyone's own task.

Ids become `str` at this border (`1` and `"1"` would be two ids to a dict and one to a file), grades become `int`.
What cannot be evaluated is refused with examples; what a benchmark is known to contain is counted and kept.
"""

from __future__ import annotations

import logging
import operator
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from harness.data.fingerprint import fingerprint
from harness.errors import DataError, MalformedData
from harness.types import Dataset, Qrels, Texts

log = logging.getLogger(__name__)
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
        strict: Have an evaluation refuse judgments of documents that do not exist, and empty texts (`Dataset.refusal`), and
            say how many judged queries are not asked. False only counts and keeps them, as mteb and beir do.
        keep_without_positive: Keep queries that have judgments but no relevant document (they score 0), as mteb does;
            otherwise they are left out and counted.
        otherwise: What else a user can do about dangling judgments and empty texts than mend the data, for the message.

    Raises:
        MalformedData: Parts that are no texts or judgments.
        DataError: An empty corpus, duplicate ids, judgments that are no integers, no positive at all.
    """
    documents, queries = _identified(name, "document", documents), _identified(name, "query", queries)
    cast = _judgments(name, qrels)
    refusals: list[str] = []
    counts = {"documents": len(documents), "queries_read": len(queries)}
    document_ids, query_ids = set(documents.ids), set(queries.ids)

    refusals += _count(name, counts, "empty_documents", "documents without text", _empty(documents))
    unknown = [query_id for query_id in cast if query_id not in query_ids]
    dangling = [
        f"{query_id} → {document_id}"
        for query_id, judged in cast.items()
        for document_id in judged
        if query_id in query_ids and document_id not in document_ids
    ]
    what = "judgments of a document that is not in the corpus"
    refusals += _count(name, counts, "dangling_judgments", what, dangling)
    counts["unknown_queries"] = sum(len(cast[query_id]) for query_id in unknown)
    counts["dangling_judgments"] += counts["unknown_queries"]

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
    refusals += _count(name, counts, "empty_queries", "queries without text", _empty(queries))
    used: Qrels = {query_id: cast[query_id] for query_id in queries.ids}
    pools = _candidates(candidates, queries.ids, document_ids, name)
    counts |= {"queries": len(queries), "judgments": sum(map(len, used.values()))}
    if strict and unknown and not refusals:
        log.warning(
            "%s: %d judged queries are not in the query file, such as '%s'. The queries are taken to be a subset: %d are asked.",
            name, len(unknown), unknown[0], len(queries),
        )  # fmt: skip
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
        refusal=f"{refusals[0]} Mend the data{otherwise and ', ' + otherwise}." if strict and refusals else "",
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


def _identified(name: str, kind: str, texts: Any) -> Texts:
    if not isinstance(texts, Texts):
        plural = "queries" if kind == "query" else "documents"
        raise MalformedData(f"{name}: the {plural} are {type(texts).__name__}, not Texts(ids, texts).")
    for part, column in (("ids", texts.ids), ("texts", texts.texts), *texts.properties.items()):
        if column is None or isinstance(column, str) or not hasattr(column, "__len__"):
            raise MalformedData(f"{name}: the {kind} {part} are {type(column).__name__}, not a list.")
    ids = [_id(name, kind, identifier) for identifier in texts.ids]
    if len(ids) != len(texts.texts):
        raise MalformedData(
            f"{name}: {len(ids)} {kind} ids and {len(texts.texts)} {kind} texts. Each id names one text."
        )
    for key, column in texts.properties.items():
        if len(column) != len(ids):
            raise MalformedData(f"{name}: the property '{key}' has {len(column)} values for {len(ids)} {kind} ids.")
    if isinstance(texts.texts, list):  # what is read from disk as it is asked for is text
        for identifier, text in zip(ids, texts.texts, strict=True):
            if not isinstance(text, str):
                raise MalformedData(f"{name}: the text of {kind} '{identifier}' is {type(text).__name__}, not str.")
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
    if not isinstance(qrels, Mapping) or not all(isinstance(judged, Mapping) for judged in qrels.values()):
        raise MalformedData(f"{name}: qrels are {type(qrels).__name__}; they map query id → document id → grade.")
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


def _count(name: str, counts: dict[str, int], key: str, what: str, faults: Sequence[str]) -> list[str]:
    """Count faults under `key`; why they are refused, where there are any."""
    counts[key] = len(faults)
    return [f"{name}: {len(faults)} {what}: {_some(faults)}."] if faults else []


def _some(items: Sequence[str]) -> str:
    shown = ", ".join(str(item)[:60] for item in items[:3])
    return shown + (f" … ({len(items)} in all)" if len(items) > 3 else "")
