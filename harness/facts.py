"""What is known of a system and of a run, as the harness reads it; what only a reader looks at stays free, in `other`.

In a record both are flat mappings: a field of that name where there is one, everything else beside them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

Flat = TypeVar("Flat", "Facts", "Notes", "Checks")


@dataclass(frozen=True)
class Facts:
    """What a table may show of a system, what made it, and which libraries can move its numbers.

    Attributes:
        kind: `dense`, `static`, `lexical`, `fusion`, `rerank`, … or `plug-in` for what says nothing of itself.
        model: What to call the model: ORG/NAME of the hub where it has one.
        weights: Digest of the files that make its vectors.
        prompts: Literal text in front of each input, by mteb's keys; None where it knows no prompts.
        max_length: Tokens after which a text is cut; None for no limit or none known.
        dims, precision, rescore: Which variant of the vectors is searched.
        bytes: Of one document in the index.
        libraries: Packages whose version can move its numbers, beside the common evaluator's.
        other: Anything else that makes it what it is; it is compared between the cells of a row, and shown nowhere.
    """

    kind: str = "plug-in"
    model: str = ""
    revision: str = ""
    weights: str = ""
    licence: str = ""
    dimension: int | None = None
    parameters: int | None = None
    bytes: int | None = None
    max_length: int | None = None
    prompts: Mapping[str, str] | None = None
    similarity: str = ""
    normalize: bool | None = None
    dtype: str = ""
    runtime: str = ""
    device: str = ""
    parity: float | None = None
    executes: str = ""
    dims: int | None = None
    precision: str = ""
    rescore: int = 0
    libraries: tuple[str, ...] = ()
    other: Mapping[str, Any] = field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """As a record holds it: what is set, and what is free beside it."""
        return flattened(self)

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Facts:
        """From a record; a field that is absent has its default."""
        return unflattened(cls, {**mapping, "libraries": tuple(mapping.get("libraries", ()))})


@dataclass(frozen=True)
class Notes:
    """What a system saw while it encoded or ranked; roles are `query`, `document`, and `text` for neither.

    Attributes:
        first: Role → the literal first text as the model was given it, prompt included.
        prompts: Role → the prompt that was used.
        truncation: Role → texts, tokens, and the shares of both that the model's limit cut off.
        norms: Role → least, median and greatest length of the vectors.
        fresh: Role → how many texts were encoded now; the others came from the store.
        seconds: Phase → clock: `encode_query`, `encode_document` (when they were encoded, now or before), `search`.
        index: What the index cost: `seconds` to build and `bytes` held, apart from what a search costs.
        cut_documents: Ids of the documents that the model's limit cut.
        language: Of a lexical system: `chosen`, what its texts were analysed as; `evidence`, what the corpus was recognised by;
            `unlike`, what it is written in where it was read as English all the same.
        without_terms: Role → share of the texts in which a lexical system found no term.
    """

    first: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    truncation: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    norms: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    fresh: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    index: Mapping[str, float] = field(default_factory=dict)
    cut_documents: Sequence[str] = ()
    language: Mapping[str, str] = field(default_factory=dict)
    without_terms: Mapping[str, float] = field(default_factory=dict)
    other: Mapping[str, Any] = field(default_factory=dict)

    def flat(self) -> dict[str, Any]:
        """As JSON: what is set, and what is free beside it."""
        return flattened(self)

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Notes:
        """From JSON; a field that is absent has its default."""
        return unflattened(cls, mapping)


@dataclass(frozen=True)
class Checks(Notes):
    """What would make a record's numbers doubtful: what the system saw, and what the judgments say of its run.

    Attributes:
        unjudged, ties: `unjudged@10` → share of the top documents that nobody judged; `ties@10` → that are tied.
        unanswered: Queries without any ranked document.
        training: `seen`, `not seen` or `unknown`: was the model trained on this task? Empty for a task that is not public.
    """

    unjudged: Mapping[str, float] = field(default_factory=dict)
    ties: Mapping[str, float] = field(default_factory=dict)
    unanswered: int = 0
    training: str = ""

    @classmethod
    def of(cls, mapping: Mapping[str, Any]) -> Checks:
        """From a record; a field that is absent has its default."""
        return unflattened(cls, mapping)


def flattened(value: Facts | Notes) -> dict[str, Any]:
    """The fields that differ from their default, as a plain mapping with `other` beside them."""
    plain = {name: entry for name, usual in DEFAULTS[type(value)].items() if (entry := getattr(value, name)) != usual}
    return {
        **{name: list(entry) if isinstance(entry, tuple) else entry for name, entry in plain.items()},
        **value.other,
    }


def unflattened(kind: type[Flat], mapping: Mapping[str, Any]) -> Flat:
    """The inverse of `flattened`."""
    known = DEFAULTS[kind]
    named = {name: entry for name, entry in mapping.items() if name in known and entry is not None}
    return kind(**named, other={name: entry for name, entry in mapping.items() if name not in known})


DEFAULTS: dict[type[Facts | Notes], dict[str, Any]] = {
    kind: {entry.name: getattr(kind(), entry.name) for entry in fields(kind) if entry.name != "other"}
    for kind in (Facts, Notes, Checks)
}
"""Field → default, but for `other`; worked out once, as a board reads thousands of records."""
