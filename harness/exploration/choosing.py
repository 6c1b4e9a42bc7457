"""Which pipeline to take, and what that is worth on queries that did not choose it.

The best of a thousand on some queries is the best partly by their chance. Cross-fitting (Stone 1974, Cross-Validatory Choice
and Assessment of Statistical Predictions) scores each query by the pipeline that the other folds chose, over several
partitions into folds, so that no single one decides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.errors import ConfigError
from harness.exploration.values import Curve, Floats, Gap
from harness.stats.bootstrap import bootstrap_means, interval
from harness.stats.paired import permutation

REPEATS = 20


def cross_fitted(values: Floats, query_ids: Sequence[str], folds: int) -> tuple[Floats, Floats]:
    """Per query the score of what was chosen without it, shape (queries,); how often each pipeline was, shape (pipelines,).

    The partition depends on the queries' ids, not on their order. Of equally good pipelines the first is chosen.

    Args:
        values: Shape (pipelines, queries).

    Raises:
        ConfigError: Fewer queries than folds, or less than two folds.
    """
    queries = values.shape[1]
    expect_folds(folds, queries)
    by_id = np.argsort(np.array(query_ids, dtype=object))
    generator = np.random.default_rng(0)
    scores, often = np.zeros(queries), np.zeros(len(values))
    for _ in range(REPEATS):
        fold = np.empty(queries, dtype=np.int64)
        fold[by_id[generator.permutation(queries)]] = np.arange(queries) % folds
        for number in range(folds):
            held_out = fold == number
            chosen = best(values[:, ~held_out])
            scores[held_out] += values[chosen, held_out]
            often[chosen] += 1
    return scores / REPEATS, often / often.sum()


def expect_folds(folds: int, queries: int) -> None:
    """Refuse less than two folds, and more than there are queries; `ConfigError`."""
    if not 2 <= folds <= queries:
        raise ConfigError(f"folds={folds}: at least 2, and at most the {queries} queries that there are.")


def best(values: Floats) -> int:
    """The pipeline of the highest mean; the first of those that are equal but for rounding."""
    means = values.mean(axis=1)
    return int(np.flatnonzero(means >= means.max() - 1e-12)[0])


def gap(to: str, scores: Floats, other: Floats) -> Gap:
    """How far `scores` are ahead of `other`, query by query."""
    differences = (scores - other)[:, None]
    low, high = interval(bootstrap_means(differences)[:, 0])
    return Gap(to, float(differences.mean()), low, high, float(permutation(differences)[0]))


def curve(name: str, weights: Floats, values: Floats) -> Curve:
    """A rule's means over the weight with their band and plateau.

    Args:
        values: Shape (weights, queries).
    """
    means = values.mean(axis=1)
    top = best(values)
    drawn = bootstrap_means(values.T)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    behind = np.quantile(drawn[:, [top]] - drawn, 0.025, axis=0)
    return Curve(name, weights, means, low, high, behind <= 0)
