"""BM25 as a first-class system: its formula, k1, b, language, stop words and stemmer are its identity and stand in the record."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Mapping
from typing import Any, Literal

from harness.facts import Facts, Notes
from harness.registry import system
from harness.search.analysis import PLAIN, Setting, analysis
from harness.search.lexical import LexicalIndex
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress

LIBRARIES = ("bm25s", "PyStemmer")


class Lexical:
    """bm25s with its settings."""

    depth_independent = True

    def __init__(self, setting: Setting, formula: Mapping[str, Any]) -> None:
        setting.check()
        self._setting, self._formula = setting, dict(formula)

    @property
    def facts(self) -> Facts:
        """The settings, and which versions of tokenizer and stemmer they ran under."""
        setting = self._setting
        chosen = {} if setting.language == PLAIN else {"language": setting.language}
        libraries = LIBRARIES if setting.language == PLAIN else (*LIBRARIES, "stopwordsiso")
        versions = {name: importlib.metadata.version(name) for name in libraries}
        return Facts(
            kind="lexical", model="bm25s", licence="mit", libraries=libraries,
            other={
                "tokenizer": setting.version or r"bm25s: lower case, (?u)\b\w\w+\b", **self._formula, **chosen,
                "stopwords": setting.stopwords, "stemmer": setting.stemmer, "versions": versions,
            },
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """Digest of the settings and of the versions that split and stem; the plain rule's as it was before there was another."""
        return str(sorted(self.facts.other.items()))

    def identity_for(self, purpose: Purpose) -> str:
        """Terms are terms, whatever the task."""
        return ""

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> Bm25Index:
        """Tokenize and weigh the corpus."""
        import bm25s  # noqa: F401 - so that the clock does not count its import

        return Bm25Index(documents, self._setting, self._formula)


class Bm25Index:
    """A corpus by its terms."""

    def __init__(self, documents: Texts, setting: Setting, formula: Mapping[str, Any]) -> None:
        self._documents, self._analysis = documents, analysis(setting, documents.texts)
        start = time.perf_counter()  # which language it is was asked once, whatever the size of the corpus
        self._index = LexicalIndex(documents.texts, self._analysis, **formula)
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
        notes = Notes(
            language=self._analysis.stated, without_terms=dict(self._index.without_terms),
            other={"vocabulary": self._index.vocabulary},
        )  # fmt: skip
        return Run(list(queries.ids), ids, scores, depth, notes)


@system(not_identity=("language",))  # Lexical.identity holds it, so that the plain rule's key stays what it was
def bm25(
    *,
    k1: float = 1.5,
    b: float = 0.75,
    method: Literal["lucene", "robertson", "atire", "bm25l", "bm25+"] = "lucene",
    language: str = "plain",
    stopwords: str = "en",
    stemmer: str = "english",
) -> Lexical:
    """BM25 through bm25s: English as mteb's baseline reads it, or language=auto, de, zh, ru+en, none for any script."""
    return Lexical(Setting(language, stopwords, stemmer), {"method": method, "k1": k1, "b": b})
