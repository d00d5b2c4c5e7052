"""Differences over folds as they are shown: the right pairs, the right tests, and what is left out."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_runs import write_record

from cgrecnet.evaluation.decide import decide, over_folds
from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t
from cgrecnet.evaluation.plan import load_plan
from cgrecnet.evaluation.power import power_of_paired_t
from cgrecnet.figures.spread import PAIR_HEADERS, draw_class_f1, draw_pairs, draw_power, fold_pairs, pair_rows
from cgrecnet.runs.pooled import Pooled

SCORES = {"resnet50": [0.80, 0.81, 0.82], "cg_recnet": [0.83, 0.835, 0.86], "vgg16": [0.81, 0.82, 0.83]}
BOTH = ("cg_recnet", "resnet50")


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    config = {"experiment": "e", "data": "jurkat", "split": "folds"}
    return [
        write_record(folder, config | {"model": model, "fold": fold}, score)
        for model, scores in SCORES.items()
        for fold, score in enumerate(scores)
    ]


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_pairs_hold_both_tests_of_the_same_folds(records):
    (pair,) = fold_pairs(records[::-1], [BOTH])
    first, second = SCORES["cg_recnet"], SCORES["resnet50"]
    assert pair.differences == pytest.approx([3.0, 2.5, 4.0])
    assert pair.plain == paired_t(first, second)
    assert pair.corrected == corrected_resampled_t(first, second, 38 / 120)
    assert pair.name == "CG-RecNet \N{MINUS SIGN} Baseline" and pair.sd == pytest.approx(np.std([3, 2.5, 4], ddof=1))


def test_what_cannot_be_tested_is_left_out(records):
    missing, alike = ("cg_recnet", "rescmnet"), ("vgg16", "resnet50")
    assert fold_pairs(records, [missing, alike]) == []
    assert fold_pairs([r for r in records if r.config["fold"] == 0], [BOTH]) == []


def test_rows_say_which_p_decides_and_what_is_exploratory(records):
    planned = decide({"P1": over_folds(load_plan()["P1"], SCORES, 38 / 120)})
    pairs = fold_pairs(records, [BOTH, ("cg_recnet", "vgg16")])
    rows = pair_rows(pairs, planned)
    assert all(len(row) == len(PAIR_HEADERS) for row in rows)
    assert rows[0][-1] == str(planned[0].outcome) and rows[0][-3] == f"{planned[0].p_corrected:.2g}"
    assert rows[1][-1] == "exploratory" and rows[1][-3] == "" and rows[1][-2] == "3 folds"


def test_the_drawing_has_every_fold_and_the_longer_corrected_interval(records):
    pairs = fold_pairs(records, [BOTH])
    (axes,) = draw_pairs(pairs).axes
    dots, *bars = [line for line in axes.lines if len(line.get_xdata()) > 1 and line.get_color() != "0.5"]
    assert sorted(dots.get_xdata()) == pytest.approx([2.5, 3.0, 4.0])
    assert np.ptp(bars[1].get_xdata()) > np.ptp(bars[0].get_xdata())
    assert tuple(bars[1].get_xdata()) == pairs[0].corrected.interval95


def test_power_is_drawn_for_independent_repeats_and_for_folds_of_one_data_set():
    (axes,) = draw_power({"a": 0.1, "b": 1.0}, 0.08, 0.25, most=50).axes
    curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
    assert [line.get_linestyle() for line in curves] == ["-", "--", "-", "--"]
    n, power = curves[1].get_data()
    assert power[-1] == pytest.approx(power_of_paired_t(0.08, 0.1, int(n[-1]), test_share=0.25))
    assert (curves[0].get_ydata() >= curves[1].get_ydata()).all()


def test_class_f1_has_a_point_per_network_and_class_with_its_count():
    labels = np.repeat([0, 1, 2], [30, 20, 10])
    probabilities = {"resnet50": np.eye(3)[labels], "cg_recnet": np.eye(3)[np.roll(labels, 5)]}
    pooled = Pooled(("a", "b", "c"), labels.astype(str), labels, labels * 0, probabilities, (), ())
    (axes,) = draw_class_f1(pooled).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "a\n(n = 30 cells)", "b\n(n = 20 cells)", "c\n(n = 10 cells)",
    ]  # fmt: skip
    perfect, shifted = (bars.lines[0].get_ydata() for bars in axes.containers)
    assert (perfect == 1).all() and (shifted < 1).all()
