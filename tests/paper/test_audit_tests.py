"""Comparisons, schedule, complexity table and cost: by hand or by a library first, then the paper's numbers."""

import numpy as np
import pytest
from scipy import stats

from cgrecnet.errors import ConfigError
from cgrecnet.paper.audit import complexity, compute_time, printed_t_test, schedule
from cgrecnet.paper.audit.interval import Interval

SCORES = {
    "CG-RecNet": printed_t_test.Score("96.40", "0.07"), "Baseline": printed_t_test.Score("94.58", "0.08"),
    "ResCMNet": printed_t_test.Score("96.32", "0.11"), "MobileNetV2": printed_t_test.Score("96.07", "0.12"),
    "DenseNet": printed_t_test.Score("96.04", "0.14"), "VGG": printed_t_test.Score("95.82", "0.18"),
    "ViT": printed_t_test.Score("94.27", "0.25"),
}


def test_paired_t_equals_scipy():
    a, b = np.random.default_rng(3).normal(size=(2, 6))
    got = printed_t_test.paired_t(a.mean() - b.mean(), a.std(ddof=1), b.std(ddof=1), 6, np.corrcoef(a, b)[0, 1])
    want = stats.ttest_rel(a, b)
    assert (got.t, got.p) == (pytest.approx(want.statistic), pytest.approx(want.pvalue))


def test_unpaired_t_equals_scipy():
    a, b = np.random.default_rng(4).normal(size=(2, 5))
    got = printed_t_test.unpaired_t(a.mean() - b.mean(), a.std(ddof=1), b.std(ddof=1), 5)
    want = stats.ttest_ind(a, b)
    assert (got.t, got.p) == (pytest.approx(want.statistic), pytest.approx(want.pvalue))


@pytest.mark.parametrize(
    ("second", "difference", "t", "p", "highest", "lowest", "corrected_t", "corrected_p"),
    [
        ("Baseline", 1.82, 38.3, 2.8e-6, 1.1e-5, 2.2e-10, 25.5, 1.4e-5),
        ("ResCMNet", 0.08, 1.37, 0.242, 0.377, 0.0111, 0.915, 0.412),
        ("MobileNetV2", 0.33, 5.31, 0.00604, 0.0178, 1.23e-4, 3.54, 0.0240),
        ("DenseNet", 0.36, 5.14, 0.00678, 0.0186, 3.26e-4, 3.43, 0.0266),
        ("VGG", 0.58, 6.72, 0.00256, 0.00657, 2.96e-4, 4.48, 0.0110),
        ("ViT", 2.13, 18.3, 5.19e-5, 1.19e-4, 1.21e-5, 12.2, 2.57e-4),
    ],
)
def test_the_printed_comparisons(second, difference, t, p, highest, lowest, corrected_t, corrected_p):
    got = printed_t_test.compare(SCORES, "CG-RecNet", second, 5)
    assert got.difference == pytest.approx(difference)
    assert got.uncorrelated.t == pytest.approx(t, rel=0.01) and got.uncorrelated.p == pytest.approx(p, rel=0.02)
    assert got.highest_p == pytest.approx(highest, rel=0.02) and got.lowest_p == pytest.approx(lowest, rel=0.02)
    assert got.corrected.t == pytest.approx(corrected_t, rel=0.01)
    assert got.corrected.p == pytest.approx(corrected_p, rel=0.02)
    assert got.with_rounding.low <= got.lowest_p and got.with_rounding.high >= got.highest_p


def test_p_falls_with_the_correlation():
    rho, p = printed_t_test.p_over_correlations(0.33, 0.07, 0.12, 5)
    assert rho[0] == -1 and rho[-1] == 1 and (np.diff(p) < 0).all()


def test_seeds_in_place_of_folds():
    test = printed_t_test.paired_t(1.82, 0.07, 0.08, 3, 0)
    assert test.t == pytest.approx(29.65, abs=0.01) and test.p == pytest.approx(0.00114, abs=1e-5)
    assert printed_t_test.smallest_correlation(1.82, 0.07, 0.08, 3, 0.001) == pytest.approx(0.1204, abs=1e-3)
    assert printed_t_test.smallest_correlation(1.82, 0.07, 0.08, 5, 0.001) == -1
    assert printed_t_test.smallest_correlation(0.001, 0.07, 0.11, 5, 0.001) is None


def test_rounding_may_hide_the_sign():
    assert printed_t_test.p_range(Interval(-0.01, 0.01), "0.07", "0.08", 5).high == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((1, 1, 1, 1, 0), "at least 2 runs"), ((1, 1, 1, 5, 1.2), "between -1 and 1"), ((1, -1, 1, 5, 0), "not negative")],
)
def test_impossible_tests_are_refused(arguments, message):
    with pytest.raises(ConfigError, match=message):
        printed_t_test.paired_t(*arguments)


def test_step_rates_equal_torch():
    torch = pytest.importorskip("torch")
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=7, gamma=0.1)
    rates = []
    for _ in range(100):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    assert schedule.step_rates(1e-3) == pytest.approx(rates, rel=1e-9)


def test_what_the_schedule_leaves():
    rates = schedule.step_rates(1e-3)
    assert rates.sum() / 1e-3 == pytest.approx(7.778, abs=1e-3)
    assert 1 - schedule.left_shares(rates)[[6, 13, 20, 27]] == pytest.approx([0.9, 0.99, 0.999, 0.9999])
    assert schedule.left_shares(rates)[-1] == 0
    assert schedule.last_useful_epoch(rates) == 21


@pytest.mark.parametrize(("initial", "epoch"), [(1e-3, 50), (1e-4, 43)])
def test_updates_that_are_rounded_away(initial, epoch):
    rates = schedule.step_rates(initial)
    for update in (1.0, (1 - 0.9) / (1 - 0.999) ** 0.5):  # one rate; and the most that Adam's default betas allow
        assert schedule.first_lost_epoch(rates, 0.01, update) == epoch
    weight = np.float32(0.01)
    assert weight - np.float32(rates[epoch - 1]) == weight
    assert weight - np.float32(rates[epoch - 8]) != weight
    assert schedule.first_lost_epoch(np.full(100, initial)) is None


def test_schedule_of_nonsense():
    with pytest.raises(ConfigError, match="above zero"):
        schedule.step_rates(0)


def test_additivity_by_hand_and_as_printed():
    assert complexity.additivity("3.0", "4.0", "6.0", "1.0").discrepancy == 0
    parameters = complexity.additivity("27.69", "25.89", "28.02", "25.51")
    assert parameters.implied == Interval(pytest.approx(25.545), pytest.approx(25.575))
    assert parameters.discrepancy == pytest.approx(0.03)
    assert parameters.first_module.middle == pytest.approx(2.13)
    assert parameters.second_module.middle == pytest.approx(0.33)
    operations = complexity.additivity("8.19", "7.73", "8.40", "6.13")
    assert operations.implied.middle == pytest.approx(7.52) and operations.discrepancy == pytest.approx(1.37)


def test_ratios():
    assert complexity.increase("28.02", "25.51").middle == pytest.approx(9.84, abs=0.01)
    assert complexity.increase("8.40", "6.13").middle == pytest.approx(37.03, abs=0.01)
    assert complexity.increase_of(3, 2) == 50


def test_cost_by_hand_and_of_the_protocol():
    assert compute_time.protocol_cost({"a": 1}, 1000, 1, 1, 1, 6e12).days == pytest.approx(1 / 86_400)
    models = {**compute_time.TORCHVISION_GMACS, "cg_recnet": 6.0, "rescmnet": 4.34, "resgdnet": 5.8}
    assert compute_time.protocol_cost(models, 166_045, 100, 5, 1, 3e12).days == pytest.approx(108, abs=2)
    with pytest.raises(ConfigError, match="above zero operations"):
        compute_time.protocol_cost({"a": 1}, 1, 1, 1, 1, 0)


def test_listed_macs_are_torchvisions_own():
    models = pytest.importorskip("torchvision").models
    for name, gmacs in compute_time.TORCHVISION_GMACS.items():
        weights = models.get_model_weights(name).IMAGENET1K_V1
        assert weights.meta["_ops"] == pytest.approx(gmacs, abs=0.001), name
