"""BM25 as a first-class system: its formula, k1, b, stop words and stemmer are its identity and stand in the record."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping
from typing import Any, Literal

from harness.facts import Facts, Notes
from harness.registry import system
from harness.search.lexical import LexicalIndex
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress

LIBRARIES = ("bm25s", "PyStemmer")


class Lexical:
    """bm25s with its settings."""

    depth_independent = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)

    @property
    def facts(self) -> Facts:
        """The settings, and which versions of tokenizer and stemmer they ran under."""
        versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
        tokenizer = r"bm25s: lower case, (?u)\b\w\w+\b"
        return Facts(
            kind="lexical", model="bm25s", licence="mit", libraries=LIBRARIES,
            other={"tokenizer": tokenizer, **self._settings, "versions": versions},
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """Digest of the settings and of the versions that split and stem."""
        return str(sorted(self.facts.other.items()))

    def identity_for(self, purpose: Purpose) -> str:
        """Terms are terms, whatever the task."""
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Bm25Index:
        """Tokenize and weigh the corpus."""
        import bm25s  # noqa: F401 - so that the clock does not count its import

        return Bm25Index(documents, self._settings)


class Bm25Index:
    """A corpus by its terms."""

    def __init__(self, documents: Texts, settings: Mapping[str, Any]) -> None:
        start = time.perf_counter()
        self._documents, self._index = documents, LexicalIndex(documents.texts, **settings)
        self.seconds, self.size = time.perf_counter() - start, self._index.bytes

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Score every document of each query."""
        ids, scores = self._index.search(
            queries.texts, queries.ids, self._documents.ids, depth=depth, exclude_self=exclude_self, candidates=candidates,
            progress=progress,
        )  # fmt: skip
        return Run(list(queries.ids), ids, scores, depth, Notes(other={"vocabulary": self._index.vocabulary}))


@system
def bm25(
    *,
    k1: float = 1.5,
    b: float = 0.75,
    method: Literal["lucene", "robertson", "atire", "bm25l", "bm25+"] = "lucene",
    stopwords: str = "en",
    stemmer: str = "english",
) -> Lexical:
    """BM25 through bm25s, with English stop words and the Snowball stemmer unless told otherwise."""
    return Lexical({"method": method, "k1": k1, "b": b, "stopwords": stopwords, "stemmer": stemmer})
