import numpy as np
import pytest
import torch
from torchvision import transforms
from torchvision.transforms import v2

from cgrecnet.data.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Normalise,
    eval_transform,
    to_unit,
    train_transform,
)
from cgrecnet.errors import ConfigError, DataError


def test_window_maps_black_to_0_and_white_to_1_and_clips():
    image = np.array([[300, 750, 1200], [0, 1500, 300]], np.uint16)
    unit = to_unit(image, (300.0, 1200.0))
    assert unit.shape == (1, 2, 3) and unit.dtype == torch.float32
    assert unit[0].tolist() == [[0.0, 0.5, 1.0], [0.0, 1.0, 0.0]]


def test_training_steps_are_those_of_algorithm_1():
    crop, flip, _ = train_transform(224).transforms
    assert isinstance(crop, transforms.RandomResizedCrop) and crop.size == (224, 224) or list(crop.size) == [224, 224]
    assert tuple(crop.scale) == (0.08, 1.0)
    assert isinstance(flip, transforms.RandomHorizontalFlip) and flip.p == 0.5


def test_evaluation_steps_are_those_of_algorithm_1():
    resize, centre, _ = eval_transform(224).transforms
    assert resize.size == 256 and list(centre.size) == [224, 224]
    assert eval_transform(64).transforms[0].size == 73


def test_the_second_set_of_transforms_gives_the_same_tensors():
    size, image = 48, torch.rand(1, 45, 60, generator=torch.Generator().manual_seed(0))
    train = v2.Compose([v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip(0.5), Normalise(3)])
    middle = v2.Compose([v2.Resize(round(size * 256 / 224), antialias=True), v2.CenterCrop(size), Normalise(3)])
    for ours, theirs in ((train_transform(size), train), (eval_transform(size), middle)):
        for seed in range(8):
            torch.manual_seed(seed)
            wanted = theirs(image)
            torch.manual_seed(seed)
            assert torch.equal(ours(image), wanted)


def test_evaluation_keeps_the_middle_of_the_image():
    """45 x 60 pixels become 256 x 341, of which the middle 224 x 224 stay."""
    image = torch.linspace(0, 1, 60).expand(1, 45, 60)
    out = eval_transform(224, in_channels=1)(image)
    grey = out * np.mean(IMAGENET_STD) + np.mean(IMAGENET_MEAN)
    resized = v2.functional.resize(image, [256], antialias=True)
    assert resized.shape == (1, 256, 341)
    left = round((341 - 224) / 2)
    torch.testing.assert_close(grey, resized[:, 16:240, left : left + 224].float(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("make", [train_transform, eval_transform])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_normalisation(make, channels):
    out = make(32, in_channels=channels)(torch.full((1, 41, 60), 0.5))
    assert out.shape == (channels, 32, 32) and out.dtype == torch.float32
    mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
    wanted = (0.5 - mean) / std if channels == 3 else [(0.5 - mean.mean()) / std.mean()]
    assert np.allclose(out.mean(dim=(1, 2)), wanted, atol=1e-5)


def test_flip_happens_in_half_of_the_cases():
    ramp = torch.linspace(0, 1, 60).expand(1, 40, 60)
    torch.manual_seed(0)
    transform = train_transform(16)
    flipped = sum(bool(x[0, 8, 0] > x[0, 8, -1]) for x in (transform(ramp) for _ in range(400)))
    assert 150 < flipped < 250


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="image size must be a whole number .* not '224'"):
        train_transform("224")
    with pytest.raises(ConfigError, match="1 or 3 channels here, not 2"):
        eval_transform(32, in_channels=2)
    with pytest.raises(DataError, match="2-D .* or 3-D"):
        to_unit(np.zeros((4, 4, 3, 1)), (0.0, 1.0))
    with pytest.raises(ConfigError, match="white must lie above"):
        to_unit(np.zeros((4, 4)), (1.0, 1.0))
