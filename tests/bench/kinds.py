"""Whether the intervals of every kind of task keep their word: simulations from real vectors, `python tests/bench/kinds.py`.

Populations are all pairs of STSBenchmark's test split and all test texts of Banking77 under minilm and wordllama, judged as
mteb does, and one set of labels from a generator. Coverage: how often the interval holds the score's expectation over samples
of this size; beside it, what the percentile bootstrap of the statistic itself would do. A/A: two systems that differ in
nothing but chance, because whose answer is whose is drawn item by item. Power: how often the true difference of the two is
found with as many items as `harness power` asks for.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from common import SHARED, table

from harness.types import Scale

DRAWS, RESAMPLES = 1_000, 1_000
PLAIN_DRAWS, PLAIN_RESAMPLES = 200, 100
CLASSES, EXPERIMENTS, PER_LABEL = 77, 10, 8

Floats = np.ndarray


@dataclass(frozen=True)
class Kind:
    """One statistic with its population.

    Attributes:
        contributions: One system's columns → one value per item.
        scale: As which its interval is made.
        systems: The columns of two systems over the same items, each array with items along its first axis.
        shared: Which columns belong to the items and not to the systems: they are never exchanged.
    """

    name: str
    contributions: Callable[..., Floats]
    scale: Scale
    systems: tuple[Sequence[Floats], Sequence[Floats]]
    shared: int
    items: int


def main(draws: int = DRAWS) -> str:
    rows = [row(kind, draws) for kind in kinds()]
    return "\n".join([
        f"{draws:,} draws of the items; {RESAMPLES:,} resamples. A share of 0.05 in {draws:,} draws is known to ± 0.010; the plain "
        f"bootstrap's, from {PLAIN_DRAWS}, to ± 0.03.", "",
        table(["kind: statistic", "items", "95 % interval holds the score (0.93–0.97)", "plain percentile bootstrap does",
               "paired test finds what is not there (0.03–0.07)", "items for 80 % power", "is found"], rows), "",
    ])  # fmt: skip


def row(kind: Kind, draws: int) -> list[str]:
    """One kind's line of the table."""
    generator = np.random.default_rng(0)
    needed, found = power(kind, generator, draws)
    numbers = [covered(kind, generator, draws), plain(kind, generator), false_positives(kind, generator, draws)]
    return [kind.name, str(kind.items), *(f"{value:.3f}" for value in numbers), f"{needed:,}", f"{found:.3f}"]


def sample(kind: Kind, system: int, rows: Floats) -> Floats:
    return kind.contributions(*(column[rows] for column in kind.systems[system]))


def drawn(kind: Kind, generator: np.random.Generator, items: int | None = None) -> Floats:
    return generator.integers(len(kind.systems[0][0]), size=items or kind.items)


def expectation(kind: Kind, draws: int = 4_000) -> float:
    """The first system's score over samples of this size, on average."""
    generator = np.random.default_rng(1)
    return float(np.mean([sample(kind, 0, drawn(kind, generator)).mean() for _ in range(draws)]))


def covered(kind: Kind, generator: np.random.Generator, draws: int) -> float:
    """How often the interval from the contributions holds the expectation."""
    from harness.stats.contributions import around

    truth, inside = expectation(kind), 0
    for _ in range(draws):
        result = around(sample(kind, 0, drawn(kind, generator)), kind.scale)
        inside += result.low <= truth <= result.high
    return inside / draws


def plain(kind: Kind, generator: np.random.Generator) -> float:
    """How often the percentile interval of the statistic over drawn items does."""
    from harness.stats.bootstrap import interval

    truth, inside = expectation(kind), 0
    for _ in range(PLAIN_DRAWS):
        rows = drawn(kind, generator)
        again = rows[generator.integers(len(rows), size=(PLAIN_RESAMPLES, len(rows)))]
        low, high = interval(np.array([sample(kind, 0, picked).mean() for picked in again]))
        inside += low <= truth <= high
    return inside / PLAIN_DRAWS


def false_positives(kind: Kind, generator: np.random.Generator, draws: int) -> float:
    """How often two systems are told apart whose answers were exchanged at random."""
    from harness.stats.paired import permutation

    differences = []
    for _ in range(draws):
        rows = drawn(kind, generator)
        swap = generator.random(len(rows)) < 0.5
        pair = [[column[rows] for column in system] for system in kind.systems]
        for place in range(kind.shared, len(pair[0])):
            one, other = pair[0][place].copy(), pair[1][place].copy()
            pair[0][place][swap], pair[1][place][swap] = other[swap], one[swap]
        differences.append(kind.contributions(*pair[0]) - kind.contributions(*pair[1]))
    return float((permutation(np.column_stack(differences), resamples=RESAMPLES) <= 0.05).mean())


def power(kind: Kind, generator: np.random.Generator, draws: int) -> tuple[int, float]:
    """How many items `harness power` asks for the true difference of the two, and how often so many find it."""
    from harness.stats.paired import permutation
    from harness.stats.power import needed

    whole = np.arange(len(kind.systems[0][0]))
    differences = sample(kind, 0, whole) - sample(kind, 1, whole)
    items = needed(differences, abs(float(differences.mean())))
    gaps = []
    for _ in range(draws // 2):
        rows = drawn(kind, generator, items)
        gaps.append(sample(kind, 0, rows) - sample(kind, 1, rows))
    return items, float((permutation(np.column_stack(gaps), resamples=RESAMPLES) <= 0.05).mean())


def kinds() -> list[Kind]:
    """Every statistic that a kind of task has, over its population."""
    from harness.stats import class_contributions as counts
    from harness.stats import rank_contributions as of

    gold, *cosines = pairs()
    labels, predictions, clusters = texts()
    same = gold >= 4
    multilabel = synthetic(np.random.default_rng(0))
    experiments = [(labels, *predicted.T) for predicted in predictions]

    def accuracy(right: Floats, *guesses: Floats) -> Floats:
        return np.mean([guess == right for guess in guesses], axis=0)

    def macro(right: Floats, *guesses: Floats) -> Floats:
        return np.mean([counts.f1(right, guess) for guess in guesses], axis=0)

    def matched(right: Floats, guess: Floats) -> Floats:
        return counts.f1(right, guess, weighted=True)

    few = labels % 11  # seven intents each: classes that a small sample holds
    fine = [(labels, *predicted.T[:3]) for predicted in predictions]
    coarse = [(few, *(predicted.T[:3] % 11)) for predicted in predictions]
    return [
        Kind("STS: Spearman", of.spearman, "correlation", tuple((gold, one) for one in cosines), 1, 150),
        Kind("STS, 60 pairs: Spearman", of.spearman, "correlation", tuple((gold, one) for one in cosines), 1, 60),
        Kind("regression: Kendall's tau-b", of.kendall, "correlation", tuple((gold, one) for one in cosines), 1, 150),
        Kind("pairs: average precision", lambda right, score: of.average_precision(score, right), "share",
             tuple((same, one) for one in cosines), 1, 150),
        Kind("pairs: best accuracy", lambda right, score: of.best_accuracy(score, right), "mean",
             tuple((same, one) for one in cosines), 1, 300),
        Kind("classification: accuracy", accuracy, "mean", tuple(experiments), 1, 150),
        Kind("classification, 77 classes: macro F1", macro, "share", tuple(fine), 1, 1_000),
        Kind("classification, 11 classes: macro F1", macro, "share", tuple(coarse), 1, 300),
        Kind("multilabel: macro F1", counts.f1, "share", multilabel, 1, 150),
        Kind("bitext mining: weighted F1", matched, "share", bitext(), 1, 300),
        Kind("clustering, 77 labels: V-measure", counts.v_measure, "share", tuple((labels, one) for one in clusters), 1, 1_000),
        Kind("clustering, 11 labels: V-measure", counts.v_measure, "share", tuple((few, one % 11) for one in clusters), 1, 500),
    ]  # fmt: skip


def encoded(texts: Sequence[str]) -> list[Floats]:
    """Unit vectors of minilm and of wordllama."""
    from conftest import opened
    from harness.compose import plugins

    plugins.discover()
    vectors = [opened(name).encoder.encode(list(texts), "") for name in ("minilm", "wordllama")]
    return [one / np.linalg.norm(one, axis=1, keepdims=True) for one in vectors]


def rows_of(name: str) -> list[list[str]]:
    with (SHARED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def pairs() -> list[Floats]:
    """STSBenchmark: gold scores, and each system's cosines."""
    rows = rows_of("stsbenchmark/test.csv")
    sides = [encoded([row[side] for row in rows]) for side in (0, 1)]
    gold = np.array([float(row[2]) for row in rows])
    return [gold, *((one * other).sum(axis=1, dtype=np.float64) for one, other in zip(*sides, strict=True))]


def bitext() -> tuple[Sequence[Floats], Sequence[Floats]]:
    """STSBenchmark's pairs of at least 4 as translations of each other: the right sentence, and the nearest one."""
    rows = [row for row in rows_of("stsbenchmark/test.csv") if float(row[2]) >= 4]
    sides = [encoded([row[side] for row in rows]) for side in (0, 1)]
    right = np.arange(len(rows))
    return tuple((right, (one @ other.T).argmax(axis=1)) for one, other in zip(*sides, strict=True))  # type: ignore[return-value]


def texts() -> tuple[Floats, list[Floats], list[Floats]]:
    """Banking77: labels; each system's predictions in ten experiments, shape (items, experiments); its k-means clusters."""
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.linear_model import LogisticRegression

    (train, train_labels), (test, labels) = (
        (np.array([row[0] for row in rows]), np.unique([row[1] for row in rows], return_inverse=True)[1])
        for rows in (rows_of(f"banking77/{split}.csv")[1:] for split in ("train", "test"))
    )
    generator = np.random.default_rng(0)
    chosen = [
        np.concatenate(
            [generator.choice(np.flatnonzero(train_labels == label), PER_LABEL, False) for label in range(CLASSES)]
        )
        for _ in range(EXPERIMENTS)
    ]
    union = np.unique(np.concatenate(chosen))
    places = {row: place for place, row in enumerate(union)}
    predictions, clusters = [], []
    for known, unknown in zip(encoded(train[union]), encoded(test), strict=True):
        guesses = []
        for rows in chosen:
            classifier = LogisticRegression(max_iter=100).fit(known[[places[row] for row in rows]], train_labels[rows])
            guesses.append(classifier.predict(unknown))
        predictions.append(np.column_stack(guesses))
        clusters.append(MiniBatchKMeans(CLASSES, batch_size=512, n_init=1, random_state=42).fit_predict(unknown))
    return labels, predictions, clusters


def synthetic(generator: np.random.Generator) -> tuple[Sequence[Floats], Sequence[Floats]]:
    """Six labels of uneven frequency on 20,000 items, and two systems that get some of them wrong."""
    right = generator.random((20_000, 6)) < np.array([0.5, 0.4, 0.3, 0.2, 0.15, 0.1])
    wrong = [generator.random(right.shape) < share for share in (0.15, 0.2)]
    return tuple((right.astype(int), (right ^ one).astype(int)) for one in wrong)  # type: ignore[return-value]


if __name__ == "__main__":
    print(main())
