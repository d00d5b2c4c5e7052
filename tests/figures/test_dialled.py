"""Pictures of the same cells at several settings of a dial, and how loud the noise is."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.data.phantom import KINDS
from cgrecnet.figures.dialled import describe_cells, dialled, draw_cells, loudness, one_of_each


@pytest.fixture(scope="module")
def made():
    return dialled("noise", (0.0, 1.0, 4.0), cells=32)


def test_only_the_noise_differs(made):
    assert np.array_equal(made[0.0].labels, made[4.0].labels)
    assert made[0.0].causes.equals(made[4.0].causes)
    assert any((a != b).any() for a, b in zip(made[0.0].images, made[4.0].images, strict=True))


def test_four_times_the_noise_is_about_four_times_as_loud(made):
    one, four = (loudness(made[0.0], made[level]) for level in (1.0, 4.0))
    assert one.signal == four.signal and one.cells == 32
    assert 3 < four.noise / one.noise < 4.2 and one.ratio > 3 * four.ratio


def test_two_of_each_class_in_columns_on_one_grey_scale(made):
    chosen = one_of_each(made[1.0])
    assert sorted(made[1.0].labels[chosen]) == [0, 0, 1, 1, 2, 2]
    figure = draw_cells(made[1.0], chosen, KINDS)
    assert [axes.get_title() for axes in figure.axes[:3]] == list(KINDS)
    assert {axes.images[0].get_clim() for axes in figure.axes} == {(0.0, 255.0)}
    assert np.array_equal(figure.axes[0].images[0].get_array(), made[1.0].images[chosen[0]])
    plt.close(figure)


def test_descriptions_differ():
    said = {describe_cells("noise", level) for level in (0, 1, 6)} | {describe_cells("debris", 0.9)}
    assert len(said) == 4
