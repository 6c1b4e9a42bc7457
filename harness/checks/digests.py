"""Texts → digests of fixed size, from which equal and nearly equal texts are found. The texts themselves are not kept.

Same: equal but for white space. Nearly the same: equal but for case, Unicode form (NFKC) and punctuation at the ends of
words; or a Jaccard of the word 5-shingles of at least 0.9 (Broder 1997), found through MinHash in bands (Leskovec et al.,
Mining of Massive Datasets, ch. 3). An ideograph or a kana is a word of its own. As array work over many texts at once:
datasketch finds the same pairs and takes 5 to 10 times as long (`tests/bench/near_copies.py`).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]

SHINGLE = 5
"""Words in a shingle. One word that differs changes five shingles, so that short texts have to be equal."""
BANDS, ROWS = 20, 6
"""Two texts of Jaccard 0.9 agree in a band with probability 0.9^6: in 10.6 of 20 on average."""
BATCH = 512
"""Texts that are in memory at once."""
MARKS = ".,;:!?\"'()[]{}…“”‘’«»„‚¿¡。、"
"""Not the hyphen, `#` or `+`: -5 is not 5 and C# is not C++."""
IDEOGRAPH = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")

_random = np.random.default_rng(5)
OFFSET, TURN, SHIFT, JOIN = (
    _random.integers(0, 2**63, number, dtype=np.uint64) | np.uint64(1)  # odd: a product loses nothing
    for number in (SHINGLE, BANDS * ROWS, BANDS * ROWS, ROWS)
)


@dataclass(frozen=True, slots=True)
class Digests:
    """What is kept of n texts. 64 bits: among ten million texts, the chance of one collision is 1 in 400,000.

    Attributes:
        same: Shape (n,); equal where the texts are equal but for white space. 0 for an empty text.
        folded: Shape (n,); equal where they are equal but for case, Unicode form and punctuation. 0 for an empty text.
        bands: Shape (n, 20); meaningless where `words` is below 5.
        words: Shape (n,); how many words a text has.
        characters: Shape (n,); how many characters these words have.
    """

    same: Hashes
    folded: Hashes
    bands: Hashes
    words: NDArray[np.int64]
    characters: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.same)


def digests(texts: Sequence[str]) -> Digests:
    """The digests of texts, which are read once, in batches of 512."""
    same: list[int] = []
    folded: list[int] = []
    lengths: list[int] = []
    characters: list[int] = []
    bands: list[Hashes] = []
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        split = [words_of(text) for text in batch]
        same += [_hash(text.split()) for text in batch]
        folded += [_hash(words) for words in split]
        bands.append(_bands(split))
        lengths += map(len, split)
        characters += [sum(map(len, words)) for words in split]
    return Digests(
        np.array(same, dtype=np.uint64),
        np.array(folded, dtype=np.uint64),
        np.concatenate(bands) if bands else np.zeros((0, BANDS), dtype=np.uint64),
        np.array(lengths, dtype=np.int64),
        np.array(characters, dtype=np.int64),
    )


def words_of(text: str) -> list[str]:
    """The words of a text in NFKC, without case and without the punctuation around them."""
    if not text.isascii():
        text = IDEOGRAPH.sub(r" \1 ", unicodedata.normalize("NFKC", text))
    pieces = text.casefold().split()
    return [word for piece in pieces if (word := piece.strip(MARKS))] or pieces  # "?!" is not an empty text


def jaccard(text: str, other_text: str) -> float:
    """The Jaccard index of the word 5-shingles of two texts; 0 where one of them has fewer than five words."""
    shingles, other_shingles = (_shingles(*_hashed([words_of(side)]))[0] for side in (text, other_text))
    shared = len(np.intersect1d(shingles, other_shingles))
    return shared / max(1, len(np.union1d(shingles, other_shingles))) if shared else 0.0


def _hash(words: list[str]) -> int:
    return xxhash.xxh3_64_intdigest(" ".join(words).encode(errors="surrogatepass")) or 1 if words else 0


def _hashed(split: list[list[str]]) -> tuple[Hashes, NDArray[np.int64]]:
    """The hash of every word, one text after the other, and each text's number of words."""
    flat = [zlib.crc32(word.encode(errors="surrogatepass")) for words in split for word in words]
    return np.array(flat, dtype=np.uint64), np.array([len(words) for words in split], dtype=np.int64)


def _shingles(words: Hashes, lengths: NDArray[np.int64]) -> tuple[Hashes, NDArray[np.int64]]:
    """The hashes of all shingles that lie within one text, and each text's number of them."""
    number = np.maximum(lengths - SHINGLE + 1, 0)
    firsts = np.repeat(np.cumsum(lengths) - lengths - np.cumsum(number) + number, number) + np.arange(number.sum())
    mixed = np.zeros(len(firsts), dtype=np.uint64)
    for offset, factor in enumerate(OFFSET):
        mixed += words[firsts + offset] * factor
    mixed ^= mixed >> np.uint64(29)  # the low bits of a sum of products are weak
    return mixed * OFFSET[0], number


def _bands(split: list[list[str]]) -> Hashes:
    """MinHash of each text, folded into one hash per band; shape (texts, 20)."""
    shingles, number = _shingles(*_hashed(split))
    bands = np.zeros((len(split), BANDS), dtype=np.uint64)
    with_shingles = np.flatnonzero(number)
    if not len(with_shingles):
        return bands
    starts = np.cumsum(number[with_shingles]) - number[with_shingles]
    least = np.empty((BANDS * ROWS, len(with_shingles)), dtype=np.uint64)
    for row, (turn, shift) in enumerate(zip(TURN, SHIFT, strict=True)):
        least[row] = np.minimum.reduceat(shingles * turn + shift, starts)
    joined = (least.reshape(BANDS, ROWS, -1) * JOIN[None, :, None]).sum(axis=1, dtype=np.uint64)
    bands[with_shingles] = (joined ^ (joined >> np.uint64(31))).T
    return bands
