"""What the interactive pieces share: pictures that are the cells', and a limit to their size."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from cgrecnet.figures.widgets import gallery
from cgrecnet.figures.widgets.base import LIMIT, chances, thumbnail, widget


def test_a_thumbnail_maps_the_window_to_black_and_white():
    image = np.array([[300, 1200], [0, 750]], np.uint16)
    html = thumbnail(image, (300, 1200), 'A "cell" <b>.', side=40)
    png = base64.b64decode(re.search(r"base64,([^\"]*)", html).group(1))
    assert np.asarray(Image.open(io.BytesIO(png))).tolist() == [[0, 255], [0, 128]]
    assert 'width="40" height="40"' in html and 'alt="A &quot;cell&quot; &lt;b&gt;."' in html
    assert 'width="40" height="20"' in thumbnail(np.zeros((5, 10)), (0, 1), "Flat.", side=40)


def test_a_picture_without_words_is_refused():
    with pytest.raises(ValueError, match="needs a description"):
        thumbnail(np.zeros((2, 2)), (0, 1), " ")


def test_chances_name_the_likeliest_class_first():
    assert chances([0.1, 0.7, 0.2], "abc") == "b 0.70, c 0.20, a 0.10"


def test_a_piece_that_is_too_large_is_refused():
    made = widget(gallery.__file__, "<p>x</p>", "a piece")
    assert made.html.startswith('<div class="gallery">') and "addEventListener" in made._repr_html_()
    assert repr(made) == "a piece"
    with pytest.raises(ValueError, match=f"more than {LIMIT:,}"):
        widget(gallery.__file__, "x" * LIMIT, "a piece")
