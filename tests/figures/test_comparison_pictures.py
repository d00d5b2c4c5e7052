"""The comparison: the front and the trade-off picture; points and records made up."""

import matplotlib.pyplot as plt
import pytest
from made_up_runs import write_record

from cgrecnet.errors import RunError
from cgrecnet.figures.accuracy_cost import (
    Point,
    draw_trade_off,
    front,
    names,
    one_fold,
    point_of,
    printed_points,
)
from cgrecnet.figures.folds import by_model
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.models.zoo import SYSTEMS

CHEAP, DEAR = Point("mobilenet_v2", 80.0, 79.0, 81.0, 2_000_000, 3 * 10**8), Point(
    "cg_recnet", 82.0, 81.0, 83.0, 28_000_000, 6 * 10**9
)
BEATEN = Point("vgg16", 79.0, 78.0, 80.0, 134_000_000, 15 * 10**9)


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


def record_of(folder, model, **changes):
    config = {"experiment": "jurkat-comparison", "model": model, "data": "jurkat", "task": "cycle", "split": "folds",
              "image_size": 48, "epochs": 2}  # fmt: skip
    return write_record(folder, config | changes, 0.8, classes=("G1", "S+G2", "M"))


def test_the_front_is_what_nothing_beats():
    assert front([DEAR, BEATEN, CHEAP], "macs") == [CHEAP, DEAR]
    twin = Point("resnet50", 80.0, 79.0, 81.0, 2_000_000, 4 * 10**8)  # as accurate as CHEAP, and dearer
    assert front([twin, CHEAP], "macs") == [CHEAP] and names([CHEAP, DEAR]) == "MobileNetV2, CG-RecNet"


def test_a_run_as_a_point_has_wilsons_interval_and_its_own_cost(tmp_path):
    record = record_of(tmp_path, "zhu_xception")
    with pytest.raises(RunError, match="1,000 parameters in its record"):
        point_of(record)
    counted = 3_993_443
    score = record.test | {"confusion": [[40, 10, 0], [5, 30, 5], [0, 0, 10]], "n": 100}
    point = point_of(record.model_copy(update={"parameters": counted, "test": score}))
    assert point.accuracy == pytest.approx(80.0) and point.low == pytest.approx(71.1, abs=0.1)
    assert point.high == pytest.approx(86.7, abs=0.1) and point.parameters == counted and point.macs > 10**8


def test_printed_points_are_the_papers_accuracies_with_counted_costs(paper):
    points = {point.model: point for point in printed_points(paper)}
    assert points["cg_recnet"].accuracy == 96.40 and points["cg_recnet"].high == pytest.approx(96.47)
    assert points["vgg16"].macs > 10 * points["mobilenet_v2"].macs
    assert set(points) <= set(SYSTEMS)


def test_the_picture_keeps_pretrained_networks_out_of_the_front():
    hollow = Point("resnet50", 90.0, 89.0, 91.0, 23_000_000, 4 * 10**9)
    figure = draw_trade_off([CHEAP, DEAR, BEATEN], [hollow], floor=68.0, size=48)
    stair = figure.axes[0].lines[0]
    assert list(stair.get_ydata()) == [80.0, 82.0] and list(stair.get_xdata()) == [0.3, 6.0]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "from ImageNet weights" in labels and "largest class alone" in labels
    assert "48 px" in figure.axes[0].get_xlabel()
    plt.close("all")


def test_one_fold_takes_the_runs_of_that_fold(tmp_path):
    records = [record_of(tmp_path, "resnet50", fold=fold) for fold in (0, 1)]
    assert one_fold(by_model(records), 1) == [records[1]]
