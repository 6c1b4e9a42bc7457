"""How much of a question stands in its answer: what a search by words has to go on.

The share of the question's distinct content words (bm25s' longer list of stop words dropped, Snowball stems) that stand
in the text of its answering clauses. Titles do not count: they name the agreement and its parties.
"""

from __future__ import annotations

import functools
import re

import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS

LIMIT = 0.40
FREE = ("jargon", "keywords")
"""Strata whose point is the clause's own words."""
STOP = {*STOPWORDS_EN_PLUS, "may", "must", "shall", "us"}
STEMMER = Stemmer.Stemmer("english")


@functools.lru_cache(maxsize=8192)
def words(text: str) -> frozenset[str]:
    """Stems of the content words; a single letter is none."""
    plain = text.lower().replace("’", "'").replace("'s", "")
    found = [word for word in re.findall(r"[a-z0-9]+", plain) if word not in STOP]
    return frozenset(STEMMER.stemWords([word for word in found if len(word) > 1 or word.isdigit()]))


def share(question: str, answers: list[str]) -> float:
    """0 to 1; 0 for a question without content words."""
    asked = words(question)
    return len(asked & frozenset().union(*map(words, answers))) / len(asked) if asked else 0.0
