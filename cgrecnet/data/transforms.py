"""From grey levels to the network's input: Algorithm 1 of the paper, in torchvision's transforms.

Of torchvision's two sets of transforms it is the first: the second, v2, does the same to a tensor and loads torch's
compiler with it (see `cgrecnet.light`).
"""

import numpy as np
import torch

from cgrecnet.errors import ConfigError, DataError
from cgrecnet.light import torchvision

transforms = torchvision.transforms

#: Mean and standard deviation of ImageNet's colour channels, on a scale of 0 to 1.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def to_unit(image: np.ndarray, window: tuple[float, float]) -> torch.Tensor:
    """Levels to [0, 1] by the window (black, white), clipped; (H, W) or (H, W, C) -> float32 (1 or C, H, W)."""
    if image.ndim not in (2, 3):
        raise DataError(f"A cell image must be 2-D (grey levels) or 3-D (channels last), not of shape {image.shape}.")
    black, white = check_window(window)
    scaled = (np.asarray(image, dtype=np.float32) - black) / (white - black)
    unit = torch.from_numpy(np.clip(scaled, 0.0, 1.0).astype(np.float32))
    return unit[None] if unit.ndim == 2 else unit.movedim(2, 0)


def channel_statistics(channels: int) -> tuple[np.ndarray, np.ndarray]:
    """ImageNet's mean and standard deviation for each of so many channels: of R, G, B for three, else their average."""
    mean, std = np.array(IMAGENET_MEAN), np.array(IMAGENET_STD)
    return (mean, std) if channels == 3 else (np.full(channels, mean.mean()), np.full(channels, std.mean()))


class Normalise(torch.nn.Module):
    """Grey (1, H, W) -> normalised (in_channels, H, W), by `channel_statistics`."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        mean, std = channel_statistics(check_channels(in_channels))
        self.normalise = transforms.Normalize(mean.tolist(), std.tolist())

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.normalise(image.expand(self.in_channels, -1, -1))


def train_transform(size: int = 224, in_channels: int = 3) -> transforms.Compose:
    """Algorithm 1, training: random resized crop to `size`, horizontal flip with p = 0.5, normalisation.

    Acts on float32 (1, H, W) in [0, 1]; the random choices come from torch's global generator.
    The paper gives no range for the crop; torchvision's defaults (area 8 to 100 %, ratio 3/4 to 4/3)
    are used.
    """
    check_size(size)
    crop, flip = transforms.RandomResizedCrop(size, antialias=True), transforms.RandomHorizontalFlip(0.5)
    return transforms.Compose([crop, flip, Normalise(in_channels)])


def eval_transform(size: int = 224, in_channels: int = 3) -> transforms.Compose:
    """Algorithm 1, validation and test: short side to 256/224 of `size`, centre crop, normalisation.

    Acts on float32 (1, H, W) in [0, 1]; nothing is random.
    """
    check_size(size)
    resize = transforms.Resize(round(size * 256 / 224), antialias=True)
    return transforms.Compose([resize, transforms.CenterCrop(size), Normalise(in_channels)])


def check_window(window: tuple[float, float]) -> tuple[float, float]:
    """`window`, if its white lies above its black; raises ConfigError otherwise."""
    if not window[1] > window[0]:
        raise ConfigError(f"The window's white must lie above its black, not {window}.")
    return window


def check_channels(in_channels: int) -> int:
    """`in_channels`, if a network's input may have so many; raises ConfigError otherwise."""
    if in_channels not in (1, 3):
        raise ConfigError(f"A network's input has 1 or 3 channels here, not {in_channels!r}.")
    return in_channels


def check_size(size: int) -> None:
    """Raise ConfigError for an image size that is none."""
    if isinstance(size, bool) or not isinstance(size, int) or size < 8:
        raise ConfigError(f"The image size must be a whole number of pixels, 8 or more, not {size!r}.")
