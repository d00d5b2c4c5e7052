"""The page on one run: curves of records, a schedule that runs dry, and words that follow from the numbers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.figures.one_run import draw_runs, draw_schedule, draw_standstill, first_still
from cgrecnet.runs.run_record import RunRecord


def record(model: str, fold: int, f1: list[float], norm: list[float], best: int) -> RunRecord:
    history = [
        {
            "epoch": epoch, "train_loss": 1.0, "validation_loss": 1.1, "validation_macro_f1": score,
            "gradient_norm": length, "learning_rate": 1e-4, "reported": epoch == best,
        }
        for epoch, (score, length) in enumerate(zip(f1, norm, strict=True), 1)
    ]  # fmt: skip
    return RunRecord(
        run_id=f"{model}-{fold}", experiment="e", config={"model": model, "fold": fold}, started="", wall_seconds=1.0,
        commit="c", code="c", protocol=2, data={}, split={}, weights={}, parameters=1, hardware={},
        software={}, history=history,
        test={}, predictions_sha256="",
    )  # fmt: skip


@pytest.fixture
def runs():
    return [
        record("resnet50", 0, [0.5, 0.8], [20.0, 9.0], best=2),
        record("resnet50", 1, [0.6, 0.7], [20.0, 9.0], best=2),
        record("cg_recnet", 0, [0.5, 0.7], [80.0, 15.0], best=2),
        record("cg_recnet", 1, [0.9, 0.8], [90.0, 95.0], best=1),
        record("cg_recnet", 2, [0.9, 0.8], [70.0, 15.0], best=2),
    ]


def test_every_run_is_drawn_and_the_first_fold_is_bold(runs):
    loss, f1, norm, rate = draw_runs(runs).axes
    assert len(norm.lines) == len(rate.lines) == 5 and len(f1.lines) == 10, "a curve and a dot each"
    assert sorted(line.get_linewidth() for line in norm.lines) == [0.7, 0.7, 0.7, 1.8, 1.8]
    dots = [line for line in f1.lines if line.get_marker() == "o"]
    assert [float(dot.get_xdata()[0]) for dot in dots] == [2, 2, 2, 1, 2]
    assert norm.get_yscale() == "log"
    plt.close("all")


def test_without_records_the_axes_say_so():
    figure = draw_runs([])
    assert all(axes.texts[-1].get_text() == "no runs here" for axes in figure.axes)
    plt.close("all")


def test_the_schedule_is_drawn_relative_to_its_start_and_its_sum():
    left, right = draw_schedule(np.array([2.0, 1.0, 1.0])).axes
    assert list(left.lines[0].get_ydata()) == [1.0, 0.5, 0.5]
    assert list(right.lines[0].get_ydata()) == [0.5, 0.75, 1.0]
    plt.close("all")


def test_a_standstill_has_no_place_on_a_logarithmic_scale():
    step, share, _ = draw_standstill([1e-3, 1e-4], [0.5, 0.0], [1.0, 0.25], [0.3, 0.4]).axes
    assert np.isnan(step.lines[1].get_ydata()[1]) and list(share.lines[0].get_ydata()) == [100.0, 25.0]
    plt.close("all")


def test_the_weights_stand_still_from_the_epoch_after_the_last_change():
    assert first_still([1.0, 0.5, 0.0, 0.1, 0.0, 0.0]) == 5
    assert first_still([0.0, 0.0]) == 1 and first_still([0.0, 0.1]) is None
