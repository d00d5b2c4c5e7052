"""The slider: complete and described as HTML, usable by keyboard in a browser, and complete without a script."""

import base64
import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from cgrecnet.figures.widgets.base import LIMIT
from cgrecnet.figures.widgets.frame_slider import slider

VALUES = (-1.5, 0, 1.5)
ALTS = ("A dark square.", "A grey square.", "A bright square & a <frame>.")


def squares() -> list[np.ndarray]:
    return [np.full((30, 40), grey, np.uint8) for grey in (0, 128, 255)]


def test_the_html_names_the_control_and_describes_every_frame(tags):
    made = slider(squares(), VALUES, "defocus", ALTS, unit="µm")
    found = tags(made.html)
    assert tuple(image["alt"] for image in found.all("img")) == ALTS
    assert [item["data-value"] for item in found.all("li")] == ["−1.5\xa0µm", "0\xa0µm", "1.5\xa0µm"]
    (control,) = found.all("input")
    assert control["type"] == "range" and (control["min"], control["max"], control["value"]) == ("0", "2", "1")
    assert control["aria-label"] == "defocus" and control["aria-valuetext"] == "0\xa0µm"
    assert all({"width": "40", "height": "30"}.items() <= image.items() for image in found.all("img"))
    assert repr(made) == "Slider over 3 frames: defocus from −1.5\xa0µm to 1.5\xa0µm"
    assert made._repr_html_() == made.html == slider(squares(), VALUES, "defocus", ALTS, unit="µm").html


def test_the_frames_are_the_pictures_that_were_given():
    html = slider(squares(), VALUES, "defocus", ALTS).html
    for source, given in zip(re.findall(r"base64,([^\"]*)", html), squares(), strict=True):
        assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(source)))), given)


def test_drawn_figures_become_small_frames_and_are_closed():
    figures = []
    for level in (0.2, 0.8):
        figure, axes = plt.subplots(figsize=(3, 2))
        axes.imshow(np.random.default_rng(0).normal(level, 0.1, (45, 60)))
        figures.append(figure)
    open_before = len(plt.get_fignums())
    html = slider(figures, (1, 2), "noise", ("Little noise.", "Much noise.")).html
    assert len(plt.get_fignums()) == open_before - 2
    assert len(html) < 60_000


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": (1, 2)}, "3 frames, 2 values and 3 descriptions"),
        ({"alts": ("One.", " ", "Three.")}, "Frame 1 has no description"),
        ({"start": 3}, "cannot start at frame 3: it has 3"),
        ({"frames": [*squares()[:2], np.zeros((9, 9), np.uint8)]}, r"differ in size \(\[\(9, 9\), \(40, 30\)\]"),
        ({"frames": [square / 255 for square in squares()]}, "must be uint8"),
        ({"frames": list(np.random.default_rng(0).integers(0, 256, (3, 400, 400), np.uint8))}, f"than {LIMIT:,}"),
    ],
)
def test_what_cannot_be_a_slider_is_refused(change, message):
    given = {"frames": squares(), "values": VALUES, "label": "defocus", "alts": ALTS} | change
    with pytest.raises(ValueError, match=message):
        slider(**given)


def visible(shown, number: int = 0) -> list[str]:
    """Descriptions of the frames of one slider that can be seen."""
    images = shown.locator(".frame-slider").nth(number).locator("img")
    return [images.nth(i).get_attribute("alt") for i in range(images.count()) if images.nth(i).is_visible()]


@pytest.mark.browser
def test_keys_move_one_slider_and_leave_the_other_alone(browse):
    made = slider(squares(), VALUES, "defocus", ALTS, unit="µm")
    shown = browse(made, made)
    assert visible(shown) == visible(shown, 1) == [ALTS[1]]
    shown.keyboard.press("Tab")
    control = shown.get_by_role("slider", name="defocus").first
    assert control.evaluate("e => e === document.activeElement && getComputedStyle(e).outlineStyle === 'solid'")
    for key, number in (("ArrowRight", 2), ("ArrowRight", 2), ("Home", 0), ("ArrowUp", 1), ("End", 2)):
        shown.keyboard.press(key)
        assert visible(shown) == [ALTS[number]]
        value = ("−1.5\xa0µm", "0\xa0µm", "1.5\xa0µm")[number]
        assert control.get_attribute("aria-valuetext") == value
        assert shown.locator("output").first.inner_text() == value
    assert visible(shown, 1) == [ALTS[1]]


@pytest.mark.browser
def test_without_a_script_and_on_paper_every_frame_is_there_with_its_value(browse):
    made = slider(squares(), VALUES, "defocus", ALTS, unit="µm")
    still = browse(made, script=False)
    assert visible(still) == list(ALTS) and still.get_by_text("−1.5\xa0µm").first.is_visible()
    assert not still.locator("input").is_visible()
    printed = browse(made)
    printed.emulate_media(media="print")
    assert visible(printed) == list(ALTS) and printed.locator("li > span").last.is_visible()
    assert not printed.locator("input").is_visible()
