"""Bootstrap intervals: they cover, they agree with theory and with each other, pairs stay pairs."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from cgrecnet.evaluation.bootstrap import (
    bootstrap_interval,
    class_f1_intervals,
    f1_of_counts,
    percentiles,
    resampled_counts,
)
from cgrecnet.evaluation.metrics import score


def predictions(n: int, seed: int = 0, sure: float = 0.3):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(3, sure), n)
    labels = np.array([rng.choice(3, p=row) for row in probabilities])
    return labels, probabilities


def test_the_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(5, 2, 400)
    low, high = bootstrap_interval(np.mean, values, seed=1)
    half = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)


def test_it_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    inside = 0
    for number in range(150):
        right = rng.random(120) < 0.8
        low, high = percentiles(resampled_counts(np.array([right.sum(), (~right).sum()]), 400, number)[:, 0] / 120, 0.9)
        inside += low <= 0.8 <= high
    # 90 % of 150 is 135; binomial spread 3.7, and a percentile interval of a share covers a little less.
    assert 120 <= inside <= 148


def test_pairs_stay_pairs():
    x = np.random.default_rng(4).normal(size=60)
    low, high = bootstrap_interval(lambda a, b: float(np.mean(a - b)), x, x + 0.5, resamples=200)
    assert (low, high) == pytest.approx((-0.5, -0.5))


def test_same_seed_same_interval_and_more_cells_a_narrower_one():
    x = np.random.default_rng(5).normal(size=400)
    assert bootstrap_interval(np.mean, x, resamples=200) == bootstrap_interval(np.mean, x, resamples=200)
    wide, narrow = bootstrap_interval(np.mean, x[:50], resamples=300), bootstrap_interval(np.mean, x, resamples=300)
    assert np.diff(narrow)[0] < np.diff(wide)[0]


def test_rows_of_a_table_are_resampled_whole():
    labels, probabilities = predictions(200)

    def whole_rows(y, p):
        assert p.shape == (200, 3) and np.allclose(p.sum(axis=1), 1)
        return float((p.argmax(axis=1) == y).mean())

    low, high = bootstrap_interval(whole_rows, labels, probabilities, resamples=100)
    assert low < (probabilities.argmax(axis=1) == labels).mean() < high


def test_f1_of_counts_is_scikit_learns():
    labels, probabilities = predictions(300, seed=6)
    predicted = probabilities.argmax(axis=1)
    got = f1_of_counts(np.array(score(labels, probabilities, ("a", "b", "c"))["confusion"]))
    assert got == pytest.approx(f1_score(labels, predicted, average=None))
    assert f1_of_counts(np.array([[5, 0], [0, 0]])) == pytest.approx([1, 0])


def test_intervals_of_class_f1_agree_with_drawing_the_cells_themselves():
    labels, probabilities = predictions(500, seed=7)
    got = class_f1_intervals(labels, probabilities, ("a", "b", "c"))
    assert [entry.name for entry in got] == ["a", "b", "c"] and sum(entry.support for entry in got) == 500
    for index, entry in enumerate(got):
        by_cells = bootstrap_interval(
            lambda y, p, i=index: 2 * ((y == i) & (p == i)).sum() / ((y == i).sum() + (p == i).sum()),
            labels,
            probabilities.argmax(axis=1),
            resamples=600,
            seed=9,
        )
        assert entry.interval95 == pytest.approx(by_cells, abs=0.02)
        assert entry.interval95[0] < entry.f1 < entry.interval95[1]


@pytest.mark.filterwarnings("ignore:The BCa confidence interval")  # scipy's remark on what we refuse next
@pytest.mark.parametrize(
    ("arrays", "options", "message"),
    [
        ((), {}, "same cells"),
        (([1, 2], [1, 2, 3]), {}, "same cells"),
        (([1],), {}, "two or more"),
        (([1, 2],), {"level": 95}, "between 0 and 1"),
        (([1.0, np.nan, 2.0],), {"resamples": 50}, "not finite"),
    ],
)
def test_unusable_input_is_refused(arrays, options, message):
    with pytest.raises(ValueError, match=message):
        bootstrap_interval(lambda *a: float(np.mean(a[0])), *arrays, **options)


def test_counts_that_are_none_are_refused():
    for counts in ([0, 0], [3, -1]):
        with pytest.raises(ValueError, match="Counts"):
            resampled_counts(np.array(counts))


@pytest.mark.parametrize(
    ("labels", "probabilities", "classes", "message"),
    [
        ([0, 3], np.eye(3)[:2], "abc", "out of range"),
        ([0, 1], np.eye(3), "abc", "do not fit"),
        ([0, 1], np.eye(3)[:2], "ab", "class names"),
        ([0, 1], np.full((2, 3), np.nan), "abc", "finite"),
        ([0, 1], np.ones((2, 3)), "abc", "sum to 1"),
    ],
)
def test_predictions_that_do_not_fit_are_refused(labels, probabilities, classes, message):
    with pytest.raises(ValueError, match=message):
        class_f1_intervals(labels, probabilities, classes)
