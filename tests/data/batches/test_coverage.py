"""Shares of masks and boxes are counted in parts of pixels, and belong to the boxes that are drawn."""

import numpy as np
import pytest

from cgrecnet.data.batches.coverage import (
    evaluation_shares,
    kept_shares,
    share_inside,
    share_of_box,
    training_boxes,
    training_shares,
)


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
