"""Which stated settings of a published score our record does not share, and which words would make it share them.

What is not stated, and what a record does not say (BM25 has no length), is no difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import HarnessError
from harness.measures.names import parse
from harness.published.scores import Published
from harness.records.record import Record

OPTIONS = ("revision", "max_length", "dtype", "similarity", "normalize", "method", "k1", "b", "stopwords", "stemmer")
"""Settings that are an option of the model under the same name."""
FACTS = ("weights", *OPTIONS, "tokenizer")
JOINED = ("mteb", "beir")
"""Tasks whose readers join a title to its text, once."""


@dataclass(frozen=True)
class SettingDifference:
    """One stated setting that our record does not share.

    Attributes:
        what: Its name.
        ours, theirs: Its value in the record, and as published.
        words: What makes our evaluation the published one in this; empty where no option does.
        version: True if it is only another version of a library.
    """

    what: str
    ours: Any
    theirs: Any
    words: tuple[str, ...] = ()
    version: bool = False

    def __str__(self) -> str:
        return f"{self.what} is {_shown(self.ours)} here, {_shown(self.theirs)} as published"


def differences(entry: Published, record: Record) -> list[SettingDifference]:
    """Every stated setting in which the record differs, those that can be tried first; what is unknown is no difference."""
    return sorted(_differences(entry, record), key=lambda difference: not difference.words)


def _differences(entry: Published, record: Record) -> Iterator[SettingDifference]:
    stated, facts = entry.settings, _facts(record)
    for key in FACTS:
        comparable = key in stated and key in facts and (key != "revision" or facts[key])
        if comparable and facts[key] != stated[key]:
            words = (f"model.{key}={_word(stated[key])}",) if key in OPTIONS else ()
            yield SettingDifference(key, facts[key], stated[key], words)
    prompts = record.checks.prompts
    for role, text in stated.get("prompts", {}).items():
        ours = prompts.get(role, prompts.get("text")) if prompts else text
        if ours is not None and ours != text:
            yield SettingDifference(f"the {role} prompt", ours, text, (f"++model.prompts={{{role}:{_word(text)}}}",))
    yield from _of_data(entry, record)
    libraries: Mapping[str, Any] = record.provenance.get("libraries", {})
    for name, version in stated.get("libraries", {}).items():
        if name in libraries and libraries[name] != str(version):
            yield SettingDifference(f"{name}'s version", libraries[name], version, version=True)


def _facts(record: Record) -> Mapping[str, Any]:
    """The facts by name; a model's length or pooling that is None is known to be so, another system's is not."""
    model = record.facts.kind in ("dense", "static")
    unset = {name: None for name in ("max_length", "normalize") if model}
    return {**unset, **record.facts.flat()}


def _of_data(entry: Published, record: Record) -> Iterator[SettingDifference]:
    stated, data = entry.settings, record.dataset
    counts = data.get("counts", {})
    plugin = data.get("asked", {}).get("plugin")
    ours = {
        "split": data.get("split"),
        "depth": data.get("depth"),
        "queries": counts.get("queries"),
        "dataset_revision": data.get("revision") or None,
        "title": "once" if plugin in JOINED and counts else None,
    }
    for key, value in ours.items():
        if key not in stated or value is None or value == stated[key]:
            continue
        if key == "depth" and _cutoff(entry.measure) <= min(value, stated[key]):
            continue  # what stands below the cutoff moves nothing
        words = {"split": (f"task.split={_word(stated[key])}",), "depth": (f"depth={stated[key]}",)}
        yield SettingDifference(
            "the title's joining" if key == "title" else key, value, stated[key], words.get(key, ())
        )


def _cutoff(measure: str) -> float:
    try:
        return parse(measure).k or float("inf")
    except HarnessError:
        return float("inf")


def _word(value: Any) -> str:
    """A value as Hydra's grammar takes it: text in quotes, unless it is one plain word."""
    if isinstance(value, str) and not value.isalnum():
        escaped = value.replace('"', r"\"").replace("${", r"\${")
        return f'"{escaped}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _shown(value: Any) -> str:
    text = "none" if value in ("", None) else str(value)
    return f"'{text}'" if " " in text else text
