"""What the batched path has to equal: torchvision's transforms, one cell at a time, for given boxes."""

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.batches.transform import Crops
from cgrecnet.data.intensity import Intensity
from cgrecnet.data.transforms import Normalise, to_unit
from cgrecnet.light import torchvision

functional = torchvision.transforms.functional


def reference(
    image: np.ndarray, window: tuple[float, float], crop: Crops, size: int, in_channels: int = 3, option: str = "none"
) -> Tensor:
    """One cell through Algorithm 1's steps with the given crop (of length 1); (in_channels, size, size).

    Intensity option, crop, resize (bilinear, antialias), centre crop where the resized box is larger than `size`,
    flip, normalisation.
    """
    unit = Intensity(option)(to_unit(image, window))
    box = [int(values[0]) for values in (crop.top, crop.left, crop.height, crop.width)]
    resized = [int(crop.resized_height[0]), int(crop.resized_width[0])]
    cut = functional.center_crop(functional.resized_crop(unit, *box, resized, antialias=True), [size, size])
    return Normalise(in_channels)(functional.hflip(cut) if crop.flip[0] else cut)


def largest_difference(
    batch: Tensor, images: list[np.ndarray], window: tuple[float, float], crops: Crops, option: str = "none"
) -> float:
    """Largest difference between a batch and the reference, on the scale where white is 1 (before normalisation)."""
    channels, size = batch.shape[1], batch.shape[-1]
    scale = torch.tensor(Normalise(channels).normalise.std)[:, None, None]
    worst = 0.0
    for k, image in enumerate(images):
        wanted = reference(image, window, crops[k : k + 1], size, channels, option)
        worst = max(worst, float(((batch[k].cpu() - wanted) * scale).abs().max()))
    return worst
