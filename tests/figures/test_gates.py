"""The pictures of the gate show the right numbers."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

from cgrecnet.figures.gates import draw_activations, draw_chosen_gates, middle_minus_border


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def gate():
    """Three channels of 12 x 12: flat; open in the middle; shut in the middle."""
    values = torch.ones(12, 12, 3)
    values[4:8, 4:8, 1] = 3
    values[4:8, 4:8, 2] = 0
    return values


def test_difference_is_zero_where_flat_and_signed_where_not(gate):
    flat, opened, shut = middle_minus_border(gate, reach=0.15).tolist()
    assert flat == 0 and opened == 2 and shut == -1


def test_the_most_open_and_the_most_shut_gate_are_shown(gate):
    figure = draw_chosen_gates(np.zeros((12, 12)), gate)
    titles = [axes.get_title("left") or axes.get_title() for axes in figure.axes[:4]]
    assert titles[2:] == ["gate 1", "gate 2"]
    assert np.allclose(figure.axes[1].images[0].get_array(), gate.mean(2))


def test_curves_are_the_two_activations():
    left = draw_activations(torch.zeros(10)).axes[0]
    gelu, sigmoid = (line.get_ydata() for line in left.lines[:2])
    assert np.isclose(min(gelu), -0.17, atol=0.001) and max(gelu) > 2.9
    assert 0 < min(sigmoid) and max(sigmoid) < 1
