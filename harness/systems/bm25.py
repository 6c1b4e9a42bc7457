"""BM25 as a first-class system: its formula, k1, b, stop words and stemmer are its identity and stand in the record."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping
from typing import Any, Literal

from harness.errors import NotApplicable
from harness.records.digest import digest
from harness.registry import system
from harness.search.lexical import LexicalIndex
from harness.types import Encoder, Progress, Run, Task, no_progress


class Lexical:
    """bm25s with its settings."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self._settings = dict(settings)

    @property
    def facts(self) -> Mapping[str, Any]:
        """The settings, and which versions of tokenizer and stemmer they ran under."""
        return {
            "kind": "lexical",
            "model": "bm25s",
            "licence": "mit",
            "tokenizer": r"bm25s: lower case, (?u)\b\w\w+\b",
            **self._settings,
            "versions": {name: importlib.metadata.version(name) for name in ("bm25s", "PyStemmer")},
        }

    @property
    def identity(self) -> str:
        """Digest of the settings and of the versions that split and stem."""
        return digest(["lexical", dict(self.facts)])

    @property
    def encoder(self) -> Encoder:
        """None: it makes no vectors."""
        raise NotApplicable(f"{self.name} ranks by terms and makes no vectors; this task needs an encoder.")

    def search(self, task: Task, progress: Progress = no_progress) -> Run:
        """Index the corpus, answer the queries."""
        import bm25s  # noqa: F401 - so that the clock does not count its import

        data = task.dataset
        start = time.perf_counter()
        index = LexicalIndex(data.documents.texts, **self._settings)
        indexed = time.perf_counter()
        ids, scores = index.search(
            data.queries.texts,
            data.queries.ids,
            data.documents.ids,
            depth=task.depth,
            exclude_self=task.exclude_self,
            candidates=data.candidates,
            progress=progress,
        )
        seconds = {"encode_document": indexed - start, "search": time.perf_counter() - indexed}
        first = {"query": data.queries.texts[0], "document": data.documents.texts[0]}
        notes = {"first": first, "vocabulary": index.vocabulary, "seconds": seconds}
        return Run(list(data.queries.ids), ids, scores, task.depth, notes)


@system
def bm25(
    *,
    label: str,
    k1: float = 1.5,
    b: float = 0.75,
    method: Literal["lucene", "robertson", "atire", "bm25l", "bm25+"] = "lucene",
    stopwords: str = "en",
    stemmer: str = "english",
) -> Lexical:
    """BM25 through bm25s, with English stop words and the Snowball stemmer unless told otherwise."""
    return Lexical(label, {"method": method, "k1": k1, "b": b, "stopwords": stopwords, "stemmer": stemmer})
