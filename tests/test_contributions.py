"""A statistic as a mean over items: each against another implementation, its slopes against weights moved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from harness.stats.bootstrap import estimate
from harness.stats.class_contributions import f1, v_measure
from harness.stats.contributions import around, averaged
from harness.stats.rank_contributions import average_precision, best_accuracy, kendall, spearman

GENERATOR = np.random.default_rng(0)
N = 240
X = np.round(GENERATOR.normal(size=N), 1)
Y = np.round(X + GENERATOR.normal(size=N))  # ties on both sides
TRUE = GENERATOR.integers(6, size=N)
GUESS = np.where(GENERATOR.random(N) < 0.6, TRUE, GENERATOR.integers(7, size=N))
SETS = GENERATOR.random((N, 4)) < 0.3
GUESSED = SETS ^ (GENERATOR.random((N, 4)) < 0.2)

CASES = {
    "spearman": (spearman, lambda x, y: stats.spearmanr(x, y).statistic, (X, Y)),
    "kendall": (kendall, lambda x, y: stats.kendalltau(x, y).statistic, (X, Y)),
    "average precision": (average_precision, lambda x, y: metrics.average_precision_score(y, x), (X, Y > 0)),
    "macro F1": (f1, lambda x, y: metrics.f1_score(x, y, average="macro"), (TRUE, GUESS)),
    "weighted F1": (
        lambda x, y: f1(x, y, weighted=True),
        lambda x, y: metrics.f1_score(x, y, average="weighted", zero_division=0),
        (TRUE, GUESS),
    ),
    "macro F1 of labels": (f1, lambda x, y: metrics.f1_score(x, y, average="macro"), (SETS, GUESSED)),
    "V-measure": (v_measure, metrics.v_measure_score, (TRUE, GUESS)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_mean_of_the_contributions_is_the_statistic(name):
    """As scipy and scikit-learn compute it."""
    contributions, theirs, columns = CASES[name]
    assert contributions(*columns).mean() == pytest.approx(theirs(*columns), abs=1e-12)


@pytest.mark.parametrize("name", ["spearman", "kendall", "average precision"])
def test_a_contribution_is_what_another_copy_of_the_item_moves(name):
    """The sample 200 times over, and one item once more: the theirs' statistic moves by its contribution's share."""
    contributions, theirs, columns = CASES[name]
    values, whole, copies = contributions(*columns), theirs(*columns), 200
    many = [np.concatenate([column] * copies) for column in columns]
    for item in (0, 17, N - 1):
        moved = theirs(
            *(np.concatenate([column, one[item : item + 1]]) for column, one in zip(many, columns, strict=True))
        )
        share = (moved - whole) * (N * copies + 1)
        assert share == pytest.approx(values[item] - whole, abs=0.02 * max(1.0, abs(values[item])))


def test_the_best_threshold_by_hand():
    """Scores 4 to 1, the second is wrong: the best threshold leaves three of four on their right side; ties stay together."""
    assert best_accuracy([4, 3, 2, 1], [1, 0, 1, 0]).mean() == 0.75
    assert best_accuracy([2, 2, 1], [1, 0, 0]).mean() == pytest.approx(2 / 3)


@pytest.mark.parametrize("function", [spearman, kendall])
def test_a_constant_column_has_no_correlation(function):
    """NaN throughout, and so no number beside mteb's."""
    assert np.isnan(function(np.ones(5), np.arange(5))).all()


def test_no_positive_pair_has_no_average_precision():
    """NaN: scikit-learn warns and gives 0."""
    assert np.isnan(average_precision([1, 2], [0, 0])).all()


def test_a_single_label_in_a_single_cluster_is_perfect():
    """As scikit-learn has it."""
    assert v_measure([1, 1, 1], [0, 0, 0]).tolist() == [1, 1, 1] == [metrics.v_measure_score([1, 1], [0, 0])] * 3


def test_an_item_of_several_experiments_counts_with_all_of_them():
    """Two experiments on the same four texts: per text the share of the experiments that are right."""
    rows = np.arange(4)
    one, other = np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 0, 0])
    assert averaged([(rows, one), (rows, other)], 4).tolist() == [1, 0.5, 0, 0]


def test_folds_count_alike_whatever_their_size():
    """The mean of the folds' accuracies, 1 and 1/3, and not of the texts', 2/4."""
    values = averaged([(np.array([0]), np.ones(1)), (np.arange(1, 4), np.array([1.0, 0, 0]))], 4)
    assert values.mean() == pytest.approx(2 / 3)


def test_a_document_in_many_sets_is_one_document():
    """The same twenty documents in fifty sets are no thousand: the interval is as wide as that of twenty."""
    values = GENERATOR.random(20)
    rows = np.arange(20)
    once, often = (estimate(averaged([(rows, values)] * sets, 20)) for sets in (1, 50))
    assert (once.low, once.high) == pytest.approx((often.low, often.high))
    apart = estimate(np.concatenate([values] * 50))
    assert apart.high - apart.low < 0.2 * (often.high - often.low)


@pytest.mark.parametrize("name", ["spearman", "average precision", "macro F1", "V-measure"])
def test_the_interval_is_that_of_the_statistic(name):
    """Its half is 1.96 standard errors by the leave-one-out jackknife of their statistic, to a seventh."""
    contributions, theirs, columns = CASES[name]
    left_out = np.array([theirs(*(np.delete(column, item, axis=0) for column in columns)) for item in range(N)])
    error = np.sqrt((N - 1) / N * ((left_out - left_out.mean()) ** 2).sum())
    result = estimate(contributions(*columns))
    assert (result.high - result.low) / 2 == pytest.approx(1.96 * error, rel=0.15)


LEFT_OUT = ["macro F1", "weighted F1", "macro F1 of labels", "V-measure"]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_left_out(name):
    """F1 and V-measure: each item's contribution is n − 1 times what their statistic loses without it, about its mean."""
    contributions, theirs, columns = CASES[name]
    left_out = np.array([theirs(*(np.delete(column, item, axis=0) for column in columns)) for item in range(N)])
    expected = theirs(*columns) + (N - 1) * (left_out.mean() - left_out)
    assert contributions(*columns) == pytest.approx(expected, abs=1e-9)


def test_a_document_drawn_again_is_left_out_with_its_copies():
    """Three documents, the last of them twice in the set: V without it is that of the other two, 1, for both its rows."""
    values = v_measure([0, 1, 1, 1], [0, 1, 0, 0], np.array([0, 1, 2, 2]))
    whole = metrics.v_measure_score([0, 1, 1, 1], [0, 1, 0, 0])
    left_out = [
        metrics.v_measure_score(*pair) for pair in (([1, 1, 1], [1, 0, 0]), ([0, 1, 1], [0, 0, 0]), ([0, 1], [0, 1]))
    ]
    assert values == pytest.approx(whole + 2 * (np.mean(left_out) - np.array(left_out)), abs=1e-12)


def test_an_interval_never_passes_the_end_of_its_scale():
    """Ten pairs in nearly the same order: Student's interval on the plain scale would end above 1."""
    x = np.arange(10.0)
    values = spearman(x, np.array([0, 1, 2, 3, 4, 5, 6, 7, 9, 8.0]))
    result = around(values, "correlation")
    assert 0 < result.low < result.mean < result.high < 1
    assert result.mean + 2.26 * values.std(ddof=1) / np.sqrt(10) > result.high
    whole = around(spearman(x, x), "correlation")
    assert (whole.low, whole.high) == pytest.approx((1, 1))


def test_coverage_of_spearman():
    """Bivariate normal pairs, of which the rank correlation is known: 95 % intervals of 150 pairs hold it in 93 to 97 %."""
    generator = np.random.default_rng(3)
    correlation, draws = 0.8, 1_000
    truth, inside = 6 / np.pi * np.arcsin(correlation / 2), 0
    for _ in range(draws):
        x, noise = generator.normal(size=(2, 150))
        result = around(spearman(x, correlation * x + np.sqrt(1 - correlation**2) * noise), "correlation")
        inside += result.low <= truth <= result.high
    assert 0.93 <= inside / draws <= 0.97
