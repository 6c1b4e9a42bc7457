"""Languages by their ISO 639-1 codes: the script, the Snowball stemmer and the stop words of each.

Stop words are bm25s' own lists where it has one (NLTK's, which are Snowball's), else stopwords-iso's. There are none for
Nepali, Serbian, Tamil and Yiddish. Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese are cut into pairs of characters,
on which a list of words says nothing.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Mapping

SNOWBALL: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "eo": "esperanto", "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian",
    "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese",
    "ro": "romanian", "ru": "russian", "sr": "serbian", "st": "sesotho", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip
"""Code → the name of PyStemmer's algorithm."""
SNOWBALL_LISTS: Mapping[str, str] = {
    "da": "DANISH", "de": "GERMAN", "en": "EN", "es": "SPANISH", "fr": "FRENCH", "it": "ITALIAN", "nl": "DUTCH",
    "no": "NORWEGIAN", "pt": "PORTUGUESE", "ru": "RUSSIAN", "sv": "SWEDISH", "tr": "TURKISH",
}  # fmt: skip
"""Code → the name of bm25s' list."""
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    "ar": ("ARABIC",), "bg": ("CYRILLIC",), "bn": ("BENGALI",), "el": ("GREEK",), "fa": ("ARABIC",), "gu": ("GUJARATI",),
    "he": ("HEBREW",), "hi": ("DEVANAGARI",), "hy": ("ARMENIAN",), "ja": ("HIRAGANA", "KATAKANA", "CJK"), "km": ("KHMER",),
    "ko": ("HANGUL",), "lo": ("LAO",), "mr": ("DEVANAGARI",), "my": ("MYANMAR",), "ne": ("DEVANAGARI",), "ru": ("CYRILLIC",),
    "sr": ("CYRILLIC", "LATIN"), "ta": ("TAMIL",), "th": ("THAI",), "uk": ("CYRILLIC",), "ur": ("ARABIC",),
    "yi": ("HEBREW",), "zh": ("CJK",),
}  # fmt: skip
"""Code → the scripts that it is written in, in Unicode's names; all others are Latin."""
PAIRED = frozenset({"ja", "km", "ko", "lo", "my", "th", "zh"})
"""Languages whose text is cut into pairs of characters; see `words.py`."""
OTHERS: Mapping[str, str] = {
    "af": "Afrikaans", "bg": "Bulgarian", "bn": "Bengali", "br": "Breton", "gl": "Galician", "gu": "Gujarati", "ha": "Hausa",
    "he": "Hebrew", "hr": "Croatian", "ja": "Japanese", "km": "Khmer", "ko": "Korean", "ku": "Kurdish", "la": "Latin",
    "lo": "Lao", "lv": "Latvian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "sk": "Slovak", "sl": "Slovenian",
    "so": "Somali", "sw": "Swahili", "th": "Thai", "tl": "Tagalog", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "yo": "Yoruba", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
"""Languages without a Snowball stemmer."""
NAMES: Mapping[str, str] = {**{code: name.capitalize() for code, name in SNOWBALL.items()}, **OTHERS}
"""Every language that may be named, for a reader."""
NO_WORDS = frozenset("bcdfghjlmnpqrtx")
"""Letters that are no word by themselves in any of these languages and stand in lists all the same, left of c'est or
d'accord: they are the whole of a question about C or R."""


def scripts(code: str) -> tuple[str, ...]:
    """The scripts of a language, in Unicode's names."""
    return SCRIPTS.get(code, ("LATIN",))


def script(character: str) -> str:
    """The script of a letter, as the first word of its Unicode name: `LATIN`, `CYRILLIC`, `CJK`; `DIGIT` for a digit."""
    return unicodedata.name(character, "").partition(" ")[0]


@functools.cache
def stop_words(code: str) -> frozenset[str]:
    """The words of a language that say nothing of a text's subject, in lower case; empty where there is no list."""
    if code in SNOWBALL_LISTS:
        from bm25s import stopwords

        return _lower(getattr(stopwords, f"STOPWORDS_{SNOWBALL_LISTS[code]}"))
    return frequent_words(code)


@functools.cache
def frequent_words(code: str) -> frozenset[str]:
    """stopwords-iso's list, which is longer than Snowball's: what a vote on the language counts.

    Its English list is taken from bm25s instead: stopwords-iso's has every country's two letters, which are words elsewhere.
    """
    import stopwordsiso
    from bm25s import stopwords

    if code == "en":
        return _lower(stopwords.STOPWORDS_EN_PLUS)
    return _lower(stopwordsiso.stopwords(code)) if stopwordsiso.has_lang(code) and code not in PAIRED else frozenset()


def _lower(words: object) -> frozenset[str]:
    return frozenset(str(word).lower() for word in words) - NO_WORDS  # type: ignore[attr-defined]
