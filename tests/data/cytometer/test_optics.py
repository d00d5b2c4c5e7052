"""The optics obey physics: nothing gives nothing, light is kept, defocus has the right sign, the source converges."""

from dataclasses import replace

import numpy as np
import pytest
from plain_optics import plainly

from cgrecnet.data.cytometer.optics import Optics
from cgrecnet.data.cytometer.parameters import parameters
from cgrecnet.errors import ConfigError

COHERENT = Optics(condenser_aperture=0.0, source_points=1)


def blob(optics, width_um, x_um=0.0, y_um=0.0):
    across = np.exp(-0.5 * ((optics.axis_um - x_um) / width_um) ** 2)
    down = np.exp(-0.5 * ((optics.axis_um - y_um) / width_um) ** 2)
    return (down[:, None] * across)[None]


def ball(optics, radius_um=4.5, index=0.03):
    """Optical path of a ball with some fixed granules, sharper than any blob."""
    x = optics.axis_um
    path = 2 * index * np.sqrt(np.maximum(radius_um**2 - x[:, None] ** 2 - x**2, 0))
    for dx, dy in np.random.default_rng(0).uniform(-2.5, 2.5, (8, 2)):
        path = path + 0.06 * blob(optics, 0.35, dx, dy)[0]
    return path[None]


def middle(picture):
    return picture[0, 31:33, 31:33].mean()


@pytest.mark.parametrize("magnification", ["20x", "40x", "60x"])
def test_nothing_in_the_beam_gives_one(magnification):
    optics = Optics(**parameters().objectives[magnification]._asdict(), oversampling=4)
    empty = np.zeros((2, optics.grid, optics.grid))
    picture = optics.intensity(empty, empty, np.array([0.0, 3.0]))
    assert picture.shape == (2, 64, 64) and np.allclose(picture, 1.0, atol=1e-9)


def test_the_instrument_has_the_published_pixels():
    known = parameters().objectives
    assert {name: one.pixel_um for name, one in known.items()} == {"20x": 1.0, "40x": 0.5, "60x": 0.33}
    assert (Optics().pixel_um, Optics().numerical_aperture) == known["40x"]
    assert known["20x"].numerical_aperture < known["60x"].numerical_aperture


def test_absorption_takes_light_by_beer_and_lambert():
    optics = Optics()
    wide = blob(optics, 3.0)
    picture = optics.intensity(np.zeros_like(wide), 0.5 * wide, np.zeros(1))
    assert middle(picture) == pytest.approx(np.exp(-0.5), abs=0.01)


@pytest.mark.parametrize("defocus", [-4.0, 0.0, 4.0])
def test_a_phase_moves_light_about_and_keeps_its_sum(defocus):
    optics = Optics()
    path = 0.2 * blob(optics, 2.0)
    picture = optics.intensity(path, np.zeros_like(path), np.array([defocus]))
    assert abs(picture.mean() - 1) < 1e-3
    assert defocus == 0 or picture.std() > 0.01, "and it does move it"


def test_a_phase_object_in_focus_is_nearly_invisible():
    path = 0.1 * blob(Optics(), 1.5)
    none = np.zeros_like(path)
    seen = [Optics().intensity(path, none, np.array([z])).std() for z in (0.0, 3.0)]
    assert seen[0] < 0.02 * seen[1]


def test_contrast_reverses_through_focus():
    """A dense blob gathers light behind it (a lens): bright where the plane in focus lies beyond, dark before."""
    path = 0.01 * blob(Optics(), 1.0)
    none = np.zeros_like(path)
    before, at, beyond = (middle(Optics().intensity(path, none, np.array([z]))) - 1 for z in (-2.0, 0.0, 2.0))
    assert before < 0 < beyond and before == pytest.approx(-beyond, rel=0.05)
    assert abs(at) < 0.05 * beyond


@pytest.mark.parametrize("defocus", [0.5, 2.0, 6.0])
def test_a_weak_wide_blob_follows_the_transport_of_intensity(defocus):
    """dI/dz = -laplace(L): for L = A exp(-r^2/2w^2), I - 1 = 2 A z / (n w^2) in the middle, to first order."""
    optics = COHERENT
    height, width = 0.002, 4.0
    path = height * blob(optics, width)
    picture = optics.intensity(path, np.zeros_like(path), np.array([defocus]))
    expected = 2 * height * defocus / (optics.medium_index * width**2)
    assert middle(picture) - 1 == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize("defocus", [1.0, 4.0])
def test_a_weak_absorber_spreads_like_a_gaussian_beam(defocus):
    """Paraxially, absorption a = A exp(-r^2/2w^2) gives 1 - I = A Re[s exp(-s r^2/2w^2)], s = 1/(1 + i z/(k w^2))."""
    optics, height, width = COHERENT, 0.004, 1.6
    absorption = height * blob(optics, width)
    picture = optics.intensity(np.zeros_like(absorption), absorption, np.array([defocus]))[0]
    wave_number = 2 * np.pi * optics.medium_index / optics.wavelength_um
    spread = 1 / (1 + 1j * defocus / (wave_number * width**2))
    pixel = (np.arange(64) - 31.5) * optics.pixel_um
    squared = pixel[:, None] ** 2 + pixel**2
    expected = height * (spread * np.exp(-spread * squared / (2 * width**2))).real
    assert np.abs((1 - picture) - expected).max() < 0.03 * height


def test_the_aperture_cuts_off_what_it_cannot_pass():
    optics = replace(COHERENT, pixels=64)
    length = optics.pixels * optics.pixel_um
    cut = optics.numerical_aperture / optics.wavelength_um
    for waves, seen in ((int(0.5 * cut * length), True), (int(1.1 * cut * length), False)):
        ripple = 0.02 * np.cos(2 * np.pi * waves / length * optics.axis_um) * np.ones((optics.grid, 1))
        picture = optics.intensity(np.zeros((1, *ripple.shape)), 0.02 + ripple[None], np.zeros(1))
        assert (picture.std() > 1e-4) == seen


def test_no_condenser_aperture_is_coherent_light():
    path = ball(Optics())
    none, z = np.zeros_like(path), np.array([3.0])
    coherent = COHERENT.intensity(path, none, z)
    for points in (4, 7, 0):
        narrow = replace(COHERENT, condenser_aperture=1e-6, source_points=points)
        assert np.allclose(narrow.intensity(path, none, z), coherent, atol=1e-12)


def test_an_extended_source_softens_the_rings():
    path = ball(Optics())
    none, z = np.zeros_like(path), np.array([4.0])
    rings = [
        replace(Optics(), condenser_aperture=aperture, source_points=0).intensity(path, none, z).std()
        for aperture in (0.0, 0.08, 0.15)
    ]
    assert rings[0] > rings[1] > rings[2]


def test_the_source_points_converge():
    """Why 7 points: against all 349 directions of the grid, the error is a fraction of the camera's noise."""
    optics = Optics()
    focus = parameters().focus
    furthest = abs(focus.centre_um) + focus.run_range_um + 2 * focus.cell_spread_um
    z = np.array([-furthest, -1.0, 0.0, 1.0])
    path = np.repeat(ball(optics), len(z), axis=0)
    exact = replace(optics, source_points=0).intensity(path, 0.5 * path, z)
    assert len(replace(optics, source_points=0)._source[0]) > 300
    error = {
        points: (replace(optics, source_points=points).intensity(path, 0.5 * path, z) - exact).std(axis=(1, 2)).max()
        for points in (1, 4, 7)
    }
    noise = 1 / np.sqrt(parameters().camera.photons)
    assert error[1] > error[4] > error[7]
    assert error[1] > noise, "one plane wave would be seen to be wrong"
    assert error[optics.source_points] < 0.3 * noise


@pytest.mark.parametrize("points", [1, 4, 7, 0])
def test_the_weights_of_the_source_sum_to_one_and_it_leans_nowhere(points):
    places, weights = replace(Optics(), source_points=points)._source
    assert sum(weights) == pytest.approx(1.0)
    assert np.allclose(np.average(places, axis=0, weights=weights), 0)


def test_the_fast_way_agrees_with_the_plain_one():
    optics = Optics()
    path = ball(optics)
    fast = optics.intensity(path, 0.5 * path, np.array([-3.0]))[0]
    plain = plainly(optics, path[0], 0.5 * path[0], -3.0)
    assert optics._window < optics.grid
    assert np.allclose(fast, plain, atol=1e-10)


@pytest.mark.parametrize("defocus", [-2.0, 0.0, 2.0])
def test_the_picture_lies_where_the_mask_does(defocus):
    optics = Optics()
    path = 0.1 * blob(optics, 1.0)
    picture = optics.intensity(path, 3 * path, np.array([defocus]))[0]
    assert np.allclose(picture, picture[::-1], atol=1e-9) and np.allclose(picture, picture[:, ::-1], atol=1e-9)
    (mask,) = optics.bin_mask(path > 0.05)
    assert (mask == mask[::-1]).all() and (mask == mask[:, ::-1]).all() and mask.any()


def test_a_shining_body_keeps_its_light_and_blurs_with_defocus():
    optics = Optics()
    light = 5 * blob(optics, 0.5)
    sharp, blurred = (optics.emission(light, np.array([z]), 0.519)[0] for z in (0.0, 5.0))
    assert sharp.sum() == pytest.approx(light.sum()) == pytest.approx(blurred.sum())
    assert blurred.max() < 0.5 * sharp.max() and blurred.min() > -1e-9


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"oversampling": 1}, "raise `oversampling` to 2"),
        ({"numerical_aperture": 1.4, "oversampling": 8}, "must lie below the medium's index"),
        ({"source_points": 5}, "no rule for 5 source points; use 1, 4, 7 or 0"),
    ],
)
def test_optics_that_cannot_be(changes, message):
    with pytest.raises(ConfigError, match=message):
        Optics(**changes)
