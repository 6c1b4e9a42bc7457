"""What an endpoint says of a fault, fit for a message: its own words in one line, without the key and the texts sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

READ, SAID = 4_000, 300
"""Characters of it that are read, and that stand in a message: cut after the key was taken out, never through it."""
RUN, WORD = 16, 4
"""Characters that no message shares with a text by chance; the shortest text that is looked for as a whole."""
WORDS = ("message", "msg", "detail", "details", "error", "errors", "description", "reason", "title")
"""Fields of an error's JSON that hold words for people."""


def said(content: str, texts: Sequence[str], redact: Callable[[str], str]) -> str:
    """The words of a reply that is no answer.

    Args:
        content: Its body.
        texts: What was sent: servers repeat it, and no message shows a text of the corpus.
        redact: Takes the key out.
    """
    content = redact(content)
    try:
        words = "; ".join(_words(json.loads(content))) or content
    except (ValueError, RecursionError):
        words = content
    line = without(" ".join(redact(words).split())[:READ], texts)
    return (line[:SAID] + "…" if len(line) > SAID else line).rstrip(" .,;:")


def without(line: str, texts: Sequence[str]) -> str:
    """A line in which `…` stands for whatever it has in common with texts."""
    runs = {line[start : start + RUN] for start in range(len(line) - RUN + 1)}
    shared: set[str] = set()
    for text in texts:
        for form in _forms(text):
            if WORD <= len(form) < RUN:
                line = re.sub(rf"(?<!\w){re.escape(form)}(?!\w)", "…", line)
            shared.update(runs.intersection(form[start : start + RUN] for start in range(len(form) - RUN + 1)))
    if not shared:
        return line
    hidden = bytearray(len(line))
    for start in range(len(line) - RUN + 1):
        if line[start : start + RUN] in shared:
            hidden[start : start + RUN] = b"\1" * RUN
    return re.sub("\0[\0…]*", "…", "".join("\0" if hidden[place] else letter for place, letter in enumerate(line)))


def _words(payload: Any) -> Iterator[str]:
    """The strings under the fields for people; where a list says where each fault is, with the place."""
    if isinstance(payload, str):
        yield payload
    elif isinstance(payload, list):
        for entry in payload[:3]:
            yield from _words(entry)
    elif isinstance(payload, dict):
        place = payload.get("loc")
        found = [word for key in WORDS if key in payload for word in _words(payload[key])]
        if isinstance(place, list) and found:
            plain = [str(part) for part in place if str(part).replace("_", "").isalnum()]
            found = [f"{'.'.join(plain)}: {found[0]}"]
        yield from found


def _forms(text: str) -> set[str]:
    """A text as it may stand in a message: as it is, in one line, and as JSON and Python write it."""
    written = (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
    return {" ".join(form.split()) for form in written}
