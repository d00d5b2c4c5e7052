"""Split, attainable accuracy and spread: by hand first, then the paper's own numbers."""

import numpy as np
import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.paper.audit import attainable, split, standard_deviations
from cgrecnet.paper.audit.interval import Interval

COUNTS, SUPPORTS = (55_466, 27_687, 124_403), (8_320, 4_153, 18_661)
F1 = {
    "ViT": ("95.80", "81.15", "94.60"), "VGG": ("97.82", "85.12", "96.10"), "DenseNet": ("98.13", "86.45", "96.33"),
    "MobileNetV2": ("98.15", "87.20", "96.55"), "Baseline": ("97.40", "83.81", "95.53"),
    "CG-RecNet": ("98.34", "89.75", "96.99"),
}


def _share(texts):
    return [Interval.printed(t).scaled(0.01) for t in texts]


def test_intervals():
    assert Interval.printed("8.40") == Interval(pytest.approx(8.395), pytest.approx(8.405))
    assert Interval(1, 2) - Interval(0.5, 1) == Interval(0, 1.5)
    assert Interval(1, 2).distance(Interval(5, 6)) == 3 and Interval(1, 2).distance(Interval(2, 3)) == 0
    with pytest.raises(ZeroDivisionError):
        Interval(1, 2) / Interval(0, 1)


@pytest.mark.parametrize("seed", [42, 123, 999])
def test_which_splits_give_the_printed_supports(seed):
    found = {o.rule: o for o in split.split_outcomes(COUNTS, SUPPORTS, seed)}
    by_class = {"each class, rounded down", "each class, rounded", "each class, rounded up", "each class by sklearn"}
    assert {name for name, o in found.items() if not o.matches} == by_class | {"twentieths"}
    assert found["test first, then 0.15/0.85"].train == (38_826, 19_381, 87_081)
    assert found["test first, then 0.15/0.85"].validation == SUPPORTS
    assert found["30 per cent, then half"].validation == (8_320, 4_153, 18_660)
    assert all(tuple(map(sum, zip(o.train, o.validation, o.test, strict=True))) == COUNTS for o in found.values())


def test_split_of_a_small_set_by_hand():
    found = {o.rule: o for o in split.split_outcomes((100, 60), (15, 9))}
    for rule in ("test first, then 3/17", "each class, rounded", "twentieths"):
        assert (found[rule].train, found[rule].validation, found[rule].test) == ((70, 42), (15, 9), (15, 9))
        assert found[rule].matches and split.largest_share_difference(found[rule]) == 0
    assert not any(o.matches for o in split.split_outcomes((100, 60), (14, 10)))


def test_folds_and_last_batches():
    assert all(abs(np.array(f) - (11_093, 5_537, 24_881)).max() <= 1 for f in split.fold_supports(COUNTS))
    assert split.last_batch(145_288, 8) == (18_161, 8) and split.last_batch(145_289, 8) == (18_162, 1)


def test_perfect_f1_means_perfect_accuracy():
    reach = attainable.accuracy_range((30, 70), [Interval(1, 1), Interval(1, 1)])
    assert (reach.low, reach.high) == (pytest.approx(1), pytest.approx(1))


def test_accuracy_range_covers_a_known_matrix():
    matrix = np.array([[50, 3, 7], [2, 30, 8], [10, 5, 85]])
    hits = np.diag(matrix)
    f1 = 2 * hits / (matrix.sum(0) + matrix.sum(1))
    reach = attainable.accuracy_range(matrix.sum(1), [Interval(x, x) for x in f1])
    assert reach.low <= hits.sum() / matrix.sum() <= reach.high and reach.low < reach.high
    best = attainable.extreme_matrix(matrix.sum(1), [Interval(x, x) for x in f1])
    assert np.trace(best) / matrix.sum() == pytest.approx(reach.high)
    assert 2 * np.diag(best) / (best.sum(0) + best.sum(1)) == pytest.approx(f1)


def test_two_classes_by_brute_force():
    wanted = [Interval(0.70, 0.80), Interval(0.55, 0.65)]
    found = []
    for a in range(21):
        for b in range(13):
            matrix = np.array([[a, 20 - a], [12 - b, b]])
            f1 = 2 * np.diag(matrix) / (matrix.sum(0) + matrix.sum(1))
            if all(w.contains(x) for w, x in zip(wanted, f1, strict=True)):
                found.append((a + b) / 32)
    reach = attainable.accuracy_range((20, 12), wanted)
    assert reach.low <= min(found) and max(found) <= reach.high
    assert reach.low > min(found) - 0.05 and reach.high < max(found) + 0.05


def test_impossible_f1s_are_refused():
    with pytest.raises(ConfigError, match="No confusion matrix"):
        f1, recall = [Interval(0, 0.01), Interval(0.99, 1)], [Interval(0.9, 1), Interval(0, 1)]
        attainable.accuracy_range((1000, 10), f1, recall)
    with pytest.raises(ConfigError, match="one of each per class"):
        attainable.accuracy_range((1, 2, 3), [Interval(0, 1)])


@pytest.mark.parametrize(
    ("model", "accuracy", "sd", "low", "high", "discrepancy"),
    [
        ("ViT", "94.27", "0.25", 92.69, 93.43, 0.835), ("VGG", "95.82", "0.18", 94.82, 95.27, 0.549),
        ("DenseNet", "96.04", "0.14", 95.27, 95.59, 0.449), ("MobileNetV2", "96.07", "0.12", 95.53, 95.84, 0.229),
        ("Baseline", "94.58", "0.08", 94.15, 94.61, 0), ("CG-RecNet", "96.40", "0.07", 96.26, 96.41, 0),
    ],
)
def test_table_4_against_table_5(model, accuracy, sd, low, high, discrepancy):
    check = attainable.check_accuracy(model, SUPPORTS, F1[model], accuracy, sd)
    assert check.attainable.low == pytest.approx(low, abs=0.006)
    assert check.attainable.high == pytest.approx(high, abs=0.006)
    assert check.discrepancy == pytest.approx(discrepancy, abs=0.001) and check.fits == (discrepancy == 0)


def test_figure_7_and_table_5_pin_the_accuracy():
    recall = _share(("99", "89", "97"))
    reach = attainable.accuracy_range(SUPPORTS, _share(F1["CG-RecNet"]), recall)
    assert (100 * reach.low, 100 * reach.high) == (pytest.approx(96.383, abs=1e-3), pytest.approx(96.406, abs=1e-3))
    precision = attainable.precision_range(SUPPORTS, _share(F1["CG-RecNet"]), recall).scaled(100)
    assert precision.low < 96.376 and precision.high > 96.385 and precision.contains(96.38)
    assert np.average([99, 89, 97], weights=SUPPORTS) == pytest.approx(96.467, abs=1e-3)


def test_weighted_recall_is_accuracy():
    matrix = np.random.default_rng(1).integers(1, 50, (4, 4))
    assert standard_deviations.weighted_recall(matrix) == pytest.approx(np.trace(matrix) / matrix.sum())


def test_spread_of_the_folds():
    assert standard_deviations.check_floor(50, 1, 100, 5).floor == 5
    assert standard_deviations.check_floor(96.40, 0.07, 41_511, 5).floor == pytest.approx(0.0914, abs=1e-4)
    assert standard_deviations.check_floor(96.40, 0.07, 41_511, 5).tail == pytest.approx(0.327, abs=1e-3)
    assert standard_deviations.check_floor(94.58, 0.08, 41_511, 5).tail == pytest.approx(0.278, abs=1e-3)
    assert standard_deviations.variance_ratio_p(0.1, 0.1, 5) == pytest.approx(0.5)
    assert standard_deviations.common_sd("0.06", "0.07") == Interval(pytest.approx(0.065), pytest.approx(0.065))
    assert standard_deviations.common_sd("0.06", "0.08") is None


def test_floor_tail_against_simulated_folds():
    rng = np.random.default_rng(2)
    sds = (rng.binomial(41_511, 0.964, (20_000, 5)) / 41_511 * 100).std(axis=1, ddof=1)
    floor = standard_deviations.check_floor(96.40, 0.07, 41_511, 5)
    assert (sds <= 0.07).mean() == pytest.approx(floor.tail, abs=0.015)
