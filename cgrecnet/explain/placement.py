"""Where the positions of a map look, and maps that are drawn there.

A viewer cuts the picture into equal fields, one for each position of the map. A network of stride s that looks at pixel
0 first looks at pixels 0, s, 2 s, ..., while the middles of the fields are (s - 1) / 2 pixels further down and right.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.explain.layers import Layer
from cgrecnet.explain.state import evaluating, seen_by


def aligned(maps: np.ndarray, size: int, layer: Layer) -> np.ndarray:
    """Maps (B, h, w) at the size of the image, bilinear, each position where it looks by `Layer.first` and `stride`."""
    places = (np.arange(size) - layer.first) / layer.stride
    rows, columns = (
        np.stack([np.interp(places, np.arange(n), unit) for unit in np.eye(n)], axis=1) for n in maps.shape[1:]
    )
    return (rows @ maps @ columns.T).astype(np.float32)


def drawn_at(positions: int, size: int) -> np.ndarray:
    """The pixel rows of the middles of equal fields, (positions,): where a viewer draws the positions of a map."""
    return (np.arange(positions) + 0.5) * size / positions - 0.5


def looks_at(network: nn.Module, layer: Layer, images: Tensor, positions: Sequence[int], seed: int = 0) -> np.ndarray:
    """Measured: the pixel (row, column) around which a map's position (i, i) looks, for each i of `positions`, (n, 2).

    It is the centre of gravity of the squared gradient, with respect to the image, of a random sum of the position's
    channels. Near the edge of the image the field is cut off, and its centre lies further inside. Layers with maps.
    """
    seen, generator = [], torch.Generator().manual_seed(seed)
    handle = layer.module(network).register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    try:
        with evaluating(network), torch.enable_grad():
            images = seen_by(network, images).detach().clone().requires_grad_()
            network(images)
    finally:
        handle.remove()
    found = []
    for i in positions:
        here = seen[0][:, :, i, i]
        signs = torch.randint(0, 2, here.shape, generator=generator).to(here) * 2 - 1
        (slope,) = torch.autograd.grad((here * signs).sum(), images, retain_graph=True)
        weight = (slope.double() ** 2).sum(dim=(0, 1)).cpu().numpy()
        pixels = np.arange(len(weight))
        found.append([weight.sum(axis=1) @ pixels / weight.sum(), weight.sum(axis=0) @ pixels / weight.sum()])
    return np.array(found)
