"""One cell as a network sees it: random crops in training, one fixed view in evaluation."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from cgrecnet.data.base import CellDataset
from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, CellTensors, eval_transform, train_transform
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import letter


def draw_crops(dataset: CellDataset, index: int, image_size: int, views: int, seed: int = 0) -> Figure:
    """A: cell `index` through Algorithm 1's training transform in `views` epochs; B: through its evaluation one."""
    training = CellTensors(dataset, [index], train_transform(image_size), seed=seed)
    fixed = CellTensors(dataset, [index], eval_transform(image_size))
    figure, (top, bottom) = plt.subplots(2, views, figsize=(7.0, 2 * 7.0 / views))
    crops = []
    for epoch in range(views):
        training.set_epoch(epoch)
        crops.append(_grey(training[0][0]))
    view = _grey(fixed[0][0])
    window = (float(view.min()), float(view.max()))  # one scale for both rows, wide enough to see the cell
    draw_row(top, crops, window)
    draw_row(bottom, [view] * views, window)
    letter(top[0], "A")
    letter(bottom[0], "B")
    return figure


def _grey(tensor) -> np.ndarray:
    """Undo the normalisation of the first channel: a picture in [0, 1]."""
    return tensor[0].numpy() * IMAGENET_STD[0] + IMAGENET_MEAN[0]
