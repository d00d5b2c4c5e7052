"""Crops in one flat array come out as they went in."""

import numpy as np
import pytest

from cgrecnet.data.base import PackedImages, pack
from cgrecnet.errors import DataError


def test_crops_come_out_as_they_went_in_and_cannot_be_changed():
    rng = np.random.default_rng(0)
    crops = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in ((3, 5), (4, 4), (1, 7))]
    packed = pack(crops)
    assert len(packed) == 3
    for i, crop in enumerate(crops):
        np.testing.assert_array_equal(packed[i], crop)
        np.testing.assert_array_equal(packed[i - 3], crop)
    with pytest.raises(ValueError, match="read-only"):
        packed[0][0, 0] = 1
    with pytest.raises(IndexError):
        packed[3]


def test_what_cannot_be_packed_is_refused():
    with pytest.raises(DataError, match="one pixel type"):
        pack([np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint16)])
    with pytest.raises(DataError, match="0 of 0 types"):
        pack([])
    with pytest.raises(DataError, match="Crop 1 does not lie within"):
        PackedImages(np.zeros(10, np.uint8), [0, 5], [2, 2], [2, 3])
