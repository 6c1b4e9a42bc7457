"""Contributions of items to what depends on counts by class: F1 and V-measure, each item left out (see `contributions.py`)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def f1(true: ArrayLike, predicted: ArrayLike, *, weighted: bool = False) -> Floats:
    """Contributions of items to the F1 of their classes, averaged over the classes; shape (items,).

    Args:
        true, predicted: One class per item, shape (items,); or for several labels per item 0 and 1, shape (items, labels).
        weighted: Weigh the classes by their items (mteb's bitext mining), rather than alike (macro). One class per item.
    """
    right, guess = np.asarray(true), np.asarray(predicted)
    if right.ndim == 2:
        return _f1_of_labels(right.astype(np.float64), guess.astype(np.float64))
    n = len(right)
    codes = np.unique(np.concatenate([right, guess]), return_inverse=True)[1].ravel()
    classes, (first, second) = int(codes.max(initial=-1)) + 1, (codes[:n], codes[n:])
    hit = first == second
    hits, owned, guessed = (
        np.bincount(part, minlength=classes).astype(np.float64) for part in (first[hit], first, second)
    )
    sizes = owned + guessed
    by_class = _ratio(2 * hits, sizes)
    # without an item its own class has one item less, and the class it was put into one guess less
    own = _ratio(2 * (hits[first] - hit), sizes[first] - 1 - hit)
    other = np.where(hit, 0.0, _ratio(2 * hits[second], sizes[second] - 1))
    if weighted:
        total = float((owned * by_class).sum())
        left = total - owned[first] * by_class[first] + (owned[first] - 1) * own
        left += np.where(hit, 0.0, owned[second] * (other - by_class[second]))
        return _centred(total / n, left / max(n - 1, 1))
    remaining = by_class.sum() - by_class[first] + own + np.where(hit, 0.0, other - by_class[second])
    gone = (sizes[first] - 1 - hit <= 0).astype(np.float64) + (~hit & (sizes[second] - 1 <= 0))
    return _centred(float(by_class.mean()), remaining / np.maximum(classes - gone, 1))


def v_measure(labels: ArrayLike, clusters: ArrayLike, documents: Integers | None = None) -> Floats:
    """Contributions of documents to the V-measure of a clustering (Rosenberg and Hirschberg 2007); shape (documents,).

    V = 2 − 2 H(labels, clusters) / (H(labels) + H(clusters)), with H the entropy.

    Args:
        labels, clusters: Of each row.
        documents: The document behind each row, numbered from 0 without a gap, where one may stand in several rows; all of
            them have its label and its cluster. Each row is a document of its own where it is left out.
    """
    first, second = (np.unique(np.asarray(values), return_inverse=True)[1].ravel() for values in (labels, clusters))
    together = np.unique(first * (int(second.max(initial=0)) + 1) + second, return_inverse=True)[1].ravel()
    rows, copies = np.arange(len(first)), np.ones(len(first))
    if documents is not None:
        _, rows, counts = np.unique(documents, return_index=True, return_counts=True)
        copies = counts.astype(np.float64)
    (entropy, left), (other, other_left), (joint, joint_left) = (
        _entropy(codes, rows, copies) for codes in (first, second, together)
    )
    total, total_left = entropy + other, left + other_left
    value = 2 - 2 * joint / total if total > 0 else 1.0  # a single label and a single cluster
    return _centred(value, 2 - 2 * np.where(total_left > 1e-12, _ratio(joint_left, total_left), 0.5))


def _f1_of_labels(right: Floats, guess: Floats) -> Floats:
    """Macro F1 over labels, of which an item may have several; a label that nobody has or is given counts 0."""
    hits, sizes = right * guess, right + guess
    value = float(_ratio(2 * hits.sum(axis=0), sizes.sum(axis=0)).mean())
    return _centred(value, _ratio(2 * (hits.sum(axis=0) - hits), sizes.sum(axis=0) - sizes).mean(axis=1))


def _entropy(codes: Integers, rows: Integers, copies: Floats) -> tuple[float, Floats]:
    """Entropy of a labelling in nats, and what it is without each of some rows and their copies."""
    counts = np.bincount(codes).astype(np.float64)
    n, own = counts.sum(), counts[codes[rows]]
    total = _x_log_x(counts).sum()
    rest = np.maximum(n - copies, 1)
    return float(np.log(n) - total / n), np.log(rest) - (total - _x_log_x(own) + _x_log_x(own - copies)) / rest


def _x_log_x(x: Floats) -> Floats:
    return np.asarray(x * np.log(np.maximum(x, 1)), dtype=np.float64)  # of whole numbers, 0 at 0


def _ratio(over: Floats, under: Floats) -> Floats:
    """`over / under`, 0 where nothing is there."""
    return np.asarray(np.where(under > 0, over / np.maximum(under, 1e-300), 0.0), dtype=np.float64)


def _centred(value: float, left_out: Floats) -> Floats:
    """Contributions from the statistic without each item."""
    return np.asarray(value + (len(left_out) - 1) * (left_out.mean() - left_out), dtype=np.float64)
