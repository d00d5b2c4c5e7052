"""Figures show what they are given: the right number of cells, the right counts, the true shapes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

from cgrecnet.data import open_dataset
from cgrecnet.figures.cells import draw_absent, draw_channels, draw_gallery, example_cells, example_images, grey, pick
from cgrecnet.figures.modules import draw_shape_strip, stage2_map, trace_shapes
from cgrecnet.figures.style import STYLE, use_book_style
from cgrecnet.models import create_model


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options={"cells": 60, "seed": 2})


def test_a_gallery_draws_cells_of_the_class_that_its_row_names(cells):
    rows = pick(cells, per_class=4, seed=1)
    assert [set(cells.labels[row]) for row in rows] == [{0}, {1}, {2}]
    assert rows == pick(cells, per_class=4, seed=1) != pick(cells, per_class=4, seed=2)
    figure = draw_gallery(cells, per_class=4, seed=1)
    shown = [axes.images[0].get_array() for axes in figure.axes]
    assert len(shown) == 12
    assert np.array_equal(shown[0], cells.images[rows[0][0]])
    assert {axes.images[0].get_clim() for axes in figure.axes} == {cells.window}


def test_a_class_with_few_cells_leaves_places_empty(cells):
    few = pick(cells, per_class=50)
    assert len(few[1]) == cells.counts()["oligodendrocyte"] < 50


def test_a_channel_has_one_grey_scale_for_all_cells():
    images = {"Ch1": [np.zeros((4, 4)), np.full((4, 4), 3.0)], "Ch2": [np.ones((4, 4)), np.full((4, 4), 9.0)]}
    axes = np.array(draw_channels(images, ["a", "b"]).axes).reshape(2, 2)
    assert [axes[row, 1].images[0].get_clim() for row in (0, 1)] == [(1, 9), (1, 9)]
    assert axes[0, 0].get_title() == "Ch1" and axes[1, 0].get_ylabel() == "b"


def test_an_absent_picture_says_why_and_draws_nothing(monkeypatch):
    shown = []
    monkeypatch.setattr("cgrecnet.figures.cells.display", shown.append)
    draw_absent("No run of <these> here.")
    assert [block.data for block in shown] == ['<p class="not-shown">Not shown. No run of &lt;these&gt; here.</p>']
    assert not plt.get_fignums()


def test_the_example_cells_are_real_ones():
    dataset, indices = example_cells(per_class=2)
    assert not dataset.simulated and len(indices) == 6
    images = example_images(dataset, indices[:2], size=64)
    assert images.shape == (2, 3, 64, 64)
    picture = grey(images[0])
    assert 0 <= picture.min() < picture.max() <= 1


def test_the_map_is_what_the_network_itself_makes_behind_layer2():
    network = create_model("resnet50").eval()
    seen = []
    network.layer2.register_forward_hook(lambda _, __, output: seen.append(output.detach()))
    images = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        network(images)
    assert torch.equal(stage2_map(network, images), seen[0])


def test_shapes_are_those_that_the_network_had():
    network = nn.Sequential()
    network.add_module("conv", nn.Conv2d(3, 8, 3, stride=2, padding=1))
    network.add_module("same", nn.Identity())
    network.add_module("flat", nn.Flatten())
    steps = trace_shapes(network, torch.zeros(1, 3, 16, 16))
    assert [(step.name, step.shape) for step in steps] == [
        ("image", (3, 16, 16)), ("conv", (8, 8, 8)), ("same", (8, 8, 8)), ("flat", (512,)),
    ]  # fmt: skip
    assert not network[0]._forward_hooks
    labels = [text.get_text() for text in draw_shape_strip(steps).axes[0].texts]
    assert "same" not in labels and "8×8×8" in labels and "512" in labels
    assert "same" in [text.get_text() for text in draw_shape_strip(steps, highlight=("same",)).axes[0].texts]


def test_figures_have_an_opaque_white_ground():
    with plt.rc_context():
        use_book_style()
        assert plt.figure().get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert STYLE["savefig.facecolor"] == "white"
