"""Pictures of a feature map: its channels as small images, its tokens as rows of a matrix."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter


def draw_channels(image: np.ndarray, feature_map: np.ndarray, channels: Sequence[int]) -> Figure:
    """A: the image (H, W); B: channels of the map (C, h, w), each at its own grey scale from 0 to its maximum."""
    columns = (len(channels) + 1) // 2
    figure = plt.figure(figsize=(7.0, 7.0 * 2 / (columns + 2)))
    grid = figure.add_gridspec(2, columns + 2)
    first = figure.add_subplot(grid[:, :2])
    draw_row([first], [image], (0.0, 1.0))
    letter(first, "A")
    for number, channel in enumerate(channels):
        axes = figure.add_subplot(grid[number // columns, 2 + number % columns])
        draw_row([axes], [feature_map[channel]], (0.0, float(feature_map[channel].max())))
        axes.set_title(f"channel {channel}", fontsize=8)
        if number == 0:
            letter(axes, "B")
    return figure


def draw_tokens(feature_map: np.ndarray, channel: int, position: tuple[int, int]) -> Figure:
    """A: one channel with one position marked; B: all tokens as rows, that channel's column and that token marked."""
    channels, height, width = feature_map.shape
    tokens = feature_map.reshape(channels, -1).T
    row, column = position
    number = row * width + column
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.8), width_ratios=(1, 1.3))
    left.imshow(feature_map[channel])
    left.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, edgecolor=PALETTE[1], linewidth=2))
    left.set(title=f"channel {channel}", xlabel="column", ylabel="row")
    right.imshow(tokens, vmax=np.quantile(tokens, 0.99), aspect="auto", interpolation="antialiased")
    right.axhline(number, color=PALETTE[1], linewidth=1.5)
    right.axvline(channel, color=PALETTE[0], linewidth=1.5)
    right.set(title=f"{height * width} tokens of {channels} numbers", xlabel="channel", ylabel="token")
    letter(left, "A")
    letter(right, "B")
    return figure


def draw_relations(image: np.ndarray, feature_map: np.ndarray, position: tuple[int, int]) -> Figure:
    """A: the image and one position; B: cosines of its token with all tokens; C: cosines of all pairs of channels.

    Each channel's mean over the positions is taken off first: without that all tokens look alike.
    """
    channels, height, width = feature_map.shape
    flat = feature_map.reshape(channels, -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    token = flat[:, position[0] * width + position[1]]
    over_positions = cosine(flat.T, token).reshape(height, width)
    over_channels = np.stack([cosine(flat, row) for row in flat])
    figure, (first, second, third) = plt.subplots(1, 3, figsize=(7.0, 2.6))
    draw_row([first], [image], (0.0, 1.0))
    scale = image.shape[0] / height
    mark = Rectangle((position[1] * scale, position[0] * scale), scale, scale, fill=False, edgecolor=PALETTE[1], lw=2)
    first.add_patch(mark)
    second.imshow(over_positions, cmap="RdBu_r", vmin=-1, vmax=1)
    second.plot(position[1], position[0], "s", color=PALETTE[1], markerfacecolor="none")
    shown = third.imshow(over_channels, cmap="RdBu_r", vmin=-1, vmax=1, interpolation="antialiased")
    second.set(title="one token with all", xticks=[], yticks=[])
    third.set(title="all pairs of channels", xticks=[0, channels - 1], yticks=[0, channels - 1])
    figure.colorbar(shown, ax=third, label="cosine", shrink=0.7)
    for axes, name in zip((first, second, third), "ABC", strict=True):
        letter(axes, name)
    return figure


def cosine(rows: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Cosine of each row with the vector; 0 where one of the two is zero."""
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(vector)
    return np.divide(rows @ vector, lengths, out=np.zeros(len(rows)), where=lengths > 0)
