"""Cover a part of the image and watch the score: occlusion, deletion and insertion. Needs no gradient and no layer.

Occlusion makes a map; deletion and insertion judge one: take the hottest pixels away, or put only them back, and watch
the class's probability (Petsiuk et al. 2018 (RISE), arXiv:1806.07421). They delete to a constant grey and insert into a
blurred image; here all work with the image's own background level, which is what is left where there is no cell.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.class_scores import checked_targets, class_scores

#: Rows and columns of the map, and how many patches wide the covering window is.
GRID, REACH = 8, 2
#: Shares of the pixels at which the probability is taken.
SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)


def background(images: Tensor) -> Tensor:
    """Median of the rim, two pixels wide, of each image and channel, (B, C, 1, 1): what covers a part of it."""
    inside = torch.zeros(images.shape[2:], dtype=torch.bool, device=images.device)
    inside[2:-2, 2:-2] = True
    return images[:, :, ~inside].median(dim=2).values[:, :, None, None]


def occlusion_maps(
    network: nn.Module, images: Tensor, targets, *, grid: int = GRID, reach: int = REACH
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
    uncovered, fill = class_scores(network, images, wanted), background(images)
    maps = np.empty((count, grid, grid), np.float32)
    for row in range(grid):
        for column in range(grid):
            covered = images.clone()
            rows, columns = _window(row, grid, reach, height), _window(column, grid, reach, width)
            covered[:, :, rows, columns] = fill
            maps[:, row, column] = uncovered - class_scores(network, covered, wanted)
    return maps


def _window(number: int, grid: int, reach: int, length: int) -> slice:
    middle, half = (number + 0.5) * length / grid, reach * length / grid / 2
    return slice(max(0, round(middle - half)), min(length, round(middle + half)))


@dataclass(frozen=True)
class DeletionInsertion:
    """Probability of the target at each share of the pixels, (B, shares): hottest deleted, hottest inserted."""

    shares: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray

    def auc(self) -> tuple[np.ndarray, np.ndarray]:
        """Area under each image's deletion curve (lower is better) and insertion curve (higher), (B,) each."""
        return tuple(np.trapezoid(curve, self.shares, axis=1) for curve in (self.deletion, self.insertion))


def ranks(maps: np.ndarray, seed: int = 0) -> np.ndarray:
    """Rank of each pixel of (B, S, S) as a share in [0, 1), hottest first; ties are broken at random."""
    flat = maps.reshape(len(maps), -1)
    noise = np.random.default_rng(seed).random(flat.shape)
    order = np.lexsort((noise, -flat), axis=1)
    found = np.empty(flat.shape)
    np.put_along_axis(found, order, np.broadcast_to(np.arange(flat.shape[1]) / flat.shape[1], flat.shape), axis=1)
    return found.reshape(maps.shape)


def deletion_insertion(
    network: nn.Module, images: Tensor, targets, maps: np.ndarray, *, shares=SHARES, seed: int = 0
) -> DeletionInsertion:
    """Deletion and insertion curves of maps at the images' size, (B, S, S); equal maps give a random order: chance.

    Raises ConfigError for maps of another size, shares that do not run from 0 to 1, or a class that is not there.
    """
    if maps.shape != (len(images), *images.shape[2:]):
        raise ConfigError(f"Maps of shape {maps.shape} do not fit images of shape {tuple(images.shape)}: resize them.")
    shares = np.asarray(shares, dtype=float)
    if shares[0] != 0 or shares[-1] != 1 or (np.diff(shares) <= 0).any():
        raise ConfigError(f"The shares of pixels must rise from 0 to 1, not {shares.tolist()}.")
    wanted = checked_targets(targets, len(images))
    place = torch.from_numpy(ranks(maps, seed)).to(images.device)[:, None]
    fill = background(images).expand_as(images)

    def probability(pictures: Tensor) -> np.ndarray:
        return class_scores(network, pictures, wanted, softmax=True)

    untouched, empty = probability(images), probability(fill)  # the ends are the same for every map
    deleted, inserted = [untouched], [empty]
    for share in shares[1:-1]:
        hot = place < share
        deleted.append(probability(torch.where(hot, fill, images)))
        inserted.append(probability(torch.where(hot, images, fill)))
    return DeletionInsertion(shares, np.stack([*deleted, empty], axis=1), np.stack([*inserted, untouched], axis=1))
