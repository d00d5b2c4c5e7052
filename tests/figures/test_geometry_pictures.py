"""The page on geometry measures what it says: shares of masks, of boxes, and pictures that show them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.data import open_dataset
from cgrecnet.data.batches.crops import random_crops
from cgrecnet.data.intensity import INTENSITIES
from cgrecnet.figures.geometry import (
    draw_boxes,
    draw_kept,
    draw_shares,
    evaluation_shares,
    kept_shares,
    share_inside,
    share_of_box,
    training_boxes,
    training_shares,
)
from cgrecnet.figures.geometry_maps import TURNS, draw_intensities, draw_turns, draw_views, draw_weights


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options={"cells": 12, "seed": 2})


def corner_mask():
    mask = np.zeros((10, 20), bool)
    mask[2:4, 5:9] = True  # 8 pixels
    return mask


def test_share_of_a_mask_inside_a_box_counts_parts_of_pixels():
    mask = corner_mask()
    assert share_inside(mask, (0, 0, 10, 20)) == 1
    assert share_inside(mask, (3, 0, 7, 20)) == 0.5
    assert share_inside(mask, (3.5, 0, 6.5, 7)) == pytest.approx(0.5 * 2 / 8)
    assert share_inside(mask, (5, 0, 5, 20)) == 0
    assert np.isnan(share_inside(np.zeros((3, 3), bool), (0, 0, 3, 3)))


def test_share_of_a_box_that_is_mask():
    assert share_of_box(corner_mask(), (2, 5, 2, 8)) == 0.5
    assert share_of_box(corner_mask(), (0, 0, 10, 20)) == 8 / 200


def test_evaluation_keeps_what_the_papers_sizes_say():
    assert kept_shares([45, 37, 50], [60, 60, 50]) == pytest.approx([0.575, 0.472, (224 / 256) ** 2], abs=5e-4)
    middle = np.zeros((45, 60), bool)
    middle[20:25, 28:32] = True
    left = np.zeros((45, 60), bool)
    left[:, 0] = True
    assert evaluation_shares([middle, left]).tolist() == [1, 0]


def test_training_shares_are_those_of_the_drawn_boxes():
    masks = [corner_mask(), corner_mask().T]
    inside, fill = training_shares(masks, epochs=3, scale=(0.1, 0.5), seed=4)
    assert inside.shape == fill.shape == (2, 3)
    for k, mask in enumerate(masks):
        found = training_boxes(mask.shape, k, 3, (0.1, 0.5), seed=4)
        assert inside[k].tolist() == [share_inside(mask, box) for box in found]
        assert fill[k].tolist() == [share_of_box(mask, box) for box in found]


def test_boxes_are_drawn_where_they_are():
    image = np.zeros((30, 40), np.uint8)
    boxes = training_boxes((30, 40), 7, 2, (0.08, 1.0))
    place = draw_boxes([image], [np.zeros((30, 40), bool)], (0, 255), [boxes]).axes[0]
    crops = random_crops([30], [40], [7], seed=0, epoch=1, size=224)
    frame = place.patches[1]
    assert (frame.get_x() + 0.5, frame.get_y() + 0.5) == (crops.left[0], crops.top[0])
    assert (frame.get_width(), frame.get_height()) == (crops.width[0], crops.height[0])


def test_kept_curve_and_panels_agree():
    curve, panel = draw_kept([(37, 60)]).axes
    heights, shares = curve.lines[0].get_data()
    assert curve.lines[1].get_ydata()[0] == shares[list(heights).index(37)]
    grey, frame = panel.patches
    kept = frame.get_width() * frame.get_height() / (grey.get_width() * grey.get_height())
    assert kept == pytest.approx(shares[list(heights).index(37)]) and f"{kept:.0%}" in panel.get_title()


def test_cumulative_curves_count_crops():
    axes = draw_shares({"x": np.array([[0.0, 0.0], [0.5, 1.0]])}, np.ones(4)).axes[0]
    x, y = axes.lines[0].get_data()
    assert y[0] == 0.5 and y[np.searchsorted(x, 0.6)] == 0.75 and y[-1] == 1
    assert axes.lines[1].get_ydata()[-2] == 0


def test_turns_are_what_they_are_called():
    image = np.arange(12).reshape(3, 4)
    turned = {name: turn(image) for name, turn in TURNS.items()}
    assert turned["flipped left-right"][0].tolist() == [3, 2, 1, 0]
    assert turned["flipped top-bottom"][0].tolist() == [8, 9, 10, 11]
    assert turned["turned by 90°"].shape == (4, 3) and turned["turned by 180°"][0, 0] == 11
    shown = [place.images[0].get_array() for place in draw_turns(image, (0, 11)).axes]
    assert all(np.array_equal(a, b) for a, b in zip(shown, turned.values(), strict=True))


def test_weights_of_a_row_sum_to_one_on_the_picture():
    whole, part = draw_weights((15, 224), [(30, 8)]).axes
    assert whole.images[0].get_array().shape == (224, 15)
    assert np.allclose([line.get_ydata().sum() for line in part.lines], 1)


def test_every_option_has_a_row_and_every_cell_a_column(cells):
    axes = np.array(draw_intensities(cells.images[:3], cells.window, ["a", "b", "c"]).axes).reshape(len(INTENSITIES), 3)
    assert [place.get_ylabel() for place in axes[:, 0]] == list(INTENSITIES)
    assert len({place.images[0].get_array().shape for place in axes.ravel()}) == 1
    background = np.asarray(axes[INTENSITIES.index("background"), 0].images[0].get_array())
    assert abs(np.median(background[:, :2]) - 0.5) < 0.02


def test_views_are_framed_in_the_colours_of_their_boxes(cells):
    figure = draw_views(cells, [0, 5], size=32, epochs=2)
    axes = np.array(figure.axes).reshape(2, 4)
    for row in axes:
        boxes = [patch.get_edgecolor() for patch in row[0].patches]
        assert boxes == [place.spines["left"].get_edgecolor() for place in row[1:]] and len(set(boxes)) == 3
        assert row[1].images[0].get_array().shape == (32, 32)
    assert not np.array_equal(axes[0, 1].images[0].get_array(), axes[0, 2].images[0].get_array())
