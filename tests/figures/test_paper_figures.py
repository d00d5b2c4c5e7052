"""Counterparts of the paper's first four figures."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from cgrecnet.data import open_dataset
from cgrecnet.figures.architecture import draw_modules, fusion_boxes, gate_boxes, recorded_shapes
from cgrecnet.figures.channels import draw_channels, draw_classes, scale_bar
from cgrecnet.figures.flow import FONT, Box, draw_flow
from cgrecnet.figures.workflow import ARROWS, BOOK, PAPER, draw_workflows
from cgrecnet.models.fusion import FusionModule
from cgrecnet.models.gated import GatedCNNBlock


def words(axes):
    return [text.get_text() for text in axes.texts]


def test_arrows_run_from_rim_to_rim():
    figure, axes = plt.subplots()
    boxes = {"a": Box(0, 0, "a", 1, 1), "b": Box(3, 0, "b", 1, 1), "c": Box(0, -3, "c", 1, 1)}
    draw_flow(axes, boxes, [("a", "b"), ("a", "c"), ("b", "a")])
    ends = [patch._posA_posB for patch in axes.patches[3:]]
    assert ends == [[(0.5, 0), (2.5, 0)], [(0, -0.5), (0, -2.5)], [(2.5, 0), (0.5, 0)]]
    assert all(text.get_fontsize() == FONT >= 8 for text in axes.texts)


def test_the_workflows_show_every_step_once():
    above, below = draw_workflows().axes
    assert words(above) == list(PAPER) and words(below) == list(BOOK)
    assert {name for pair in ARROWS for name in pair} == set(BOOK)  # none stands apart


def test_recorded_shapes_are_those_of_the_modules():
    fusion = recorded_shapes(FusionModule(64, width=16, num_heads=2), (1, 64, 4, 6))
    assert fusion["in"] == fusion["out"] == (64, 4, 6)
    assert fusion["reduce"] == fusion["linear_angular"] == fusion["fuse"] == (24, 16) and fusion["expand"] == (24, 64)
    gate = recorded_shapes(GatedCNNBlock(12), (1, 12, 4, 6))
    assert gate["fc1"] == (4, 6, 64) and gate["fc2"] == (4, 6, 12)


def test_the_drawing_of_the_modules_holds_their_shapes():
    boxes, arrows = fusion_boxes(recorded_shapes(FusionModule(), (1, 512, 28, 28)))
    assert boxes["fuse"].text.endswith("784×128") and ("fuse", "expand") in arrows
    boxes, _ = gate_boxes(recorded_shapes(GatedCNNBlock(512), (1, 512, 28, 28)), (1365, 853, 512))
    assert boxes["context"].text.endswith("28×28×512") and boxes["product"].text.endswith("28×28×1365")
    assert len(draw_modules().axes) == 2


def test_classes_have_a_row_each_and_a_bar_where_the_pixel_is_known(twelve_cells):
    figure = draw_classes([(open_dataset("cytometer", options={"cells": 24}), 0.33), (twelve_cells, None)], per_class=2)
    left, right = figure.subfigs
    assert len(left.axes) == len(right.axes) == 6 and len(left.axes[0].images) == 1
    assert sum("µm" in word for axes in left.axes for word in words(axes)) == 1
    assert not any("µm" in word for axes in right.axes for word in words(axes))


def test_a_scale_bar_is_as_long_as_it_says():
    _, axes = plt.subplots()
    axes.imshow(np.zeros((40, 60)))
    scale_bar(axes, 0.5)
    assert axes.patches[0].get_width() == pytest.approx(10 / 0.5)


def test_a_channel_has_one_grey_scale_for_all_cells():
    images = {"Ch1": [np.zeros((4, 4)), np.full((4, 4), 3.0)], "Ch2": [np.ones((4, 4)), np.full((4, 4), 9.0)]}
    axes = np.array(draw_channels(images, ["a", "b"], None).axes).reshape(2, 2)
    assert [axes[row, 1].images[0].get_clim() for row in (0, 1)] == [(1, 9), (1, 9)]
    assert axes[0, 0].get_title() == "Ch1" and axes[1, 0].get_ylabel() == "b"
