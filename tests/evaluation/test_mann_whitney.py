"""The probability of superiority, against counting all pairs."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from cgrecnet.evaluation.roc_auc import probability_of_superiority

RNG = np.random.default_rng(0)


def test_it_is_the_share_of_pairs():
    first, second = RNG.integers(0, 6, 80), RNG.integers(1, 7, 120)
    made = probability_of_superiority(first, second)
    pairs = (first[:, None] > second).mean() + 0.5 * (first[:, None] == second).mean()
    assert made.probability == pytest.approx(pairs)
    assert made.p_value == pytest.approx(mannwhitneyu(first, second).pvalue) and made.p_value < 0.05
    assert made.interval95[0] < pairs < made.interval95[1] < 0.5
    assert (made.n_first, made.n_second) == (80, 120)


def test_groups_that_do_not_differ_and_groups_that_do_not_touch():
    values = RNG.normal(size=400)
    same = probability_of_superiority(values[:200], values[200:])
    assert same.interval95[0] < 0.5 < same.interval95[1]
    apart = probability_of_superiority(values[:50] + 100, [*values[50:100], np.nan, np.inf])
    assert apart.probability == 1 and apart.interval95 == (1, 1) and apart.n_second == 50


def test_a_group_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match="not 1 and 3"):
        probability_of_superiority([1.0, np.nan], [1, 2, 3])
