"""The word rule for every script: what of a text is a term, before stop words and stemmer.

Letters, digits and combining marks make a word, of one letter too: `C`, `R`, `5G`, `नहीं`; `C++` and `C#` keep their sign.
Scripts that write no spaces between words (Chinese, Japanese, Thai, Lao, Khmer, Burmese), and Korean, whose particles cling to
the word, give overlapping pairs of characters instead, as Lucene's CJKAnalyzer does; a character that stands alone is a term.
"""

from __future__ import annotations

import functools
import itertools
import re
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

VERSION = 1
"""Raise it when a text gives other terms than before: it is part of the identity of every system that uses this rule."""

PAIRED = (
    "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"  # Han
    "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # Hiragana and Katakana
    "\u3105-\u312f\u31a0-\u31bf"  # Bopomofo
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7ff"  # Hangul
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e50-\u0e59"  # Thai
    "\u0e81-\u0edf"  # Lao
    "\u1000-\u109f\ua9e0-\ua9fe\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3\u17dc-\u17e9"  # Khmer
)
"""Characters of the scripts that are cut into pairs, as ranges of a character class; Unicode's blocks less their punctuation."""
REMOVED = {0xAD: None, 0x200C: None, 0x200D: None, 0xFEFF: None, 0x2019: "'", 0x2BC: "'"}
"""Soft hyphen and joiners stand within a word and are none of its letters; one apostrophe for all."""
SHORT = 2
"""Letters up to which a part before or after an apostrophe is dropped: l'homme, dog's, don't, Ankara'da."""


@dataclass(frozen=True)
class WordRule:
    """The compiled patterns.

    Attributes:
        chunks: Finds what may hold terms: one word, or a run of words that no space parts.
    """

    chunks: Callable[[str], list[str]]
    runs: Callable[[str], list[str]]
    words: Callable[[str], list[str]]
    units: Callable[[str], list[str]]
    paired: Callable[[str], object]

    def terms(self, chunk: str) -> list[str]:
        """The terms of one chunk, in their order."""
        if chunk.isascii() and chunk.isalnum():
            return [chunk]
        terms: list[str] = []
        for run in self.runs(chunk):
            if self.paired(run):
                terms += pairs(self.units(run))
            else:
                for word in self.words(run):
                    terms += [word] if "'" not in word else around_apostrophes(word)
        return terms


def normalized(text: str, *, dotless: bool = False) -> str:
    """Lower case, one spelling for one character (NFKC: full-width letters, composed accents), one apostrophe.

    Args:
        dotless: Whether `I` is the capital of `ı`, as in Turkish.
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(REMOVED)
    if dotless:
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower().replace("i̇", "i")


def pairs(units: list[str]) -> list[str]:
    """Each two neighbours as one term; what stands alone by itself."""
    return [first + second for first, second in itertools.pairwise(units)] or units


def around_apostrophes(word: str) -> list[str]:
    """`l'assurance` → assurance, `dog's` → dog, `rock'n'roll` → rock, roll: the longest part, and those of three letters on."""
    parts = [part for part in word.split("'") if part]
    longest = max(parts, key=len)
    return [part for part in parts if len(part) > SHORT] or [longest]


@functools.cache
def word_rule() -> WordRule:
    """The rule, with the combining marks of this Python's Unicode: `\\w` alone cuts Hindi at every vowel sign."""
    letter = rf"\w{_marks()}"
    return WordRule(
        chunks=re.compile(rf"[\w][{letter}'+#]*").findall,
        runs=re.compile(rf"[{PAIRED}]+|[^{PAIRED}]+").findall,
        words=re.compile(rf"[{letter}]+(?:'[{letter}]+)*(?:\+\+|#(?![{letter}]))?").findall,
        units=re.compile(rf"[^{_marks()}][{_marks()}]*").findall,
        paired=re.compile(rf"[{PAIRED}]").match,
    )


def _marks() -> str:
    """Every combining mark (Mn, Mc, Me), as ranges of a character class."""
    ranges: list[list[int]] = []
    for code in range(0x300, min(sys.maxunicode, 0x1FFFF)):
        if unicodedata.category(chr(code))[0] == "M":
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
