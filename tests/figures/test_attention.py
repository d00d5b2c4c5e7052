"""The pictures of the attentions show the right numbers."""

import matplotlib

matplotlib.use("Agg")

import math

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.figures import attention


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_angular_kernel_and_truncation_at_known_angles():
    cosine = np.array([1.0, 0.5, 0.0, -1.0])
    assert np.allclose(attention.angular(cosine), [1, 2 / 3, 0.5, 0])
    assert np.allclose(attention.truncated(cosine), [0.5 + 1 / math.pi, 0.5 + 0.5 / math.pi, 0.5, 0.5 - 1 / math.pi])


def test_slope_of_powers():
    tokens = [10, 100, 1000]
    assert math.isclose(attention.slope(tokens, [3 * n**2 for n in tokens]), 2)
    assert math.isclose(attention.slope(tokens, [7 * n for n in tokens]), 1)


def test_rows_of_the_drawn_softmax_sum_to_one_and_sharpen():
    cosines = np.random.default_rng(0).uniform(-1, 1, (5, 5))
    figure = attention.draw_channel_attention(np.zeros((8, 8)), cosines, (1, 10))
    soft, sharp = (np.asarray(figure.axes[k].images[0].get_array()) for k in (2, 3))
    assert np.allclose(soft.sum(1), 1) and np.allclose(sharp.sum(1), 1)
    assert (sharp.max(1) > soft.max(1)).all()
    assert (sharp.argmax(1) == cosines.argmax(1)).all()


def test_what_is_dropped_is_the_difference_of_the_two_curves():
    left, middle, _ = attention.draw_kernels(np.zeros(10)).axes
    whole, linear = (line.get_ydata() for line in left.lines)
    assert np.allclose(middle.lines[0].get_ydata(), whole - linear)
    assert np.isclose(np.abs(whole - linear).max(), 0.5 - 1 / math.pi)


def test_the_marked_position_lies_where_its_token_does():
    figure = attention.draw_weights_of_a_token(np.zeros((8, 8)), {"x": np.arange(16.0).reshape(4, 4)}, (1, 2))
    mark = figure.axes[0].patches[0]
    assert (mark.get_x(), mark.get_y(), mark.get_width()) == (4, 2, 2)
    assert figure.axes[1].images[0].get_array()[1, 2] == 6


def test_responses_share_one_scale():
    figure = attention.draw_responses({"a": np.eye(3), "b": -5 * np.eye(3)})
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(-5, 5)}


def test_costs_are_drawn_as_given():
    axes = attention.draw_costs([1, 10], {"MACs": {"linear": [2, 20], "square": [3, 300]}}).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines] == [[2, 20], [3, 300]]
    assert axes.get_xscale() == axes.get_yscale() == "log"
