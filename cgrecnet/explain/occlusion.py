"""Occlusion: cover a part of the image, see how far the score falls. Needs no gradient and no layer."""

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.state import checked_targets, class_scores

#: Rows and columns of the map, and how many patches wide the covering window is.
GRID, REACH = 8, 2


def background(images: Tensor, rim: int = 2) -> Tensor:
    """Median of the outermost `rim` pixels of each image and channel, (B, C, 1, 1): what covers a part of it."""
    inside = torch.zeros(images.shape[2:], dtype=torch.bool, device=images.device)
    inside[rim:-rim, rim:-rim] = True
    return images[:, :, ~inside].median(dim=2).values[:, :, None, None]


def occlusion_maps(
    network: nn.Module, images: Tensor, targets, *, grid: int = GRID, reach: int = REACH, batch_size: int = 64
) -> np.ndarray:
    """Fall of the target's logit where a window is covered, float32 (B, grid, grid).

        L_ij = y(x) - y(x with a window about patch (i, j) at the background's grey level)

    The image is cut into grid x grid patches; the window is `reach` patches wide, centred on the patch, cut off at the
    image's edge. Zeiler and Fergus 2014, doi:10.1007/978-3-319-10590-1_53. Raises ConfigError for a grid that is finer
    than the pixels, or a class that is not there.
    """
    count, _, height, width = images.shape
    if grid < 1 or reach < 1 or grid > min(height, width):
        raise ConfigError(f"A grid of {grid} and a window of {reach} patches do not fit {height} x {width} pixels.")
    wanted = checked_targets(targets, count)
    whole, fill = class_scores(network, images, wanted, batch_size), background(images)
    maps = np.empty((count, grid, grid), np.float32)
    for row in range(grid):
        for column in range(grid):
            covered = images.clone()
            rows, columns = _window(row, grid, reach, height), _window(column, grid, reach, width)
            covered[:, :, rows, columns] = fill
            maps[:, row, column] = whole - class_scores(network, covered, wanted, batch_size)
    return maps


def _window(number: int, grid: int, reach: int, length: int) -> slice:
    middle, half = (number + 0.5) * length / grid, reach * length / grid / 2
    return slice(max(0, round(middle - half)), min(length, round(middle + half)))
