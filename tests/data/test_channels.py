"""Images of several channels: each goes the way of a grey one, from a store or from memory."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.audit.integrity import audit
from cgrecnet.data.base import CellDataset, fingerprint, pack
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.batches.cells import random_crops
from cgrecnet.data.batches.reference import largest_difference
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.data.store import open_store, pack_cells
from cgrecnet.data.store.check import examine_store
from cgrecnet.errors import DataError

WINDOW = (100.0, 4000.0)


def dataset(images, labels=None) -> CellDataset:
    labels = np.zeros(len(images), np.int64) if labels is None else labels
    ids = [f"c{number:04}" for number in range(len(images))]
    table = pd.DataFrame({"cell_id": ids, "class_name": np.array(["a", "b"])[labels], "group": "one"})
    digest = fingerprint(images, labels, ids)
    return CellDataset("folder", False, "own", ("a", "b"), images, labels, table, WINDOW, digest, "Made up.")


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    shapes = [(44, 60), (30, 31), (61, 40)] * 4
    return [rng.integers(0, 4096, (*shape, 3), dtype=np.uint16) for shape in shapes]


@pytest.mark.parametrize("intensity", ["none", "standardise", "background"])
def test_colour_equals_the_reference(images, intensity):
    crops = random_crops(*np.array([image.shape[:2] for image in images]).T, np.arange(12), seed=1, epoch=0, size=64)
    out = BatchTransform(pack(images), WINDOW, 64, intensity=intensity)(np.arange(12), crops)
    assert out.shape == (12, 3, 64, 64)
    assert largest_difference(out, images, WINDOW, crops, intensity) < 1e-5
    swapped = [image[..., ::-1] for image in images]
    assert largest_difference(out, swapped, WINDOW, crops, intensity) > 0.01


@pytest.mark.parametrize("channels", [2, 5])
def test_each_of_any_number_of_channels_goes_the_way_of_a_grey_image(channels):
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 4096, (40, 50, channels), dtype=np.uint16) for _ in range(3)]
    together = BatchedCells(dataset(images), [0, 1, 2], 64, train=True, seed=3).batch(np.arange(3), epoch=1)[0]
    assert together.shape == (3, channels, 64, 64)
    for channel in range(channels):
        plane = dataset([np.ascontiguousarray(image[..., channel]) for image in images])
        alone = BatchedCells(plane, [0, 1, 2], 64, train=True, seed=3, in_channels=1).batch(np.arange(3), epoch=1)[0]
        np.testing.assert_allclose(together[:, channel], alone[:, 0], atol=1e-6)


def test_a_store_holds_what_was_packed(images, tmp_path: Path):
    cells = dataset(images)
    pack_cells(cells, tmp_path / "store")
    back = open_store(tmp_path / "store")
    assert back.fingerprint == cells.fingerprint and back.channels == cells.channels == 3
    for one, other in zip(images, back.images, strict=True):
        np.testing.assert_array_equal(one, other)
    text, good = examine_store(tmp_path / "store", "folder", {})
    assert good and "in 3 channels: " in text


def test_channels_that_are_mixed_are_refused(images, tmp_path: Path):
    mixed = [*images, images[0][..., 0]]
    with pytest.raises(DataError, match="2 numbers of channels"):
        pack(mixed)
    with pytest.raises(DataError, match="c0012 is 2-D and uint16"):
        pack_cells(dataset(mixed), tmp_path / "store")


@pytest.mark.slow
def test_the_audit_sees_a_shortcut_that_is_in_one_colour_alone():
    """The first two channels move against each other, so that their mean says nothing."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 2
    images = []
    for label in labels:
        image = rng.normal(128, 6, (20, 20, 3))
        image[..., 0] += 3 * label
        image[..., 1] -= 3 * label
        images.append(image.astype(np.uint8))
    report = audit(dataset(images, labels))
    assert report.probe("border").exceeds(report.chance)
    assert report.near_copies == 0
