"""The batched path equals torchvision's transforms for the same boxes; batches are what a DataLoader gives."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from cgrecnet.data import open_dataset
from cgrecnet.data.base import PackedImages, pack
from cgrecnet.data.batches import BatchedCells
from cgrecnet.data.batches import cells as batched
from cgrecnet.data.batches import transform as batched_transform
from cgrecnet.data.batches.cells import boxes, central_crops, random_crops
from cgrecnet.data.batches.reference import largest_difference
from cgrecnet.data.batches.transform import BatchTransform, Buffers
from cgrecnet.data.intensity import INTENSITIES, Intensity
from cgrecnet.data.store import open_store, pack_cells
from cgrecnet.data.transforms import eval_transform, to_unit
from cgrecnet.errors import ConfigError, DataError

#: On the scale where white is 1, for images of up to some 200 pixels; beyond, the reference's own rounding grows.
TOLERANCE = 1e-5
SHAPES = [(45, 60), (37, 60), (57, 60), (44, 26), (40, 40), (9, 70), (70, 9), (1, 1), (3, 120), (150, 90)]


def noise(shapes, kind=np.uint8, seed=0):
    """Images without any smoothness: the hardest for a resize."""
    rng = np.random.default_rng(seed)
    return [rng.integers(0, np.iinfo(kind).max, shape, dtype=kind, endpoint=True) for shape in shapes]


@pytest.fixture(scope="module")
def cells():
    return open_dataset("cytometer", options={"cells": 40})


def difference(images, crops, size, window, **settings):
    transform = BatchTransform(pack(images), window, size, **settings)
    out = transform(np.arange(len(images)), crops)
    assert out.shape == (len(images), settings.get("in_channels", 3), size, size) and out.dtype == torch.float32
    return largest_difference(out, images, window, crops, settings.get("intensity", "none"))


@pytest.mark.parametrize("size", [64, 224])
@pytest.mark.parametrize("kind, window", [(np.uint8, (0.0, 255.0)), (np.uint16, (300.0, 60000.0))])
def test_hundreds_of_random_boxes_equal_the_reference(size, kind, window):
    images = noise(SHAPES * (16 if size == 64 else 5), kind)
    sides = np.array([image.shape for image in images]).T
    crops = random_crops(*sides, np.arange(len(images)), seed=0, epoch=0, size=size)
    assert crops.flip.any() and not crops.flip.all() and (crops.height > size).any() == (size == 64)
    assert difference(images, crops, size, window) < TOLERANCE


@pytest.mark.parametrize("size", [64, 224, 65])
def test_the_evaluation_path_equals_the_reference(size):
    images = noise([shape for shape in SHAPES if max(shape) < 30 * min(shape)])
    crops = central_crops(*np.array([image.shape for image in images]).T, size)
    assert difference(images, crops, size, (0.0, 255.0)) < TOLERANCE


def test_boxes_of_any_size_and_place_equal_the_reference():
    rng = np.random.default_rng(1)
    images = noise([(130, 150)] * 120)
    height, width = rng.integers(1, 131, 120), rng.integers(1, 151, 120)
    top, left = rng.integers(0, 131 - height), rng.integers(0, 151 - width)
    crops = boxes(top, left, height, width, rng.random(120) < 0.5, 64)
    assert difference(images, crops, 64, (0.0, 255.0)) < TOLERANCE


@pytest.mark.parametrize("option", INTENSITIES)
@pytest.mark.parametrize("channels", [1, 3])
def test_options_and_channels_equal_the_reference(cells, option, channels):
    images = list(cells.images)
    crops = random_crops(*np.array([x.shape for x in images]).T, np.arange(40), seed=2, epoch=0, size=64)
    assert difference(images, crops, 64, cells.window, in_channels=channels, intensity=option) < TOLERANCE


def test_the_comparison_would_notice_a_shift_of_one_pixel(cells):
    images = list(cells.images)
    crops = random_crops(*np.array([x.shape for x in images]).T, np.arange(40), seed=2, epoch=0, size=64)
    out = BatchTransform(pack(images), cells.window, 64)(np.arange(40), crops)
    moved = replace(crops, left=np.where(crops.left > 0, crops.left - 1, crops.left))
    assert largest_difference(out, images, cells.window, moved) > 1000 * TOLERANCE


@pytest.mark.parametrize("option", INTENSITIES)
def test_evaluation_batches_are_those_of_the_transforms_and_an_option_stands_before_them(cells, option):
    steps, chosen = v2.Compose([Intensity(option), eval_transform(64)]), [5, 2, 30]
    ours = BatchedCells(cells, chosen, 64, train=False, batch_size=2, intensity=option)
    assert [len(index) for _, _, index in ours] == [2, 1] and len(ours) == 2
    tensors, labels, indices = (torch.cat(parts) for parts in zip(*ours, strict=True))
    theirs = torch.stack([steps(to_unit(cells.images[index], cells.window)) for index in chosen])
    torch.testing.assert_close(tensors, theirs, atol=TOLERANCE / 0.22, rtol=0)
    assert indices.tolist() == chosen and labels.tolist() == cells.labels[chosen].tolist()


def seen(cells, epoch=0, order=range(40), **settings):
    """Every cell's tensor, by its index."""
    batches = BatchedCells(cells, list(order), 32, **{"train": True, "batch_size": 16} | settings)
    batches.set_epoch(epoch)
    return {int(i): x for tensors, _, index in batches for x, i in zip(tensors, index, strict=True)}


def apart(a, b):
    assert a.keys() == b.keys()
    return max(float((a[i] - b[i]).abs().max()) for i in a)


def test_a_cells_tensor_does_not_depend_on_batch_order_or_threads(cells):
    once = seen(cells)
    assert apart(once, seen(cells, order=reversed(range(40)), batch_size=7)) < TOLERANCE
    assert apart(once, seen(cells, workers=2)) == 0
    assert apart(once, seen(cells, shuffle=True)) < TOLERANCE
    for other in ({"epoch": 1}, {"seed": 1}, {"crop_scale": (0.8, 1.0)}):
        assert apart(once, seen(cells, **other)) > 0.1


def test_crops_drawn_in_blocks_are_those_of_each_batch(cells, monkeypatch):
    once = seen(cells, batch_size=6)
    monkeypatch.setattr(batched, "DRAWN", 13)
    assert apart(once, seen(cells, batch_size=6)) == 0
    alone = BatchedCells(cells, range(40), 32, train=True)
    assert float((alone.batch(np.array([11]), 0)[0][0] - once[11]).abs().max()) < TOLERANCE


def test_the_order_follows_seed_and_epoch(cells):
    def order(epoch, **settings):
        batches = BatchedCells(cells, range(3, 40), 32, train=False, **{"shuffle": True} | settings)
        batches.set_epoch(epoch)
        return torch.cat([index for _, _, index in batches]).tolist()

    assert sorted(order(0)) == list(range(3, 40)) == order(0, shuffle=False)
    assert order(0) == order(0, batch_size=5, workers=1) != order(1) and order(0) != order(0, seed=1)


def test_no_global_generator_is_touched(cells):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    seen(cells, shuffle=True)
    assert torch.equal(torch.rand(2), expected)


def test_a_batch_that_is_held_is_never_overwritten(cells):
    batches = [x for x, _, _ in BatchedCells(cells, range(40), 32, train=True, batch_size=4)]
    again = [x for x, _, _ in BatchedCells(cells, range(40), 32, train=True, batch_size=4)]
    assert all(torch.equal(a, b) for a, b in zip(batches, again, strict=True))
    assert len({x.data_ptr() for x in batches}) == len(batches)


def test_a_mapped_file_is_read_where_it_is(cells, tmp_path):
    packed = pack(cells.images)
    packed.pixels.tofile(tmp_path / "pixels")
    mapped = np.memmap(tmp_path / "pixels", dtype=np.uint8, mode="r")
    on_disk = replace(cells, images=PackedImages(mapped, packed.offsets, packed.heights, packed.widths))
    batches = BatchedCells(on_disk, range(40), 32, train=True, batch_size=16)
    assert np.shares_memory(batches.transform.pixels.pixels, mapped)
    assert apart(seen(cells), seen(on_disk)) == 0


def test_a_store_gives_the_same_as_the_cells_that_were_packed(cells, tmp_path):
    pack_cells(cells, tmp_path / "store")
    assert apart(seen(cells), seen(open_store(tmp_path / "store"))) == 0


def test_stopping_early_and_errors_leave_no_thread(cells, monkeypatch):
    import threading

    def started():
        return [thread for thread in threading.enumerate() if thread.name.startswith("batched-cells")]

    batches = BatchedCells(cells, range(40), 32, train=True, batch_size=4, workers=2)
    for _ in batches:
        break
    assert not started()

    def fail(self, cells, crops):
        raise DataError("the store is gone")

    monkeypatch.setattr(BatchedCells, "_made", fail)
    with pytest.raises(DataError, match="the store is gone"):
        list(batches)
    assert not started()


def test_a_huge_image_does_not_swell_the_others(monkeypatch):
    monkeypatch.setattr(batched_transform, "LARGEST", 200 * 200)
    images = noise([(20, 30)] * 9 + [(300, 200)] + [(20, 30)] * 3)
    crops = central_crops(*np.array([image.shape for image in images]).T, 32)
    transform = BatchTransform(pack(images), (0.0, 255.0), 32)
    asked, gather = [], transform.pixels.gather
    monkeypatch.setattr(
        transform.pixels, "gather", lambda cells, *rest: asked.append(len(cells)) or gather(cells, *rest)
    )
    out = transform(np.arange(13), crops)
    assert asked == [1] * 13 and largest_difference(out, images, (0.0, 255.0), crops) < 10 * TOLERANCE


def test_no_cells_no_batches(cells):
    batches = BatchedCells(cells, [], 32, train=True)
    assert len(batches) == 0 and list(batches) == []


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_pixels_kept_on_the_device_are_the_same(kind):
    images = noise(SHAPES * 3, kind)
    crops = random_crops(*np.array([x.shape for x in images]).T, np.arange(len(images)), seed=0, epoch=0, size=32)
    window = (0.0, float(np.iinfo(kind).max))
    cut, kept = (BatchTransform(pack(images), window, 32, resident=resident) for resident in (False, True))
    cells = np.arange(len(images))[::-1]
    assert float((cut(cells, crops[cells]) - kept(cells, crops[cells])).abs().max()) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("resident", [False, True])
def test_a_gpu_gives_the_same(cells, resident):
    ours = seen(cells, device="cuda", resident=resident, intensity="both")
    assert apart(seen(cells, intensity="both"), {i: x.cpu() for i, x in ours.items()}) < 10 * TOLERANCE


def test_mistakes_are_named(cells):
    def make(**settings):
        return BatchedCells(cells, settings.pop("indices", [0]), **{"train": True} | settings)

    with pytest.raises(DataError, match="indices lie outside the 40 cells of 'cytometer'"):
        make(indices=[40])
    with pytest.raises(ConfigError, match="image size must be a whole number .* not 4"):
        make(size=4)
    with pytest.raises(ConfigError, match="1 or 3 channels here, not 2"):
        make(in_channels=2)
    with pytest.raises(ConfigError, match="no device 'gpu' here that torch can use: try 'cpu'"):
        make(device="gpu")
    with pytest.raises(ConfigError, match="no intensity option 'standardize'; known: none, standardise"):
        make(intensity="standardize")
    with pytest.raises(ConfigError, match="batch size must be a whole number, 1 or more, not 0"):
        make(batch_size=0)
    with pytest.raises(ConfigError, match="seed must be a whole number, 0 or more, not -1"):
        make(seed=-1)
    with pytest.raises(ConfigError, match="number of workers must be a whole number, 0 or more, not 1.5"):
        make(workers=1.5)
    with pytest.raises(ConfigError, match=r"areas of random crops must lie above 0 and up to 1, .* not \(0, 1\)"):
        make(crop_scale=(0, 1))
    with pytest.raises(ConfigError, match="white must lie above"):
        BatchTransform(pack(cells.images), (255.0, 0.0))


def test_memory_is_used_again_only_when_nothing_shares_it():
    buffers = Buffers(kept=2)
    first = buffers.take(4, 3)
    place, part = first.data_ptr(), first[:2]
    del first
    assert buffers.take(4, 3).data_ptr() != place  # `part` still lies there
    del part
    assert buffers.take(2, 3).data_ptr() == place
    held = [buffers.take(5, 5) for _ in range(6)]
    assert len({x.data_ptr() for x in held}) == 6 and len(buffers.arrays) == 2
