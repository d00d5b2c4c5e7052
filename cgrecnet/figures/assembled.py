"""The assembled network, block by block: what comes out, what it costs, and what the fusion hands on at the start."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.shapes import trace_shapes
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.models.complexity import macs_by_block, parameters_by_block
from cgrecnet.models.fusion import FusionModule


@dataclass(frozen=True)
class Block:
    """One part of a network: shape of its output without the batch, parameters, MACs by the layers' convention."""

    name: str
    shape: tuple[int, ...]
    parameters: int
    macs: int


def layer_table(model: nn.Module, size: tuple[int, ...] = (1, 3, 224, 224)) -> list[Block]:
    """The direct parts of `model` in the order in which they run; parts that neither hold nor compute are left out.

    The model may live on torch's device "meta", which knows shapes and no numbers, and costs no time.
    """
    parameters, macs = parameters_by_block(model), macs_by_block(model, size)
    with torch.device(next(model.parameters()).device):
        steps = trace_shapes(model, torch.zeros(size))
    blocks = [Block(s.name, s.shape, parameters.get(s.name, 0), macs.get(s.name, 0)) for s in steps]
    return [block for block in blocks if block.parameters or block.macs]


def draw_blocks(blocks: Sequence[Block], highlight: Sequence[str] = ()) -> Figure:
    """A: parameters, B: MACs of each block; blocks in `highlight` in a second colour."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 0.27 * len(blocks) + 1.0), sharey=True)
    names = [block.name for block in blocks]
    colours = [PALETTE[1] if name in highlight else PALETTE[0] for name in names]
    for axes, values, label in (
        (left, [block.parameters / 1e6 for block in blocks], "parameters (millions)"),
        (right, [block.macs / 1e9 for block in blocks], "MACs (10⁹)"),
    ):
        bars = axes.barh(names, values, color=colours)
        axes.bar_label(bars, [f"{value:.2f}" for value in values], padding=2, fontsize=8)
        axes.set(xlabel=label, xlim=(0, 1.18 * max(values)))
    left.invert_yaxis()
    letter(left, "A")
    letter(right, "B")
    return figure


@dataclass(frozen=True)
class Handover:
    """What a fresh fusion hands on, skip or no skip: spreads (standard deviations) and likeness to its input.

    likeness: cosine between the output's and the input's vector at a position, mean over all positions.
    """

    seed: int
    skip: bool
    input_spread: float
    output_spread: float
    likeness: float


@torch.no_grad()
def handovers(x: Tensor, seeds: Sequence[int]) -> list[Handover]:
    """Fresh fusion modules on the map x, (B, C, H, W), each without and with a skip around the same weights."""
    found = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(seed)
            module = FusionModule(x.shape[1])
            for skip in (False, True):
                module.skip = skip
                y = module(x)
                likeness = nn.functional.cosine_similarity(x, y, dim=1).mean().item()
                found.append(Handover(seed, skip, x.std().item(), y.std().item(), likeness))
    return found


@torch.no_grad()
def draw_handover(images: Sequence[np.ndarray], x: Tensor, seed: int = 0) -> Figure:
    """Per cell: A image; lengths of B the fusion's input, C its output without a skip, D with one; one scale each row.

    images: (H, W) in [0, 1]; x: the map in front of the fusion, (cells, C, H, W).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = FusionModule(x.shape[1])
    y = module(x)
    figure, axes = plt.subplots(len(images), 4, figsize=(7.0, 1.6 * len(images) + 0.3), squeeze=False)
    for row, image, before, after in zip(axes, images, x, y, strict=True):
        draw_row(row, [image], (0.0, 1.0))
        lengths = [before.norm(dim=0), after.norm(dim=0), (before + after).norm(dim=0)]
        top = max(length.max().item() for length in lengths)
        for place, length in zip(row[1:], lengths, strict=True):
            shown = place.imshow(length.numpy(), cmap="viridis", vmin=0, vmax=top)
        figure.colorbar(shown, ax=row[3], shrink=0.8)
    titles = ("cell", "in front of the fusion", "behind it, no skip", "behind it, skip")
    for place, text, title in zip(axes[0], "ABCD", titles, strict=True):
        place.set_title(title, fontsize=8)
        letter(place, text)
    return figure
