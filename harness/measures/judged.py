"""What a measure sees: one query's judgments, its ordered ranking, and the properties of query and documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from harness.types import Dataset, Texts

Properties = Mapping[str, str]


@dataclass(frozen=True)
class Judged:
    """One query's ranking beside its judgments.

    Attributes:
        ranking: Document ids, best first; empty where the system did not answer.
        scores: float32, one per ranked document.
        grades: document id → grade; a document that is absent is unjudged.
        query: Properties of the query (stratum, channel …).
        documents: document id → its properties.
    """

    query_id: str
    ranking: Sequence[str]
    scores: NDArray[np.float32]
    grades: Mapping[str, int]
    query: Properties = field(default_factory=dict)
    documents: Mapping[str, Properties] = field(default_factory=dict)

    def grade(self, document_id: str) -> int:
        """The grade of a document; 0 where it is unjudged."""
        return self.grades.get(document_id, 0)


class PropertiesById(Mapping[str, Properties]):
    """Columns of properties, read row by row when asked for."""

    def __init__(self, texts: Texts) -> None:
        self._columns = texts.properties
        self._positions = {identifier: index for index, identifier in enumerate(texts.ids)}

    def __getitem__(self, identifier: str) -> Properties:
        position = self._positions[identifier]
        return {key: column[position] for key, column in self._columns.items()}

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)


def lookups(dataset: Dataset) -> tuple[PropertiesById, PropertiesById]:
    """Properties of the queries and of the documents, by id."""
    return PropertiesById(dataset.queries), PropertiesById(dataset.documents)
