"""From texts to the terms that a lexical system counts: a word rule, and the stop words and the stemmer of a language.

`plain` is bm25s' own rule for English, that of mteb's baseline and of the numbers that are published: words of two characters
and more. Every other language goes by the rule in `words.py`, which finds terms in any script.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from harness.errors import ConfigError, UnknownName
from harness.search import detection, words
from harness.search.languages import NAMES, PAIRED, SNOWBALL, script, scripts, stop_words

PLAIN, AUTO, NONE = "plain", "auto", "none"
STOPWORDS, STEMMER = "en", "english"
"""The two options as they stand unless they are given: the plain rule's, and in another language that language's own."""
CACHED = 24
"""Characters of a chunk up to which its terms are remembered: whole sentences of Chinese do not come again."""

Tokens = tuple[list[list[int]], dict[str, int]]
"""Per text the numbers of its terms in their order; term → its number."""


class Rule(Protocol):
    """How texts become terms; the same for documents and queries."""

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The terms of each text."""


@dataclass(frozen=True)
class Setting:
    """What a person chose.

    Attributes:
        language: `plain`, `auto`, `none`, a code, or codes of several scripts: `ru+en`.
        stopwords: A code, or empty for none.
        stemmer: A Snowball language, or empty for none.
    """

    language: str = PLAIN
    stopwords: str = STOPWORDS
    stemmer: str = STEMMER

    def check(self) -> None:
        """`UnknownName` for a language, `ConfigError` for a list or a stemmer that does not exist."""
        if self.language not in (PLAIN, AUTO, NONE):
            _expect_languages(self.language.split("+"))
        _stemmer(self.stemmer)
        if self.stopwords:
            _expect_stopwords(self.stopwords, plain=self.language == PLAIN)

    @property
    def version(self) -> str:
        """What else moves the terms: the rules of this house, and this Python's Unicode; empty for the plain rule."""
        if self.language == PLAIN:
            return ""
        detecting = f", detection {detection.VERSION}" if self.language == AUTO else ""
        return f"words {words.VERSION}{detecting}, Unicode {unicodedata.unidata_version}"


GLANCE = 100
"""Documents by which a corpus that is read as English is held to be it."""


@dataclass(frozen=True)
class Analysis:
    """How the texts of one corpus, and its queries, become terms.

    Attributes:
        language: The codes whose stop words and stemmer are used, joined by `+`; `plain`, or `none`.
        evidence: What the corpus was recognised by, in one line; empty where a person chose its language.
        unlike: What the corpus is written in, in one line, where the plain rule reads it as English; else empty.
    """

    language: str
    rule: Rule
    evidence: str = ""
    unlike: str = ""

    @property
    def stated(self) -> dict[str, str]:
        """What was chosen and why, as a record holds it."""
        parts = {"chosen": self.language, "evidence": self.evidence, "unlike": self.unlike}
        return {name: text for name, text in parts.items() if text}

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The terms of each text, numbered."""
        return self.rule.tokens(texts)

    def terms(self, texts: Sequence[str]) -> list[list[str]]:
        """The terms of each text."""
        rows, vocabulary = self.rule.tokens(texts)
        by_number = {number: term for term, number in vocabulary.items()}
        return [[by_number[number] for number in row] for row in rows]


def analysis(setting: Setting, documents: Sequence[str]) -> Analysis:
    """How a corpus is analysed; with `auto` in the languages that its documents are recognised to be in."""
    setting.check()
    if setting.language == PLAIN:
        found = detection.detect(documents, GLANCE)  # it moves no number here: only a doubt is at stake
        names = " and ".join(NAMES[code] for code in found.languages)
        unlike = f"{names}: {found.evidence}" if found.languages not in ((), ("en",)) else ""
        return Analysis(PLAIN, PlainRule(setting.stopwords, setting.stemmer), unlike=unlike)
    if setting.language == AUTO:
        found = detection.detect(documents)
        return Analysis("+".join(found.languages) or NONE, _of_scripts(setting, found.languages), found.evidence)
    languages = () if setting.language == NONE else tuple(setting.language.split("+"))
    return Analysis(setting.language, _of_scripts(setting, languages))


@dataclass(frozen=True)
class PlainRule:
    r"""bm25s' own: lower case, `\b\w\w+\b`, one list of stop words, one stemmer."""

    stopwords: str
    stemmer: str

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The terms of each text."""
        import bm25s

        tokens: Any = bm25s.tokenize(
            list(texts), stopwords=self.stopwords or None, stemmer=_stemmer(self.stemmer), show_progress=False
        )
        return tokens.ids, tokens.vocab


@dataclass(frozen=True)
class Treatment:
    """What becomes of the words of one script.

    Attributes:
        stop: Words that are left out.
        stemmer: PyStemmer's, or None.
    """

    stop: frozenset[str] = frozenset()
    stemmer: Any = None

    def terms(self, word: str) -> tuple[str, ...]:
        """The word's stem; nothing for a stop word."""
        if word in self.stop:
            return ()
        return (self.stemmer.stemWord(word) if self.stemmer is not None else word,)


@dataclass(frozen=True)
class ScriptRule:
    """The word rule for every script; the words of each script are treated as those of its language.

    Attributes:
        dotless: Whether `I` is the capital of `ı`.
    """

    by_script: Mapping[str, Treatment]
    others: Treatment = field(default_factory=Treatment)
    dotless: bool = False

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The terms of each text."""
        vocabulary: dict[str, int] = {}
        cached: dict[str, list[int]] = {}
        chunks = words.word_rule().chunks
        rows = []
        for text in texts:
            row: list[int] = []
            for chunk in chunks(words.normalized(text, dotless=self.dotless)):
                numbers = cached.get(chunk)
                if numbers is None:
                    numbers = [vocabulary.setdefault(term, len(vocabulary)) for term in self._terms(chunk)]
                    if len(chunk) <= CACHED:
                        cached[chunk] = numbers
                row += numbers
            rows.append(row)
        return rows, vocabulary

    def _terms(self, chunk: str) -> Iterator[str]:
        for word in words.word_rule().terms(chunk):
            yield from self.by_script.get(script(word[0]), self.others).terms(word)


def _of_scripts(setting: Setting, languages: Sequence[str]) -> ScriptRule:
    """The rule of some languages; a list or a stemmer that was given by name stands for the words of every script."""
    own_words, own_stemmer = setting.stopwords == STOPWORDS, setting.stemmer == STEMMER
    others = Treatment(
        frozenset() if own_words else stop_words(setting.stopwords), None if own_stemmer else _stemmer(setting.stemmer)
    )
    by_script: dict[str, Treatment] = {}
    for code in languages:
        treatment = Treatment(
            stop_words(code) if own_words else others.stop,
            _stemmer(SNOWBALL.get(code, "")) if own_stemmer else others.stemmer,
        )
        for name in () if code in PAIRED else scripts(code):
            by_script.setdefault(name, treatment)
    return ScriptRule(by_script, others, dotless="tr" in languages)


def _expect_languages(codes: Sequence[str]) -> None:
    taken: dict[str, str] = {}
    for code in codes:
        if code not in NAMES:
            raise UnknownName(
                "language", code, [PLAIN, AUTO, NONE, *NAMES], "It is model.language=CODE, as in de or ru+en."
            )
        for name in scripts(code):
            if name in taken:
                raise ConfigError(
                    f"model.language={'+'.join(codes)}: {NAMES[taken[name]]} and {NAMES[code]} share a script, and a word of "
                    "it gets one stemmer. Name one of them, or none."
                )
            taken[name] = code


def _expect_stopwords(name: str, *, plain: bool) -> None:
    import bm25s

    if not plain:
        if not stop_words(name):
            listed = ", ".join(code for code in NAMES if stop_words(code))
            raise ConfigError(f"model.stopwords={name}: there is no such list. Use one of {listed}, or leave it empty.")
        return
    try:
        bm25s.tokenize([""], stopwords=name, show_progress=False)
    except ValueError:
        raise ConfigError(
            f"model.stopwords={name} is no list of bm25s. Leave it empty, or let a language bring its own: "
            f"model.language={name if name in NAMES else AUTO}."
        ) from None


def _stemmer(language: str) -> Any:
    """PyStemmer's, or None for an empty name; `ConfigError` where it has none of that name."""
    if not language:
        return None
    import Stemmer

    if language not in Stemmer.algorithms():
        raise ConfigError(f"model.stemmer={language} is not known. Use one of {', '.join(Stemmer.algorithms())}.")
    return Stemmer.Stemmer(language)
