"""What a look at a data set finds: how often, what it does to the score, a few examples, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from harness.checks.alike import copies
from harness.checks.digests import Digests, digests
from harness.types import Dataset, Texts

Item = TypeVar("Item")
SHOWN = 60
"""Characters of a text that an example shows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of fault and how often it was found.

    Attributes:
        kind: Its name, such as `unjudged-copy`; each check has one of its own.
        count: How many there are, in the unit that `what` names.
        what: What was counted.
        score: What it means for the score.
        mend: How to mend it.
        examples: At most as many as were asked for: ids, and the first words of the text.
        fault: False for what is remarkable and no fault of the data.
    """

    kind: str
    count: int
    what: str
    score: str
    mend: str
    examples: tuple[str, ...]
    fault: bool = True


class DatasetProfile:
    """A data set with the digests of its texts: what every check needs, computed once.

    Args:
        shown: How many examples of each kind are wanted.
    """

    def __init__(self, dataset: Dataset, shown: int = 3) -> None:
        self.dataset, self.shown = dataset, shown

    @cached_property
    def documents(self) -> Digests:
        """Digests of the documents' texts."""
        return digests(self.dataset.documents.texts)

    @cached_property
    def queries(self) -> Digests:
        """Digests of the queries' texts."""
        return digests(self.dataset.queries.texts)

    @cached_property
    def position_of(self) -> dict[str, int]:
        """Document id → its position in the corpus."""
        return {identifier: position for position, identifier in enumerate(self.dataset.documents.ids)}

    @cached_property
    def same_documents(self) -> list[list[str]]:
        """The ids of documents of one text, in groups of two and more."""
        return [[self.dataset.documents.ids[position] for position in group] for group in copies(self.documents)]

    @cached_property
    def same_queries(self) -> list[list[str]]:
        """The ids of queries of one text, in groups of two and more."""
        return [[self.dataset.queries.ids[position] for position in group] for group in copies(self.queries)]

    @cached_property
    def duplicates_of(self) -> dict[str, list[str]]:
        """The id of a document that has a copy → the ids of all documents of its text, its own among them."""
        return {identifier: group for group in self.same_documents for identifier in group}

    def few(self, items: Sequence[Item], say: Callable[[Item], str]) -> tuple[str, ...]:
        """The first items as examples."""
        return tuple(say(item) for item in items[: self.shown])


def quoted(texts: Texts, position: int) -> str:
    """The id of a text and its first words."""
    text = " ".join(texts.texts[position].split())
    return f"{texts.ids[position]} “{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}”"
