"""Long documents in overlapping windows of a model's own tokens, so that nothing of them is left unread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from harness.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from tokenizers import Encoding

Pool = Literal["max", "first-p", "mean"]
"""A document's score from its passages': that of the best (max-P), of the first (first-P), or their mean."""
Span = tuple[int, int]


@dataclass(frozen=True)
class Windows:
    """How documents are cut (Dai and Callan 2019, Deeper Text Understanding for IR with Contextual Neural Language Modeling).

    Attributes:
        window: Tokens of a passage as the model reads it, its special tokens and the prompt included.
        stride: Tokens from the beginning of one passage to that of the next.
    """

    window: int
    stride: int
    pool: Pool = "max"

    @classmethod
    def of(cls, window: int | None, stride: int | None, pool: Pool, max_length: int | None) -> Windows | None:
        """From a model's options; None where none are asked for. `ConfigError` for numbers that leave text unread."""
        if window is None:
            if stride is not None:
                raise ConfigError(f"model.stride={stride} is of windows. Say how long they are: model.window=256.")
            return None
        stride = max(1, window * 3 // 4) if stride is None else stride
        if window < 1 or stride < 1:
            raise ConfigError(f"model.window={window} model.stride={stride}: both are at least 1 token.")
        if stride > window:
            raise ConfigError(
                f"model.stride={stride} is longer than model.window={window}: what lies between two passages would be read "
                f"by neither. Give at most {window}."
            )
        if max_length is not None and window > max_length:
            raise ConfigError(
                f"model.window={window} is longer than what the model reads, {max_length} tokens: the end of every passage "
                f"would be cut. Give at most {max_length}."
            )
        return cls(window, stride, pool)

    def flat(self) -> dict[str, object]:
        """For the identity of a system, and its facts."""
        return {"window": self.window, "stride": self.stride, "pool": self.pool}


class Cutter:
    """Cuts texts at the beginnings of words, by the tokenizer in a model's folder.

    Args:
        prompt: What stands in front of every passage and takes room of it.
    """

    def __init__(self, folder: Path, windows: Windows, prompt: str) -> None:
        from tokenizers import Tokenizer

        file = folder / "tokenizer.json"
        if not file.is_file():
            raise ModelError(
                f"{folder} has no tokenizer.json, by which windows are cut. Save the model with a fast tokenizer, or leave "
                "model.window out."
            )
        self._tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        taken = self._tokenizer.num_special_tokens_to_add(is_pair=False)
        if prompt:
            taken += len(self._tokenizer.encode(prompt, add_special_tokens=False).ids)
        self._room, self._stride = windows.window - taken, windows.stride
        if self._room < 1:
            raise ConfigError(
                f"model.window={windows.window} leaves no room for a text: {taken} tokens are the model's own and the prompt's. "
                f"Give at least {taken + 1}."
            )
        if self._stride > self._room:
            raise ConfigError(
                f"model.stride={self._stride} is longer than the {self._room} tokens of a text that a window of "
                f"{windows.window} has room for: what lies between two passages would be read by neither. Give at most "
                f"{self._room}."
            )

    def spans(self, texts: Sequence[str]) -> list[list[Span]]:
        """The passages of each text, by their first character and the one behind their last."""
        long = [at for at, text in enumerate(texts) if len(text.encode("utf-8", "replace")) > self._room]
        found: list[list[Span]] = [[(0, len(text))] for text in texts]
        encodings = self._tokenizer.encode_batch([texts[at] for at in long], add_special_tokens=False)
        for at, encoding in zip(long, encodings, strict=True):
            if len(encoding.ids) > self._room:
                found[at] = list(self._cut(encoding))
        return found

    def _cut(self, encoding: Encoding) -> Iterator[Span]:
        offsets, words, size = encoding.offsets, encoding.word_ids, len(encoding.ids)
        start, planned = 0, 0
        while True:
            stop = min(start + self._room, size)
            if stop < size:
                stop = _word_start(words, stop, start + 1)
            yield offsets[start][0], offsets[stop - 1][1]
            if stop == size:
                return
            planned += self._stride
            start = min(_word_start(words, min(planned, stop), start + 1), stop)


def _word_start(words: Sequence[int | None], token: int, least: int) -> int:
    """The first token of the word that a token belongs to; the token itself where that lies before `least`."""
    first = token
    while first >= least and words[first] is not None and words[first] == words[first - 1]:
        first -= 1
    return first if first >= least else token
