"""Standardisation and background removal do what their equations say, on any image."""

import numpy as np
import pytest
import torch

from cgrecnet.data import open_dataset
from cgrecnet.data.intensity import BORDER, INTENSITIES, SPAN, Intensity, apply_line, intensity_line
from cgrecnet.data.transforms import to_unit
from cgrecnet.errors import ConfigError

OPTIONS = [option for option in INTENSITIES if option != "none"]


@pytest.fixture(scope="module")
def images():
    return [to_unit(image, (0.0, 255.0)) for image in open_dataset("cytometer", options={"cells": 12}).images]


def by_hand(image, option):
    """The equation, once more, in numpy and double precision."""
    u = image[0].double().numpy()
    ring = np.ones(u.shape, bool)
    ring[BORDER:-BORDER, BORDER:-BORDER] = False
    centre = u.mean() if option == "standardise" else np.percentile(u[ring], 50, method="lower")
    gain = 1.0 if option == "background" else 1 / (2 * SPAN * u.std())
    return np.clip(0.5 + gain * (u - centre), 0, 1)


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_is_its_equation(images, option):
    for image in images:
        assert np.abs(Intensity(option)(image)[0].numpy() - by_hand(image, option)).max() < 1e-5


def test_none_changes_nothing(images):
    assert Intensity()(images[0]) is images[0]


@pytest.mark.parametrize("option", OPTIONS)
def test_a_brighter_lamp_changes_nothing(images, option):
    for image in images:
        brighter = image * 0.9 + 0.05 if option != "background" else image * 1.0 + 0.05
        assert torch.allclose(Intensity(option)(brighter), Intensity(option)(image), atol=1e-4)


def test_background_keeps_differences_and_standardise_does_not(images):
    image = images[0]
    kept = Intensity("background")(image)
    assert torch.allclose(kept[0, 5] - kept[0, 20], image[0, 5] - image[0, 20], atol=1e-6)
    doubled = Intensity("background")(0.5 * image)
    assert kept.std() == pytest.approx(2 * doubled.std().item(), rel=1e-3)
    assert Intensity("both")(0.5 * image).std() == pytest.approx(Intensity("both")(image).std().item(), rel=1e-3)


@pytest.mark.parametrize("option", OPTIONS)
def test_what_ends_up_at_one_half(images, option):
    for image in images:
        out = Intensity(option)(image)
        if option == "standardise":
            inside = (out > 0) & (out < 1)
            assert not inside.all() or abs(out.mean() - 0.5) < 1e-5
        else:
            ring = torch.cat([out[0, :BORDER].flatten(), out[0, -BORDER:].flatten()])
            assert abs(ring.median() - 0.5) < 0.05


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("level", [0.0, 101 / 255, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (2, 2), (45, 60)])
def test_a_flat_image_becomes_one_half(option, level, shape):
    out = Intensity(option)(torch.full((1, *shape), level))
    assert torch.allclose(out, torch.full_like(out, 0.5))


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (3, 3), (4, 4), (5, 5)])
def test_tiny_images_stay_finite_and_in_range(option, shape):
    image = torch.linspace(0, 1, shape[0] * shape[1]).reshape(1, *shape)
    out = Intensity(option)(image)
    assert torch.isfinite(out).all() and 0 <= out.min() <= out.max() <= 1 and out.max() > out.min()


@pytest.mark.parametrize("option", OPTIONS)
def test_a_padded_batch_is_treated_image_by_image(images, option):
    heights, widths = (torch.tensor([image.shape[axis] for image in images]) for axis in (1, 2))
    padded = torch.full((len(images), 70, 65), 0.77)
    for k, image in enumerate(images):
        padded[k, : heights[k], : widths[k]] = image[0]
    out = apply_line(padded.clone(), *intensity_line(padded, heights, widths, option))
    for k, image in enumerate(images):
        assert torch.allclose(out[k, : heights[k], : widths[k]], Intensity(option)(image)[0], atol=1e-6)


def test_the_image_that_was_given_stays_as_it_was(images):
    before = images[0].clone()
    Intensity("both")(images[0])
    assert torch.equal(images[0], before)


def test_an_unknown_option_is_refused():
    with pytest.raises(ConfigError, match="no intensity option 'flat'; known: none, standardise, background, both"):
        Intensity("flat")
