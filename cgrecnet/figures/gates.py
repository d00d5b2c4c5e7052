"""What the values of a gate can be, and what an untrained gate does to a cell."""

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch.nn import functional as F

from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter


def draw_activations(before: torch.Tensor) -> Figure:
    """A: GELU and sigmoid as functions; B: their values for the gate's numbers `before` the activation, any shape."""
    grid = torch.linspace(-5, 3, 401)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8))
    for number, (name, function) in enumerate((("GELU", F.gelu), ("sigmoid", torch.sigmoid))):
        left.plot(grid, function(grid), color=PALETTE[number], label=name)
        values = function(before).flatten().numpy()
        right.hist(values, bins=np.linspace(-0.5, 3, 106), color=PALETTE[number], alpha=0.6, density=True)
    for value in (0, 1):
        left.axhline(value, color="grey", linewidth=0.8, linestyle=":")
        right.axvline(value, color="grey", linewidth=0.8, linestyle=":")
    left.set(xlabel="number before the activation", ylabel="value of the gate")
    left.legend()
    right.set(xlabel="value of the gate", ylabel="density", xlim=(-0.5, 2.5))
    letter(left, "A")
    letter(right, "B")
    return figure


def middle_minus_border(gate: torch.Tensor, reach: float = 0.25, rim: int = 3) -> torch.Tensor:
    """Mean of each channel of a gate (H, W, h) in the middle of the image minus that at its border, (h,).

    Middle: positions nearer to the centre than `reach` of the side. Border: the outermost `rim` rows and columns.
    """
    height, width = gate.shape[:2]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    away = ((rows / (height - 1) - 0.5) ** 2 + (columns / (width - 1) - 0.5) ** 2).sqrt()
    outside = torch.ones(height, width, dtype=torch.bool)
    outside[rim:-rim, rim:-rim] = False
    return gate[away < reach].mean(0) - gate[outside].mean(0)


def draw_chosen_gates(image: np.ndarray, gate: torch.Tensor) -> Figure:
    """A: the image; B: mean over the channels of a gate (H, W, h); C, D: the most open, most shut in the middle."""
    difference = middle_minus_border(gate)
    best, worst = int(difference.argmax()), int(difference.argmin())
    figure, panels = plt.subplots(1, 4, figsize=(7.0, 2.3))
    draw_row(panels[:1], [image], (0.0, 1.0))
    shown = {f"mean of {gate.shape[2]:,}": gate.mean(2)}
    shown |= {f"gate {channel}": gate[..., channel] for channel in (best, worst)}
    for axes, (title, values) in zip(panels[1:], shown.items(), strict=True):
        picture = axes.imshow(values.numpy(), cmap="viridis")
        axes.set(title=title, xticks=[], yticks=[])
        figure.colorbar(picture, ax=axes, location="bottom", shrink=0.9)
    for axes, name in zip(panels, "ABCD", strict=True):
        letter(axes, name)
    return figure
