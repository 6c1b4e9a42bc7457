"""Passages that come back as documents: a system that reads windows of long documents ranks the documents themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from harness.encode.engine import Encoded
from harness.errors import ConfigError
from harness.facts import Notes
from harness.models.windows import Cutter
from harness.search.vector_index import Ranked, VectorIndex
from harness.search.vector_rows import Rows, unit
from harness.systems.encoding import EncodedIndex, EncodingSystem
from harness.types import Candidates, Index, Progress, Purpose, Run, Texts, Vectors, no_progress

BLOCK = 4_096
"""Documents cut at once."""
SEPARATOR = "\0"
"""Between a document's id and the number of its passage: before every other character, so that passages are in the order of
their documents' ids, by which ties are broken."""


class Passages(Sequence[str]):
    """The passages of documents, cut out as they are asked for.

    Attributes:
        firsts: The position of each document's first passage, and the number of passages; shape (documents + 1,).
    """

    def __init__(self, documents: Texts, cutter: Cutter, *, first_only: bool = False) -> None:
        self._documents = documents.texts
        owners, starts, stops = [], [], []
        for begin in range(0, len(documents), BLOCK):
            for at, spans in enumerate(cutter.spans(documents.texts[begin : begin + BLOCK]), start=begin):
                for start, stop in spans[: 1 if first_only else None]:
                    owners.append(at)
                    starts.append(start)
                    stops.append(stop)
        self.owners = np.array(owners, dtype=np.int64)
        self._starts, self._stops = np.array(starts, dtype=np.int64), np.array(stops, dtype=np.int64)
        counts = np.bincount(self.owners, minlength=len(documents))
        self.firsts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.owners)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[position] for position in range(*place.indices(len(self)))]
        return self._documents[int(self.owners[place])][int(self._starts[place]) : int(self._stops[place])]

    def texts(self, documents: Texts) -> Texts:
        """The passages under ids that say whose they are."""
        numbers = np.arange(len(self)) - self.firsts[self.owners]
        ids = [
            f"{documents.ids[owner]}{SEPARATOR}{number:06d}"
            for owner, number in zip(self.owners.tolist(), numbers.tolist(), strict=True)
        ]
        return Texts(ids, self)


def document_of(passage: str) -> str:
    """The id of the document that a passage is of."""
    return passage.rpartition(SEPARATOR)[0]


def windowed(
    index_of: Callable[[Texts], Index], documents: Texts, cutter: Cutter, pool: str,
    mean: Callable[[Passages], Index] | None = None,
) -> Index:  # fmt: skip
    """The corpus in passages, which come back as its documents.

    Args:
        index_of: A system's index of texts.
        mean: Its index of the means of passages' vectors, where it has one vector for each.

    Raises:
        ConfigError: A mean of what has none.
    """
    if pool == "first-p":
        return index_of(Texts(documents.ids, Passages(documents, cutter, first_only=True)))
    passages = Passages(documents, cutter)
    if pool == "mean":
        if mean is None:
            raise ConfigError(
                "model.pool=mean is of one vector for each passage, by cosine or dot. Use max or first-p."
            )
        return mean(passages)
    return BestPassage(index_of(passages.texts(documents)), passages, documents)


class BestPassage:
    """A document's score is that of its best passage.

    Args:
        inner: An index of the passages under the ids that `Passages.texts` gives.
    """

    def __init__(self, inner: Index, passages: Passages, documents: Texts) -> None:
        self._inner, self._passages, self._documents = inner, passages, documents
        self.seconds, self.size = getattr(inner, "seconds", 0.0), getattr(inner, "size", 0)

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """Exact: passages are fetched until every query has its documents."""
        most, within = len(self._passages), self._of_candidates(candidates)
        wanted = depth + exclude_self
        deep = min(most, wanted * max(2, -(-most // max(1, len(self._documents)))))
        whole = self._inner.search(queries, deep, candidates=within, progress=progress)
        ids, scores = self._pooled(whole, wanted)
        left = [at for at, found in enumerate(ids) if len(found) < wanted and len(whole.doc_ids[at]) == deep]
        while left and deep < most:
            deep = min(most, 4 * deep)
            rest = Texts([queries.ids[at] for at in left], [queries.texts[at] for at in left])
            again = self._inner.search(rest, deep, candidates=within, progress=no_progress)
            for at, found, values in zip(left, *self._pooled(again, wanted), strict=True):
                ids[at], scores[at] = found, values
            left = [
                at for at, row in zip(left, again.doc_ids, strict=True) if len(ids[at]) < wanted and len(row) == deep
            ]
        if exclude_self:
            for at, query_id in enumerate(queries.ids):
                kept = [place for place, found in enumerate(ids[at]) if found != query_id]
                ids[at], scores[at] = [ids[at][place] for place in kept], scores[at][kept]
        notes = of_documents(whole.notes, len(self._passages), len(self._documents))
        return Run(list(queries.ids), [row[:depth] for row in ids], [row[:depth] for row in scores], depth, notes)

    def close(self) -> None:
        """Let go of the passages' index."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()

    def _of_candidates(self, candidates: Candidates | None) -> Candidates | None:
        if candidates is None:
            return None
        counts = dict(zip(self._documents.ids, np.diff(self._passages.firsts).tolist(), strict=True))
        return {
            query_id: [
                f"{document_id}{SEPARATOR}{number:06d}" for document_id in pool for number in range(counts[document_id])
            ]
            for query_id, pool in candidates.items()
        }

    @staticmethod
    def _pooled(run: Run, depth: int) -> tuple[list[list[str]], list[NDArray[np.float32]]]:
        """Each query's documents in the order of their best passages: the first of each that was found."""
        ids, scores = [], []
        for passages, values in zip(run.doc_ids, run.scores, strict=True):
            first: dict[str, int] = {}
            for place, passage in enumerate(passages):
                first.setdefault(document_of(passage), place)
            ids.append(list(first)[:depth])
            scores.append(values[list(first.values())[:depth]])
        return ids, scores


class MeanOfPassages:
    """A document's score is the mean of its passages': that of the mean of their vectors, each of length one for cosine."""

    def __init__(
        self, system: EncodingSystem, passages: Passages, documents: Texts, purpose: Purpose, progress: Progress
    ) -> None:
        self._passages, self._documents = passages, documents
        self._inner = EncodedIndex(
            system, passages.texts(documents), purpose, progress,
            lambda vectors, _: Means(system, vectors, passages.firsts, documents.ids),
        )  # fmt: skip
        self.seconds, self.size = self._inner.seconds, self._inner.size

    def search(
        self, queries: Texts, depth: int, *, candidates: Candidates | None = None, exclude_self: bool = False,
        progress: Progress = no_progress,
    ) -> Run:  # fmt: skip
        """As any index of vectors; what its notes say of passages, they say of documents."""
        run = self._inner.search(queries, depth, candidates=candidates, exclude_self=exclude_self, progress=progress)
        return dataclasses.replace(run, notes=of_documents(run.notes, len(self._passages), len(self._documents)))


class Means:
    """The mean vector of each document's passages, made as it is read; see `Searchable`."""

    def __init__(
        self, system: EncodingSystem, passages: Encoded, firsts: NDArray[np.int64], ids: Sequence[str]
    ) -> None:
        self._cosine = system.similarity == "cosine"
        self.size = system.variant.bytes_per_document(passages.dimension) * len(ids)
        self._index = VectorIndex(
            MeanRows(passages, firsts, normalize=self._cosine), ids, similarity="dot", variant=system.variant,
            memory=system.context.memory, device=system.search_device,
        )  # fmt: skip

    def search(
        self,
        queries: Encoded,
        query_ids: Sequence[str],
        depth: int,
        *,
        exclude_self: bool,
        candidates: Candidates | None,
    ) -> Ranked:
        """By the product with them."""
        asked = unit(queries.read()) if self._cosine else queries.read()
        return self._index.search(asked, query_ids, depth, exclude_self=exclude_self, candidates=candidates)

    def notes(self) -> Mapping[str, Any]:
        """Nothing but the ranking."""
        return {}


class MeanRows:
    """The mean of some consecutive rows of others, as `Rows`.

    Args:
        firsts: Where each mean's rows begin, and where the last one's end.
    """

    def __init__(self, rows: Rows, firsts: NDArray[np.int64], *, normalize: bool) -> None:
        self._rows, self._firsts, self._normalize = rows, firsts, normalize
        self.dimension = rows.dimension

    def __len__(self) -> int:
        return len(self._firsts) - 1

    def read(self, start: int, stop: int) -> Vectors:
        """Means start to stop; a document has a few passages, so their vectors fit where its own does, a few times over."""
        parts = [self._means(begin, min(begin + BLOCK, stop)) for begin in range(start, stop, BLOCK)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), dtype=np.float32)

    def take(self, positions: NDArray[np.int64]) -> Vectors:
        """Means at those positions."""
        return np.stack([self._means(int(at), int(at) + 1)[0] for at in positions])

    def _means(self, start: int, stop: int) -> Vectors:
        firsts = self._firsts[start : stop + 1]
        vectors = self._rows.read(int(firsts[0]), int(firsts[-1]))
        sums = np.add.reduceat(unit(vectors) if self._normalize else vectors, firsts[:-1] - firsts[0], axis=0)
        return np.asarray(sums / np.diff(firsts)[:, None], dtype=np.float32)


def of_documents(notes: Notes, passages: int, documents: int) -> Notes:
    """Notes on passages as notes on their documents."""
    cut = list(dict.fromkeys(map(document_of, notes.cut_documents)))
    other = {**notes.other, "passages": {"passages": passages, "documents": documents}}
    return dataclasses.replace(notes, cut_documents=cut, other=other)
