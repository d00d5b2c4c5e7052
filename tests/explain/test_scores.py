"""Scores have the values that constructed maps must have."""

import numpy as np
import pytest
import torch
from torch import nn

from cgrecnet.errors import ConfigError, DataError
from cgrecnet.explain.masks import border_mask, crop_masks, otsu, segment_cell
from cgrecnet.explain.occlusion import background, deletion_insertion, occlusion_maps, ranks
from cgrecnet.explain.scores import agreement, area, difference, energy, mean_with_interval, pointing


@pytest.fixture
def masks():
    found = np.zeros((3, 8, 8), bool)
    found[:2, 2:6, 2:6] = True  # a quarter of the image; the third image has no such part
    return found


def test_a_uniform_map_scores_the_area(masks):
    flat = np.ones(masks.shape)
    for score in (energy, pointing):
        assert score(flat, masks).tolist()[:2] == [0.25, 0.25] and np.isnan(score(flat, masks)[2])
    assert area(masks)[:2].tolist() == [0.25, 0.25] and np.isnan(area(masks)[2])


def test_a_map_on_the_part_scores_one_and_one_beside_it_zero(masks):
    on, off = masks.astype(float), (~masks).astype(float)
    for score in (energy, pointing):
        assert score(on, masks)[0] == 1 and score(off, masks)[0] == 0
    half = np.zeros(masks.shape)
    half[0, 2, 2], half[0, 0, 0] = 3, 1
    assert energy(half, masks)[0] == 0.75 and pointing(half, masks)[0] == 1
    assert np.isnan(energy(half, masks)[1]), "a map without heat has no place"


def test_agreement_is_a_rank_correlation():
    rng = np.random.default_rng(0)
    one = rng.random((2, 8, 8))
    assert agreement(one, one**3) == pytest.approx(1) and agreement(one, -one) == pytest.approx(-1)
    assert np.isnan(agreement(one, np.zeros_like(one))).all()


def test_masks_go_the_way_of_the_images():
    """A mask drawn as a picture and sent through the evaluation's transform agrees with the mask sent as a mask."""
    from cgrecnet.data.transforms import eval_transform

    rows, columns = np.ogrid[:45, :60]
    for size in (48, 96, 224):
        for shape in ((45, 60), (60, 45), (40, 40)):
            mask = (np.hypot(rows[: shape[0]] - 20, columns[:, : shape[1]] - 27) < 12) if shape != (60, 45) else None
            if mask is None:
                mask = np.hypot(np.arange(60)[:, None] - 30, np.arange(45)[None] - 20) < 12
            picture = eval_transform(size, 1).transforms
            seen = torch.from_numpy(mask.astype(np.float32))[None]
            for step in picture[:2]:
                seen = step(seen)
            found = crop_masks([mask], size)[0]
            assert found.shape == (size, size)
            assert (found != (seen[0].numpy() > 0.5)).mean() < 0.02


def test_the_border_is_the_outermost_part():
    mask = border_mask(8, 1 / 8)
    assert mask.sum() == 28 and mask[0].all() and not mask[1:-1, 1:-1].any()


class Sum(nn.Module):
    """Logit 1 is the sum of the picture's first channel inside a window, logit 0 is zero."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        inside = x[:, 0, 4:8, 4:8].sum(dim=(1, 2)) * self.scale
        return torch.stack([torch.zeros_like(inside), inside], dim=1)


@pytest.fixture
def bright():
    images = torch.zeros(2, 3, 16, 16)
    images[:, :, 4:8, 4:8] = 0.5
    return images


def test_occlusion_finds_the_window_that_decides(bright):
    maps = occlusion_maps(Sum(), bright, [1, 1], grid=4, reach=1)
    wanted = np.zeros((4, 4))
    wanted[1, 1] = 8.0
    np.testing.assert_allclose(maps, np.stack([wanted, wanted]), atol=1e-5)
    wide = occlusion_maps(Sum(), bright, [1, 1], grid=4, reach=2)
    assert wide[0, 1, 1] == pytest.approx(8) and wide[0, 0, 0] == pytest.approx(2) and wide[0, 3, 3] == 0
    with pytest.raises(ConfigError, match="grid"):
        occlusion_maps(Sum(), bright, [1, 1], grid=17)


def test_the_background_is_the_rims_median(bright):
    bright[0, 0, 0, 0] = 9.0
    assert background(bright).abs().max() == 0 and background(bright).shape == (2, 3, 1, 1)


def test_curves_of_the_right_map_and_of_the_wrong_one(bright):
    right, shares = np.zeros((2, 16, 16)), (0.0, 1 / 16, 0.5, 1.0)
    right[:, 4:8, 4:8] = 1
    good = deletion_insertion(Sum(), bright, [1, 1], right, shares=shares)
    full = 1 / (1 + np.exp(-8))
    np.testing.assert_allclose(good.deletion[0], [full, 0.5, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(good.insertion[0], [0.5, full, full, full], atol=1e-6)
    bad = deletion_insertion(Sum(), bright, [1, 1], -right, shares=shares)
    assert (good.auc()[0] < bad.auc()[0]).all() and (good.auc()[1] > bad.auc()[1]).all()
    assert good.auc()[0][0] == pytest.approx(0.5 + (full - 0.5) / 32)
    with pytest.raises(ConfigError, match="resize"):
        deletion_insertion(Sum(), bright, [1, 1], right[:, :8])
    with pytest.raises(ConfigError, match="from 0 to 1"):
        deletion_insertion(Sum(), bright, [1, 1], right, shares=(0.1, 1.0))


def test_ranks_are_hottest_first_and_ties_are_random():
    maps = np.array([[[3.0, 1.0], [2.0, 0.0]]])
    assert ranks(maps)[0].tolist() == [[0, 0.5], [0.25, 0.75]]
    flat = np.zeros((1, 4, 4))
    assert sorted(ranks(flat).ravel().tolist()) == [i / 16 for i in range(16)]
    assert (ranks(flat, 0) != ranks(flat, 1)).any()


def test_otsu_and_the_segmented_cell():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1, 500), rng.normal(10, 1, 200)])
    assert 3 < otsu(values) < 7
    rows, columns = np.ogrid[:40, :40]
    away = np.hypot(rows - 19, columns - 22)
    picture = 600 + rng.normal(0, 3, (40, 40)) + np.where((away < 10) & (away > 4), -150, 0)
    picture[2:5, 2:5] = 300  # a small piece elsewhere
    found, truth = segment_cell(picture), away < 10
    assert (found & truth).sum() / (found | truth).sum() > 0.8 and found[19, 22] and not found[3, 3]
    with pytest.raises(DataError, match="alike"):
        segment_cell(np.ones((40, 40)))


def test_a_mean_comes_with_n_and_interval():
    found = mean_with_interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert found["n"] == 3 and found["empty"] == 1 and found["mean"] == 2
    assert found["high"] - 2 == pytest.approx(4.302653 / np.sqrt(3), rel=1e-5)
    assert mean_with_interval([5.0])["low"] is None and mean_with_interval([np.nan])["mean"] is None
    assert difference([3.0, 5.0], [1.0, np.nan])["mean"] == 2
