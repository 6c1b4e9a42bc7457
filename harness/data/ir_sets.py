"""Data sets by their names in ir_datasets (https://ir-datasets.com), which fetches them and keeps them in IR_DATASETS_HOME.

A document's or query's text is what the library calls its default text; of BEIR's sets that is title and text, joined by
one space, as BEIR joins them.
"""

from __future__ import annotations

from typing import Any

from harness.data.build import dataset
from harness.errors import ConfigError, DataError, HarnessError, UnknownName, Unreachable
from harness.hub import is_unreachable
from harness.types import Dataset, Texts

SPLITS = ("train", "dev", "validation", "valid", "test")
"""Last parts of a name that are a split; what has another name is its own test split."""


def read_ir_set(name: str) -> Dataset:
    """The data set of a name such as `beir/scifact/test`.

    Raises:
        ConfigError: ir_datasets is not installed.
        UnknownName, DataError: It knows no such name; the set lacks documents, queries or judgments.
        Unreachable: It is not on this machine, and its host cannot be asked.
    """
    source = _loaded(name)
    try:
        documents = [(document.doc_id, document.default_text().strip()) for document in source.docs_iter()]
        queries = [(query.query_id, query.default_text().strip()) for query in source.queries_iter()]
        qrels = _qrels(name, source)
    except HarnessError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {str(error).partition('. ')[0][:160]}"
        if is_unreachable(error):
            raise Unreachable(
                f"The ir_datasets set '{name}' is not on this machine and its host is not within reach ({said}). Load it "
                "where there is a network, and give the folder that holds it with IR_DATASETS_HOME=DIR."
            ) from error
        raise DataError(f"ir_datasets cannot read '{name}' ({said}). See https://ir-datasets.com.") from error
    last = name.rpartition("/")[2]
    return dataset(
        name=f"ir_datasets/{name}",
        split=last if last in SPLITS else "test",
        documents=_texts(documents),
        queries=_texts(queries),
        qrels=qrels,
        strict=False,  # a public set: what it is known to lack is counted, as everywhere
    )


def _loaded(name: str) -> Any:
    try:
        import ir_datasets
    except ImportError:
        raise ConfigError(
            "task=ir_datasets needs the package ir_datasets: pip install 'embedding-harness[ir-datasets]'."
        ) from None
    try:
        source = ir_datasets.load(name)
    except KeyError:
        raise UnknownName("ir_datasets set", name, list(ir_datasets.registry), "See https://ir-datasets.com.") from None
    absent = [part for part in ("docs", "queries", "qrels") if not source.has(part)]
    if absent:
        below = [other for other in ir_datasets.registry if other.startswith(f"{name}/")]
        whole = [other for other in below if ir_datasets.registry[other].has("qrels")]
        raise DataError(
            f"The ir_datasets set '{name}' has no {' and no '.join(absent)}. "
            + (f"Those below it that have: {', '.join(whole[:8])}." if whole else "See https://ir-datasets.com.")
        )
    return source


def _qrels(name: str, source: Any) -> dict[str, dict[str, int]]:
    qrels: dict[str, dict[str, int]] = {}
    for qrel in source.qrels_iter():
        judged = qrels.setdefault(qrel.query_id, {})
        grade = int(qrel.relevance)
        before = judged.get(qrel.doc_id, grade)
        if before != grade and not hasattr(qrel, "subtopic_id"):  # for one of its subtopics is for the query
            raise DataError(
                f"{name}: '{qrel.doc_id}' is judged {before} and {grade} for query '{qrel.query_id}'. One of them is wrong."
            )
        judged[qrel.doc_id] = max(before, grade)
    return qrels


def _texts(pairs: list[tuple[str, str]]) -> Texts:
    return Texts([identifier for identifier, _ in pairs], [text for _, text in pairs])
