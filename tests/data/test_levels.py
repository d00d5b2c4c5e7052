"""The range of grey levels, and what a window leaves of it."""

import numpy as np
import pytest

from cgrecnet.data.levels import GreyRange, Levels, grey_range


def test_the_range_is_that_of_all_pixels_together():
    rng = np.random.default_rng(0)
    images = [rng.normal(680, 40, (50, 41)).clip(0, 65535).astype(np.uint16) for _ in range(30)]
    images[3][0, :2] = 0, 65535
    pixels = np.sort(np.concatenate([image.ravel() for image in images]))
    found = grey_range(images)
    assert (found.minimum, found.maximum) == (0, 65535)
    assert (found.low, found.high) == (pixels[61], pixels[61438])  # of 61,500: the 62nd and the 61,439th
    assert grey_range([]) is None


def test_many_pixels_are_counted_in_parts():
    levels = Levels()
    for level in range(300):
        levels.add(np.full((100, 100), level, np.uint16))
    assert levels.range() == (0, 0, 299, 299) and levels.counts.sum() == 3_000_000


@pytest.mark.parametrize(
    ("window", "share"), [((0, 65535), 300 / 65535), ((550, 850), 1.0), ((700, 1000), 0.5), ((900, 1000), 0.0)]
)
def test_share_of_a_window(window, share):
    found = GreyRange(500, 550, 850, 900)
    assert found.share(window) == pytest.approx(share)
    assert found.narrow(window) == (share < 1 / 8)


def test_a_window_is_proposed_as_it_has_to_be_typed():
    found = GreyRange(500, 550, 850, 900)
    assert found.proposed() == (520, 880) and GreyRange(0, 0, 0, 0).proposed() == (0, 1)
    output = found.fit((0, 65535))
    assert "fill 0.5 % of the window 0 to 65535, so that a network sees next to nothing" in output
    assert "--option window=[520,880]" in output and 'data_options="{window: [520, 880]}"' in output
    assert "next to nothing" not in found.fit((520, 880))
