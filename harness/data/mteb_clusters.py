"""Clustering: the documents that mteb's k-means put into clusters, and what each of them is worth to the V-measure.

A document that is drawn is drawn in all sets that hold it. The clusters stay as they are: an interval says how far other
documents would move the score, not how far another run of k-means would.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.data.mteb_listen import Floats, Items, Reader, listen, refused, rows_of
from harness.stats.class_contributions import v_measure
from harness.stats.contributions import averaged

Pieces = list[tuple[NDArray[np.int64], Floats]]


def sampled_clusters(task: Any, subset: str, split: str) -> Reader:
    """Sets of documents, drawn by mteb from one corpus at each level of its labels."""
    if task.metadata.main_score != "v_measure":
        raise refused(task)
    predictions = listen(task, "_save_task_predictions")
    corpora, draws = listen(task.rng_state, "sample"), listen(task.rng_state, "choices")

    def read(_: Mapping[str, Any]) -> Items:
        rows = rows_of(task, subset, split)
        corpus = np.array(corpora[-1].result if corpora else range(len(rows)), dtype=np.int64)
        column = list(rows[task.label_column_name])
        labels = [one if isinstance(one, list) else [one] for one in (column[row] for row in corpus)]
        pieces: Pieces = []
        remaining = iter(draws)
        for level, assignments in enumerate(predictions[-1].arguments[0].values()):
            at_level = np.array([one[level] if len(one) > level else -1 for one in labels])
            documents = np.flatnonzero(np.array([label != -1 for label in at_level]))  # as mteb leaves them out
            for assignment in assignments:
                drawn = documents[next(remaining).result]
                pieces.append(_piece(drawn, at_level[drawn], assignment))
        ids = [str(row) for row in corpus]
        return Items("documents", averaged(pieces, len(corpus)), "share", ids=ids)

    return read


def listed_clusters(task: Any, subset: str, split: str) -> Reader:
    """Sets of documents as the data list them; a text that stands in several is one document."""
    calls = listen(task, "_compute_metrics")
    if task.metadata.main_score != "v_measure":
        raise refused(task)

    def read(scores: Mapping[str, Any]) -> Items:
        rows = rows_of(task, subset, split)
        numbers: dict[str, int] = {}
        pieces: Pieces = []
        remaining = iter(calls)
        for texts, labels in zip(rows[task.input_column_name], rows[task.label_column_name], strict=True):
            if len(set(labels)) <= 1:  # mteb counts it as 1 and clusters nothing
                continue
            documents = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int64)
            true, assignment = next(remaining).arguments[:2]
            pieces.append(_piece(documents, list(true), assignment))
        alike = len(scores["v_measures"]) - len(pieces)
        return Items("documents", averaged(pieces, len(numbers), constant=alike), "share")

    return read


def _piece(documents: NDArray[np.int64], labels: ArrayLike, clusters: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """The documents of a set, each once, and their contributions to its V-measure."""
    distinct, numbers = np.unique(documents, return_inverse=True)
    return distinct, v_measure(labels, clusters, numbers.ravel())
