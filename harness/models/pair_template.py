"""Pairs in a template, as generative rerankers read them: the document is cut, and what follows it stays.

The template is an option (`model.template`, with {query}, {document} and perhaps {prompt}), or the chat template that lies with
the model's files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import ConfigError
from harness.jagged import starts_of
from harness.models.pair_tokens import Pair, PairTokens, kept, padding, quietly

PLACES = ("prompt", "query", "document")
MARK = {name: f"\ue000{name}\ue001" for name in PLACES}
"""What stands for a text while a chat template is rendered: private characters, which no template looks for."""


def expect_template(template: str) -> None:
    """`ConfigError` for a template that does not hold {query} and {document} once each."""
    for name in PLACES:
        count, least = template.count(f"{{{name}}}"), int(name != "prompt")
        if not least <= count <= 1:
            raise ConfigError(
                f"model.template holds {{{name}}} {count} times. It says once where the query stands, {{query}}, and once "
                "where the document stands, {document}; {prompt} may stand once."
            )


class Templated:
    """A literal text around query and document.

    Args:
        special: Whether the tokenizer adds its own special tokens to the whole.
    """

    def __init__(self, model: Any, template: str, *, special: bool) -> None:
        self._tokenizer, self._special = model.tokenizer, special
        self._parts = re.split(r"\{(prompt|query|document)\}", template)
        self._prompted = "prompt" in self._parts[1::2]
        first = model[0]
        self._shared: dict[str, Any] = {"modality": "text" if "text" in first.modality_config else "message"}
        if first.transformer_task == "text-generation":
            self._shared["logits_to_keep"] = 1
        self.least = len(
            quietly(self._tokenizer, ["".join(self._parts[::2])], add_special_tokens=special)["input_ids"][0]
        )

    def tokenize(self, pairs: Sequence[Pair], prompt: str, limit: int | None) -> PairTokens:
        """See `PairTokenizer`; the prompt stands where the template says, else in front of the query."""
        rendered = [self._rendered(pair, prompt) for pair in pairs]
        how = {"add_special_tokens": self._special, "return_offsets_mapping": True}
        encoded = quietly(self._tokenizer, [text for text, _ in rendered], **how)
        offsets = encoded.pop("offset_mapping")
        inside = [
            [_within(np.array(row, dtype=np.int64).reshape(-1, 2), *spans[name]) for name in ("query", "document")]
            for row, (_, spans) in zip(offsets, rendered, strict=True)
        ]
        whole = np.array([len(row) for row in offsets], dtype=np.int64)
        query, document = (np.array([len(sides[at]) for sides in inside], dtype=np.int64) for at in (0, 1))
        others = whole - query - document  # they differ where a text's first letters join the template's last
        query_kept, document_kept = query.copy(), document.copy()
        for row in np.flatnonzero(whole > limit).tolist() if limit is not None else ():
            one = slice(row, row + 1)
            room = max(0, int(limit or 0) - int(others[row]))
            query_kept[one], document_kept[one] = kept(query[one], document[one], room)
        left = []
        for row, sides in enumerate(inside):
            stays = np.ones(whole[row], dtype=bool)
            for positions, count in zip(sides, (query_kept[row], document_kept[row]), strict=True):
                stays[positions[count:]] = False
            left.append(stays)
        stays = np.concatenate(left) if left else np.zeros(0, dtype=bool)
        columns = {
            name: np.fromiter((one for row in rows for one in row), dtype=np.int64, count=int(whole.sum()))[stays]
            for name, rows in encoded.items()
        }
        read = others + query_kept + document_kept
        return PairTokens(
            columns, starts_of(read), whole, self._shared, *padding(self._tokenizer), query_cut=query - query_kept
        )

    def _rendered(self, pair: Pair, prompt: str) -> tuple[str, dict[str, tuple[int, int]]]:
        """The whole text, and from where to where query and document stand in it."""
        filled = {"query": pair[0], "document": pair[1], "prompt": prompt}
        if not self._prompted:
            filled["query"] = prompt + pair[0]
        text, spans = "", {}
        for at, part in enumerate(self._parts):
            if at % 2:
                spans[part] = (len(text), len(text) + len(filled[part]))
            text += filled[part] if at % 2 else part
        return text, spans


def chat_template(model: Any, *, prompted: bool) -> str | None:
    """The template that a model's chat template amounts to; None where it does more than put texts in their places."""
    first = model[0]
    messages = first.input_formatter.pair_to_messages((MARK["query"], MARK["document"]))
    if prompted:
        (messages,) = first.input_formatter.prepend_prompt_to_messages([messages], MARK["prompt"])
    how = {
        key: value for key, value in first.processing_kwargs.get("chat_template", {}).items() if key != "restore_suffix"
    }
    try:
        text = first.processor.apply_chat_template(messages, tokenize=False, **how)
    except Exception:  # noqa: BLE001 - a template may raise anything; the library's own preprocessing then says it better
        return None
    names = PLACES if prompted else PLACES[1:]
    if not isinstance(text, str) or any(text.count(MARK[name]) != 1 for name in names):
        return None
    for name in PLACES:
        text = text.replace(MARK[name], f"{{{name}}}")
    return text


def _within(offsets: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """The tokens that lie wholly within a part of the text."""
    begin, end = offsets[:, 0], offsets[:, 1]
    return np.flatnonzero((begin >= start) & (end <= stop) & (end > begin))
