"""The weights of one axis are those of torchvision's antialiased bilinear resize."""

import threading

import pytest
import torch
from torchvision.transforms.v2 import functional

from cgrecnet.data.batches.transform import WeightBank, axis_weights


def weights(length, resized, skip=0, size=None, padded=None):
    numbers = (torch.tensor([value]) for value in (length, resized, skip))
    return axis_weights(*numbers, size or resized, padded or length)[0]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 45, 60, 64, 65, 128, 300, 1000])
@pytest.mark.parametrize("resized", [8, 64, 224])
def test_weights_are_the_resize_of_every_unit_vector(length, resized):
    """A resize is linear: what it does to each pixel alone says all. In double precision, torchvision rounds less."""
    units = torch.eye(length, dtype=torch.float64)[:, None, None, :]  # one image of one row for each pixel
    wanted = functional.resize(units, [1, resized], antialias=True)[:, 0, 0].T
    assert (weights(length, resized) - wanted).abs().max() < 3e-7


def test_weights_of_a_row_sum_to_one_and_never_reach_beyond_the_box():
    row = weights(20, 64, padded=33)
    assert torch.allclose(row.sum(dim=1), torch.ones(64)) and (row[:, 20:] == 0).all() and (row >= 0).all()


def test_skip_and_size_keep_a_stretch_of_the_output():
    assert torch.equal(weights(45, 256, skip=16, size=224), weights(45, 256)[16:240])


def test_a_side_of_its_own_length_stays_as_it_is():
    assert torch.equal(weights(64, 64), torch.eye(64))


@pytest.mark.parametrize("transposed", [False, True])
def test_the_bank_gives_what_was_asked_for_in_order(transposed):
    bank = WeightBank(16, 40, torch.device("cpu"), transposed)
    for lengths in ([30, 9, 30], [12, 9, 40], [5]):
        asked = [torch.tensor(values) for values in (lengths, [20] * len(lengths), [2] * len(lengths))]
        wanted = axis_weights(*asked, 16, max(lengths))
        assert torch.equal(bank(*asked), wanted.mT if transposed else wanted)
    assert len(bank.slots) == 5


def test_a_full_bank_starts_anew():
    bank = WeightBank(16, 40, torch.device("cpu"), limit=3 * 4 * 16 * 40)
    for length in range(1, 41):
        asked = [torch.tensor([value]) for value in (length, 16, 0)]
        assert torch.equal(bank(*asked), axis_weights(*asked, 16, length))
        assert len(bank.slots) <= 3
    many = [torch.arange(1, 11), torch.full((10,), 16), torch.zeros(10, dtype=torch.int64)]
    assert torch.equal(bank(*many), axis_weights(*many, 16, 10))


def test_threads_share_a_bank():
    bank, failures = WeightBank(16, 60, torch.device("cpu"), limit=10 * 4 * 16 * 60), []

    def work(first):
        for length in list(range(first, 61)) + list(range(1, first)):
            asked = [torch.tensor([value]) for value in (length, 16, 0)]
            if not torch.equal(bank(*asked), axis_weights(*asked, 16, length)):
                failures.append(length)

    threads = [threading.Thread(target=work, args=(first,)) for first in (1, 20, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
