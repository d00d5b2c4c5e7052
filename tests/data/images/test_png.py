"""Checksums of PNG files: no changed bit goes unseen, and what is right is read as before."""

import io
import random

import numpy as np
import pytest
from PIL import Image
from zhu_trees import crop

from cgrecnet.data.base import Unusable
from cgrecnet.data.images.reading import DAMAGED, decode

PICTURES = {
    "8 bit": Image.fromarray(crop(1)),
    "16 bit": Image.fromarray(crop(1).astype(np.uint16) * 100),
    "palette": Image.fromarray(crop(1)).convert("P"),
    "grey and alpha": Image.fromarray(crop(1)).convert("LA"),
    "RGB": Image.fromarray(crop(1)).convert("RGB"),
}


def as_png(picture: Image.Image, **more) -> bytes:
    picture.save(target := io.BytesIO(), "PNG", **more)
    return target.getvalue()


@pytest.mark.parametrize("kind", PICTURES)
def test_no_single_changed_bit_is_accepted(kind):
    data = as_png(PICTURES[kind])
    decode(data)
    for bit in random.Random(kind).sample(range(8 * len(data)), 600):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Unusable):
            decode(bytes(changed))


def test_pillow_alone_accepts_other_pixels():
    """Why it is done: should this fail one day, decoding compares the checksums, and `verify` can go."""
    picture = np.random.default_rng(1).integers(90, 120, (45, 60)).astype(np.uint8)
    data = as_png(Image.fromarray(picture))
    end, accepted = data.index(b"IEND") - 4, []
    for place in range(end - 24, end):  # of the last row, and of zlib's own checksum
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                with Image.open(io.BytesIO(bytes(changed))) as read:
                    if not np.array_equal(np.asarray(read), picture):
                        accepted.append(bytes(changed))
            except OSError:
                continue
    assert accepted
    for one in accepted:
        with pytest.raises(Unusable):
            decode(one)


@pytest.mark.parametrize("cut", [1, 4, 12, 13, 100])
def test_a_file_that_is_cut_off_is_damaged(cut):
    with pytest.raises(Unusable, match=DAMAGED):
        decode(as_png(PICTURES["8 bit"])[:-cut])


def test_further_chunks_and_what_follows_the_end_are_no_matter():
    data = as_png(PICTURES["8 bit"], dpi=(300, 300), optimize=True) + b"and more"
    np.testing.assert_array_equal(decode(data)[0], crop(1))
