"""A system made of others: it names its parts, says how deep each is asked, and joins their runs.

Its parts' runs may come from the results folder, so that a second fusion of the same parts searches nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from harness.facts import Facts
from harness.systems.opened import Opened, OpenedIndex
from harness.types import Candidates, Progress, Purpose, Run, Texts, no_progress


class Composed(ABC):
    """What systems of systems share.

    Attributes:
        parts: The systems whose runs are joined.
        depth: How many documents each part is asked for, whatever depth is returned: so the result does not depend on that.
    """

    def __init__(self, kind: str, parts: Sequence[Opened], depth: int) -> None:
        self._kind, self.parts, self.depth = kind, tuple(parts), depth

    @property
    def depth_independent(self) -> bool:
        """As its parts are."""
        return all(part.depth_independent for part in self._everything())

    @property
    def facts(self) -> Facts:
        """The parts' licences and libraries, each once."""
        every = [part.facts for part in self._everything()]
        return Facts(
            kind=self._kind,
            licence=_each(facts.licence for facts in every),
            weights=_each(facts.weights for facts in every),
            libraries=tuple(dict.fromkeys(library for facts in every for library in facts.libraries)),
            other={"parts": [part.name for part in self._everything()]},
        )

    @property
    def identity(self) -> str:
        """The identities of the parts, in their order; how they are joined stands among the options."""
        return " ".join(part.identity for part in self._everything())

    def identity_for(self, purpose: Purpose) -> str:
        """What of the parts depends on the task's name."""
        return " ".join(part.identity_for(purpose) for part in self._everything())

    def depth_of_parts(self, depth: int) -> int:
        """How deep the parts are asked where so many documents are returned."""
        return self.depth

    def index(self, documents: Texts, purpose: Purpose, progress: Progress = no_progress) -> ComposedIndex:
        """The corpus in every part."""
        return ComposedIndex(
            self, documents, purpose, [part.index(documents, purpose, progress) for part in self.parts]
        )

    @abstractmethod
    def join(
        self, runs: Sequence[Run], documents: Texts, queries: Texts, purpose: Purpose, depth: int, *,
        candidates: Candidates | None = None, exclude_self: bool = False, progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """One run of the parts' runs, at most `depth` documents per query."""

    def _everything(self) -> Sequence[Opened]:
        """The parts, and whatever else makes its numbers."""
        return self.parts


def _each(texts: Iterable[str]) -> str:
    """Each once, also of parts that are made of others."""
    return ", ".join(dict.fromkeys(one for text in texts for one in text.split(", ") if one))


class ComposedIndex:
    """The indexes of the parts, asked one after the other."""

    def __init__(self, system: Composed, documents: Texts, purpose: Purpose, indexes: Sequence[OpenedIndex]) -> None:
        self._system, self._documents, self._purpose, self._indexes = system, documents, purpose, indexes
        self.size = sum(index.size for index in indexes)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Ask every part, join."""
        deep = self._system.depth_of_parts(depth)
        runs = [
            index.search(queries, deep, candidates=candidates, exclude_self=exclude_self, progress=progress)
            for index in self._indexes
        ]
        return self._system.join(
            runs, self._documents, queries, self._purpose, depth,
            candidates=candidates, exclude_self=exclude_self, progress=progress,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the parts' indexes."""
        for index in self._indexes:
            index.close()
