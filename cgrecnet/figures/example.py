"""The cells that chapters look at, as a network gets them, and what the front of the network makes of them."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from cgrecnet.data import open_dataset
from cgrecnet.data.base import CellDataset
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, CellTensors, eval_transform, train_transform
from cgrecnet.figures.cells import draw_row, pick
from cgrecnet.figures.style import letter


def example_cells(per_class: int = 1, seed: int = 0) -> tuple[CellDataset, list[int]]:
    """Jurkat cells drawn at random, `per_class` of each class."""
    dataset = open_dataset("jurkat")
    return dataset, [index for indices in pick(dataset, per_class, seed) for index in indices]


def example_images(dataset: CellDataset, indices: list[int], size: int = 224) -> Tensor:
    """The cells as the network gets them in evaluation, (len(indices), 3, size, size)."""
    tensors = CellTensors(dataset, indices, eval_transform(size))
    return torch.stack([tensors[k][0] for k in range(len(indices))])


@torch.no_grad()
def stage2_map(network: nn.Module, images: Tensor) -> Tensor:
    """The map behind `layer2` of a ResNet-50, (B, 512, H/8, W/8), in the mode in which the network is."""
    x = network.maxpool(network.relu(network.bn1(network.conv1(images))))
    return network.layer2(network.layer1(x))


def grey(image: Tensor) -> np.ndarray:
    """One normalised image (3, H, W) as a picture in [0, 1], (H, W)."""
    return image[0].numpy() * IMAGENET_STD[0] + IMAGENET_MEAN[0]


def draw_crops(dataset: CellDataset, index: int, image_size: int, views: int, seed: int = 0) -> Figure:
    """A: cell `index` through Algorithm 1's training transform in `views` epochs; B: through its evaluation one."""
    training = CellTensors(dataset, [index], train_transform(image_size), seed=seed)
    fixed = CellTensors(dataset, [index], eval_transform(image_size))
    figure, (top, bottom) = plt.subplots(2, views, figsize=(7.0, 2 * 7.0 / views))
    crops = []
    for epoch in range(views):
        training.set_epoch(epoch)
        crops.append(grey(training[0][0]))
    view = grey(fixed[0][0])
    window = (float(view.min()), float(view.max()))  # one scale for both rows, wide enough to see the cell
    draw_row(top, crops, window)
    draw_row(bottom, [view] * views, window)
    letter(top[0], "A")
    letter(bottom[0], "B")
    return figure
