"""A run is checked where it enters, whoever made it: what is no ranking is refused, what is in another order is put in ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from collections.abc import Set as Ids
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import RunError
from harness.facts import Notes
from harness.types import Candidates, Run, Texts


def accepted(
    run: Any, queries: Texts, documents: Ids[str], depth: int, *, candidates: Candidates | None, exclude_self: bool,
    source: str,
) -> Run:  # fmt: skip
    """The run in the one order: score in float32 descending, then document id descending.

    Args:
        queries: Those that were asked; one that is not answered is no mistake.
        documents: Ids of the corpus.
        source: Who made it, for messages.

    Raises:
        RunError: No `Run`; other queries, unknown documents or one twice; lists of unlike lengths or deeper than `depth`; a
            score that is not finite; a document that this query was not to be answered with.
    """
    if not isinstance(run, Run):
        raise RunError(f"{source}: search() returned {type(run).__name__}, not a Run.")
    if not len(run.query_ids) == len(run.doc_ids) == len(run.scores):
        raise RunError(
            f"{source}: {len(run.query_ids)} query ids, {len(run.doc_ids)} lists of documents and {len(run.scores)} lists of "
            "scores. There is one of each per query."
        )
    asked, answered = set(queries.ids), set(run.query_ids)
    if len(answered) < len(run.query_ids):
        raise RunError(f"{source}: a query is answered twice.")
    if not answered <= asked:
        raise RunError(f"{source}: query '{min(answered - asked)}' was not asked.")
    ids: list[Sequence[str]] = []
    scores: list[NDArray[np.float32]] = []
    for query_id, names, values in zip(run.query_ids, run.doc_ids, run.scores, strict=True):
        row = _row(query_id, names, values, depth, source)
        names, row = _ordered(names, row)
        distinct = set(names)
        _expect(query_id, names, distinct, documents, "is not in the corpus", source)
        if exclude_self and query_id in distinct:
            raise RunError(f"{source}: query '{query_id}' is answered with itself, which this task leaves out.")
        if candidates is not None:
            _expect(query_id, names, distinct, set(candidates[query_id]), "is not among its candidates", source)
        ids.append(names)
        scores.append(row)
    notes = Notes.of(run.notes) if isinstance(run.notes, Mapping) else run.notes
    return dataclasses.replace(run, doc_ids=ids, scores=scores, depth=depth, notes=notes)


def _row(query_id: str, names: Sequence[str], values: Any, depth: int, source: str) -> NDArray[np.float32]:
    row = np.asarray(values, dtype=np.float32)
    if row.shape != (len(names),):
        raise RunError(f"{source}: query '{query_id}' has {len(names)} documents and scores of shape {row.shape}.")
    if len(names) > depth:
        raise RunError(f"{source}: query '{query_id}' is answered with {len(names)} documents; {depth} were asked for.")
    if not np.isfinite(row).all():
        bad = int(np.flatnonzero(~np.isfinite(row))[0])
        raise RunError(
            f"{source}: the score of '{names[bad]}' for query '{query_id}' is {row[bad]}, which cannot be ranked."
        )
    return row


def _ordered(names: Sequence[str], row: NDArray[np.float32]) -> tuple[Sequence[str], NDArray[np.float32]]:
    """By score, then id, both descending; as they are where they stand so already."""
    steps = np.diff(row)
    if (steps < 0).all() or all(
        row[at] > row[at + 1] or (row[at] == row[at + 1] and names[at] > names[at + 1])
        for at in np.flatnonzero(steps >= 0).tolist()
    ):
        return names, row
    order = sorted(range(len(names)), key=lambda at: (row[at], names[at]), reverse=True)
    return [names[at] for at in order], row[order]


def _expect(query_id: str, names: Sequence[str], distinct: set[str], allowed: Ids[str], what: str, source: str) -> None:
    if len(distinct) < len(names):
        raise RunError(f"{source}: a document is ranked twice for query '{query_id}'.")
    if not distinct <= allowed:
        strange = next(name for name in names if name not in allowed)
        raise RunError(f"{source}: '{strange}', ranked for query '{query_id}', {what}.")
