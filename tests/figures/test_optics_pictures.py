"""The model cell of the page on optics is what its equations say, and its frames show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.figures import optics as drawings


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_ball_is_as_thick_as_its_diameter_and_as_large_as_its_volume():
    axis_um = np.linspace(-8, 8, 321)
    thickness = drawings.ball(axis_um, 5.0, x_um=1.0)
    assert thickness.max() == pytest.approx(10, rel=1e-3)
    assert axis_um[np.unravel_index(thickness.argmax(), thickness.shape)[1]] == pytest.approx(1.0)
    assert thickness.sum() * (axis_um[1] - axis_um[0]) ** 2 == pytest.approx(4 / 3 * np.pi * 5**3, rel=1e-3)


def test_the_model_cell_is_clear_and_its_two_granules_stand_apart_on_the_middle_line():
    axis_um = np.linspace(-8, 8, 321)
    path, absorption = drawings.model_cell(axis_um)
    assert (1 - np.exp(-absorption)).max() < 0.2
    assert path[:, np.abs(axis_um) > 5.5].max() < 1e-6
    middle = path[160]
    near = [middle[np.argmin(np.abs(axis_um - x))] for x in (-2.6, -2.15, -1.7)]
    assert near[0] > near[1] + 0.01 < near[2]


def test_a_frame_shows_the_picture_and_its_middle_row():
    picture = np.ones((40, 40))
    picture[19:21] = np.linspace(0.5, 1.5, 40)
    figure = drawings.draw_view(picture, 0.5)
    left, right = figure.axes
    assert np.array_equal(left.images[0].get_array(), picture) and left.images[0].get_clim() == (0.4, 1.6)
    drawn = right.lines[-1].get_xydata()
    assert np.allclose(drawn[:, 1], picture[19]) and drawn[0, 0] == pytest.approx(-9.75)
    assert "runs from 0.50 to 1.50" in drawings.describe_view(picture)


def test_every_frame_has_one_size_and_one_scale():
    optics = Optics()
    path, absorption = drawings.model_cell(optics.axis_um)
    views = [optics.intensity(path[None], absorption[None], np.array([z]))[0] for z in (-3.0, 0.0)]
    figures = [drawings.draw_view(view, optics.pixel_um) for view in views]
    assert len({tuple(figure.get_size_inches()) for figure in figures}) == 1
    assert len({figure.axes[1].get_ylim() for figure in figures}) == 1
    assert drawings.describe_view(views[0]) != drawings.describe_view(views[1])


def test_transmission_is_drawn_in_wavelengths_and_per_cent():
    path, absorption = np.full((10, 10), 0.3), np.full((10, 10), np.log(2))
    figure = drawings.draw_transmission(np.arange(10.0), path, absorption, 0.6)
    assert np.allclose(figure.axes[0].images[0].get_array(), 0.5)
    assert np.allclose(figure.axes[1].images[0].get_array(), 50)


def test_each_channel_has_one_grey_scale_and_each_cell_a_row():
    pictures = [np.full((20, 30), level, np.uint16) for level in (5, 50)]
    figure = drawings.draw_channels(pictures, {"GFAP": pictures, "NeuN": pictures[::-1]}, ("a", "b"), (0, 255))
    grid = np.array(figure.axes).reshape(2, 3)
    assert [axes.get_title(loc="center") for axes in grid[0]] == ["brightfield", "GFAP", "NeuN"]
    assert [axes.get_ylabel() for axes in grid[:, 0]] == ["a", "b"]
    assert all(axes.images[0].get_clim() == (0, 50) for axes in grid[:, 1:].flat)
    assert grid[0, 1].images[0].get_array().max() == 5 and grid[0, 2].images[0].get_array().max() == 50


def test_cells_in_a_row_keep_one_grey_scale():
    figure = drawings.draw_cells([np.zeros((40, 60)), np.ones((50, 60))], ("a", "b"), (0, 200))
    assert [axes.images[0].get_clim() for axes in figure.axes] == [(0, 200)] * 2
