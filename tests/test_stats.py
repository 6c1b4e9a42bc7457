"""Tests between systems: held against scipy, against every flip there is, and against what no test may do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from harness.stats.all_pairs import separated
from harness.stats.bootstrap import bootstrap_means, interval
from harness.stats.means import over_queries, over_tasks_and_queries, stacked
from harness.stats.paired import effect_size, holm, max_t, permutation, t_test
from harness.stats.ranks import chances, ranks


def scores(queries: int, shifts: list[float], seed: int = 0) -> np.ndarray:
    """Systems whose true means differ by the shifts, over queries that are hard or easy for all."""
    generator = np.random.default_rng(seed)
    common = generator.beta(0.6, 0.8, size=(queries, 1))
    noise = generator.normal(scale=0.15, size=(queries, len(shifts)))
    return np.clip(common + noise + np.array(shifts), 0, 1)


def test_permutation_is_the_share_of_all_flips_for_few_queries():
    """Twelve queries have 4,096 flips: the sampled p value is the exact one within its own error."""
    differences = np.random.default_rng(1).normal(0.3, 0.5, size=(12, 3))
    flips = np.array(list(itertools.product((-1.0, 1.0), repeat=12)))
    exact = (np.abs(flips @ differences) >= np.abs(differences.sum(axis=0)) - 1e-9).mean(axis=0)
    found = permutation(differences, resamples=40_000)
    np.testing.assert_allclose(found, exact, atol=4 * np.sqrt(0.25 / 40_000))


def test_permutation_agrees_with_scipy_and_with_t():
    """scipy's own sign-flip test and the t test on the same differences."""
    values = scores(150, [0.0, 0.02, 0.05])
    differences = values[:, [1, 2]] - values[:, [0]]
    found = permutation(differences, resamples=20_000)
    for column in range(2):
        theirs = stats.permutation_test(
            (differences[:, column],), np.mean, permutation_type="samples", n_resamples=20_000, vectorized=True,
            rng=np.random.default_rng(3),
        ).pvalue  # fmt: skip
        assert abs(found[column] - theirs) < 0.012
        assert abs(t_test(differences)[column] - stats.ttest_rel(values[:, column + 1], values[:, 0]).pvalue) < 1e-12
    np.testing.assert_allclose(found, t_test(differences), atol=0.02)


def test_bootstrap_agrees_with_scipy():
    """The percentile interval of a mean, within the noise of 10,000 resamples."""
    values = scores(200, [0.0])[:, 0]
    low, high = interval(bootstrap_means(values[:, None])[:, 0])
    theirs = stats.bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(0)).confidence_interval
    assert abs(low - theirs.low) < 2e-3 and abs(high - theirs.high) < 2e-3


def test_holm_is_the_textbooks():
    """Holm 1979, and statsmodels' documentation, by hand."""
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.9, 0.8])), [1.0, 1.0])


def test_max_t_corrects_less_than_holm_where_comparisons_hang_together():
    """All pairs of few systems depend on each other; max-T knows that, and is never under the plain p value."""
    values = scores(120, [0.0, 0.01, 0.02, 0.04, 0.05])
    left, right = np.triu_indices(5, 1)
    differences = values[:, left] - values[:, right]
    plain, adjusted = permutation(differences), max_t(differences)
    assert (adjusted >= plain - 1e-12).all() and adjusted.sum() < holm(plain).sum()
    order = np.argsort(plain)
    assert (np.diff(adjusted[order]) >= -0.005).all()


@pytest.mark.parametrize("shifts", [[0.0] * 6, [0.0, 0.01, 0.02, 0.03, 0.05, 0.05], [0.0, 0.1, 0.2, 0.2, 0.2, 0.3]])
def test_pairs_told_apart_are_those_of_the_adjusted_p_values(shifts):
    """Signs multiplied with systems and rounds of rejections find what step-down max-T over an array of pairs finds."""
    values = scores(150, shifts, seed=7)
    values = np.column_stack([values, values[:, 0]])  # and one that is another's twin
    left, right = np.triu_indices(values.shape[1], 1)
    p = max_t(values[:, left] - values[:, right], resamples=4_000)
    apart = separated(values, level=0.05, resamples=4_000)
    np.testing.assert_array_equal(apart[left, right], p <= 0.05)
    assert not apart[0, -1] and (apart == apart.T).all()


def test_pairs_that_differ_by_little_more_than_rounding_are_still_told_apart():
    """Squares of a difference of 1e-9 are lost in a Gram matrix of numbers near 1000; they are summed from the difference."""
    values = np.random.default_rng(0).normal(1000, 50, size=(200, 1))
    apart = separated(np.hstack([values, values + 1e-7]), level=0.05, resamples=1_000)
    assert apart[0, 1]


def test_no_difference_is_no_finding_and_a_constant_one_is():
    """Columns without any difference, and with the same one everywhere."""
    differences = np.column_stack([np.zeros(40), np.full(40, 0.1)])
    assert permutation(differences)[0] == 1.0 and permutation(differences)[1] < 0.001
    assert t_test(differences)[0] == 1.0 and effect_size(differences)[0] == 0.0
    assert max_t(differences)[0] == 1.0


def test_the_same_seed_gives_the_same_number():
    """And another one nearly the same."""
    differences = scores(100, [0.0, 0.03])[:, [1]] - scores(100, [0.0, 0.03])[:, [0]]
    assert permutation(differences, seed=4) == permutation(differences, seed=4)
    assert abs(permutation(differences, seed=4) - permutation(differences, seed=5)) < 0.02


@pytest.mark.parametrize("higher", [True, False])
def test_rank_intervals_say_what_can_be_told_apart(higher):
    """Two that are alike, one clearly behind: 1–2, 1–2, 3; the chance of being best is shared by the two."""
    values = scores(400, [0.1, 0.1, -0.1])
    found = ranks(values if higher else -values, higher=higher)
    assert found.first.tolist() == [1, 1, 3] and found.last.tolist() == [2, 2, 3]
    assert found.leading.tolist() == [True, True, False]
    best = chances(over_queries([values if higher else -values]), higher=higher)
    assert best[2] == 0.0 and abs(best.sum() - 1) < 1e-9 and min(best[:2]) > 0.05


def test_one_system_or_one_query_is_no_ranking():
    """Nothing to compare, nothing found."""
    assert ranks(scores(50, [0.0])).first.tolist() == [1]
    alone = ranks(scores(1, [0.0, 0.5]))
    assert alone.first.tolist() == [1, 1] and alone.last.tolist() == [2, 2]


def test_the_paired_test_finds_nothing_in_nothing_as_often_as_it_says():
    """An A/A simulation in small: of 400 comparisons without a difference some 5 % are called one."""
    generator = np.random.default_rng(0)
    base = generator.beta(0.4, 0.6, size=(80, 400))
    differences = (base - generator.permuted(base, axis=0)) * generator.choice((-1.0, 1.0), size=(80, 400))
    share = (permutation(differences, resamples=2_000) <= 0.05).mean()
    assert 0.02 < share < 0.09


def test_every_task_counts_alike_however_many_queries_it_has():
    """The mean over tasks, its tests and its intervals are not those of the pooled queries."""
    large, small = scores(400, [0.0, 0.1], seed=1), scores(20, [0.0, -0.1], seed=2)
    rows = stacked([large, small])
    np.testing.assert_allclose(rows.mean(axis=0), (large.mean(axis=0) + small.mean(axis=0)) / 2)
    resampled = over_queries([large, small])
    np.testing.assert_allclose(resampled.mean(axis=0), rows.mean(axis=0), atol=2e-3)
    by_hand = np.sqrt(large.var(axis=0) / 400 + small.var(axis=0) / 20) / 2
    np.testing.assert_allclose(resampled.std(axis=0), by_hand, rtol=0.05)


def test_other_tasks_are_a_greater_chance_than_other_queries():
    """Tasks that lie far apart: an interval for other tasks is as wide as they are; the two-stage variance by hand."""
    tasks = [scores(200, [shift], seed=place) for place, shift in enumerate((-0.5, -0.2, 0.1, 0.4))]
    narrow, wide = over_queries(tasks)[:, 0], over_tasks_and_queries(tasks)[:, 0]
    means = np.array([one.mean() for one in tasks])
    within = np.mean([one.var() / len(one) for one in tasks])
    assert abs(wide.std() - np.sqrt((means.var() + within) / 4)) < 0.05 * wide.std()
    assert wide.std() > 3 * narrow.std() and abs(wide.mean() - means.mean()) < 5e-3


def test_ranks_of_means_over_tasks():
    """What one small task cannot tell, several can together; and a task where the order turns is not averaged away."""
    tasks = [scores(60, [0.04, 0.0], seed=place) for place in range(8)]
    assert sum(ranks(one).last.tolist() == [1, 2] for one in tasks) < 6
    assert ranks(tasks).last.tolist() == [1, 2]
    turned = ranks([scores(60, [0.1, 0.0]), scores(60, [0.0, 0.1])])
    assert turned.first.tolist() == [1, 1] and turned.last.tolist() == [2, 2]
