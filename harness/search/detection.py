"""Which languages a corpus is written in: the shares of its scripts, and within a script a vote by frequent words.

Deterministic, and independent of the order and the ids of the documents: a sample is chosen by the digest of their texts.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from harness.search.languages import NAMES, PAIRED, frequent_words, script, scripts
from harness.search.words import normalized, word_rule

VERSION = 1
"""Raise it when a corpus may be taken for another language than before."""
DOCUMENTS, CHARACTERS = 500, 1000
"""Documents of the sample, and what is read of each."""
PRESENT = 0.05
"""Share of the terms from which on a script has a say."""
KANA = 0.05
"""Share of kana among Japanese and Chinese characters from which on a text is Japanese: it has a third and more."""
FREQUENT = 0.10
"""Share of a script's words that have to be frequent words of the language that wins."""
ANOTHER = 1 / 3
"""Share of documents in a second language of that script from which on neither one's stemmer is taken."""
LETTERS: Mapping[str, str] = {"sr": "ђћ"}
"""Letters that one language alone has, where no list of words tells it apart."""


@dataclass(frozen=True)
class Detection:
    """What the documents are written in.

    Attributes:
        languages: Codes, at most one for each script, the most frequent script first; empty where none is recognised.
        evidence: `Latin 98 % (German, by 46 % of its words)`, in one line.
    """

    languages: tuple[str, ...]
    evidence: str


def detect(texts: Sequence[str], most: int = DOCUMENTS) -> Detection:
    """The languages of a corpus, by so many of its documents."""
    words, total = _words_by_script([text[:CHARACTERS] for text in sample(texts, most)])
    languages, parts = [], []
    for name, documents in sorted(words.items(), key=lambda item: (-_count(item[1]), item[0])):
        share = _count(documents) / total
        if share < PRESENT:
            continue
        code, reason = _paired(name, words) or _vote(name, documents)
        languages += [code] if code and code not in languages else []
        parts.append(f"{'Han' if name == 'CJK' else name.capitalize()} {_percent(share)} ({reason})")
    return Detection(tuple(languages), ", ".join(parts) or "no letters")


def sample(texts: Sequence[str], documents: int = DOCUMENTS) -> list[str]:
    """At most so many of the texts: those of the least checksums, whatever their order."""
    if len(texts) <= documents:
        return sorted(texts)
    sums = np.fromiter(
        (zlib.crc32(text.encode("utf-8", "replace")) for text in texts), dtype=np.uint32, count=len(texts)
    )
    limit = np.partition(sums, documents - 1)[documents - 1]
    nearest = sorted((int(sums[at]), texts[at]) for at in np.flatnonzero(sums <= limit).tolist())
    return [text for _, text in nearest[:documents]]


def _words_by_script(texts: Iterable[str]) -> tuple[dict[str, list[Counter[str]]], int]:
    """Script → a counter of its terms per document that has any; and how many terms there are in all, numbers aside."""
    rule = word_rule()
    by_script: dict[str, list[Counter[str]]] = {}
    scripts_seen: dict[str, str] = {}
    for text in texts:
        document: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for chunk, count in Counter(rule.chunks(normalized(text))).items():
            for term in rule.terms(chunk):
                first = term[0]
                if first not in scripts_seen:
                    scripts_seen[first] = script(first)
                document[scripts_seen[first]][term] += count
        for name, terms in document.items():
            by_script.setdefault(name, []).append(terms)
    by_script.pop("DIGIT", None)
    return by_script, sum(map(_count, by_script.values()))


def _count(documents: Sequence[Counter[str]]) -> int:
    return sum(terms.total() for terms in documents)


def _paired(name: str, words: Mapping[str, list[Counter[str]]]) -> tuple[str, str] | None:
    """The language of a script that is cut into pairs; None for the others."""
    if name in scripts("ja"):
        kana, characters = (sum(_count(words.get(one, [])) for one in which) for which in (scripts("ja")[:2], ("CJK",)))
        code = "ja" if kana >= KANA * (kana + characters) else "zh"
        return code, NAMES[code]
    code = next((one for one in sorted(PAIRED) if name in scripts(one)), "")
    return (code, NAMES[code]) if code else None


def _vote(name: str, documents: Sequence[Counter[str]]) -> tuple[str, str]:
    """The language of a script whose frequent words are met most, with the reason; no code where it stays open."""
    candidates = [code for code in NAMES if name in scripts(code)]
    letters = {letter for terms in documents for term in terms for letter in term}
    for code in candidates:
        if letters & set(LETTERS.get(code, "")):
            return code, f"{NAMES[code]}, by its letters"
    languages: dict[str, list[str]] = {}
    for code in candidates:
        for word in frequent_words(code):
            languages.setdefault(word, []).append(code)
    if candidates and not languages:
        return candidates[0], NAMES[candidates[0]]
    hits = [_hits(terms, languages) for terms in documents]
    total: Counter[str] = Counter()
    for document in hits:
        total.update(document)
    votes = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    share = votes[0][1] / _count(documents) if votes else 0.0
    if share < FREQUENT or (len(votes) > 1 and votes[1][1] == votes[0][1]):
        return "", "of no language whose frequent words are known"
    first = votes[0][0]
    for second, _ in votes[1:]:
        others = sum(document[second] >= max(2, 2 * document[first]) for document in hits)
        if others >= ANOTHER * len(hits):
            return (
                "",
                f"{NAMES[first]} and {NAMES[second]} mixed, {_percent(others / len(hits))} of documents in the latter",
            )
    return first, f"{NAMES[first]}, by {_percent(share)} of its words"


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")


def _hits(terms: Counter[str], languages: Mapping[str, list[str]]) -> Counter[str]:
    """Language → how many of a document's words are frequent words of it."""
    hits: Counter[str] = Counter()
    for word in terms.keys() & languages.keys():
        for code in languages[word]:
            hits[code] += terms[word]
    return hits
