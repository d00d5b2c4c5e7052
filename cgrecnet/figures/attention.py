"""Pictures of the two attentions: channel maps, the angular kernel, similarity over positions, cost over tokens."""

import math
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter


def draw_channel_attention(image: np.ndarray, cosines: np.ndarray, temperatures: Sequence[float]) -> Figure:
    """A: the image; B: cosines of queries and keys of one head (d, d); then their row softmax at each temperature."""
    figure, panels = plt.subplots(1, 2 + len(temperatures), figsize=(7.0, 2.4))
    draw_row(panels[:1], [image], (0.0, 1.0))
    shown = panels[1].imshow(cosines, cmap="RdBu_r", vmin=-1, vmax=1)
    panels[1].set_title("cosine")
    figure.colorbar(shown, ax=panels[1], location="bottom", shrink=0.9)
    for axes, temperature in zip(panels[2:], temperatures, strict=True):
        shown = axes.imshow(row_softmax(temperature * cosines), cmap="viridis", vmin=0)
        axes.set_title(f"softmax, τ = {temperature:g}")
        figure.colorbar(shown, ax=axes, location="bottom", shrink=0.9)
    for axes, name in zip(panels, "ABCDEFGH", strict=False):
        letter(axes, name)
        axes.set(xticks=[], yticks=[])
    return figure


def row_softmax(scores: np.ndarray) -> np.ndarray:
    """Softmax of each row."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def angular(cosine: np.ndarray) -> np.ndarray:
    """The angular kernel 1 - theta / pi of a cosine, between 0 and 1."""
    return 1 - np.arccos(np.clip(cosine, -1, 1)) / math.pi


def truncated(cosine: np.ndarray) -> np.ndarray:
    """The angular kernel cut off behind its linear term, 1/2 + cosine / pi."""
    return 0.5 + np.asarray(cosine) / math.pi


def draw_kernels(cosines: np.ndarray) -> Figure:
    """A: the angular kernel and its truncation over the cosine; B: what is dropped; C: how often `cosines` occur."""
    grid = np.linspace(-1, 1, 401)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(7.0, 2.7))
    left.plot(grid, angular(grid), label="1 − θ/π")
    left.plot(grid, truncated(grid), label="½ + cos θ/π")
    left.set(xlabel="cos θ", title="kernel", ylim=(0, 1))
    left.legend(fontsize=8, loc="upper left", handlelength=1.2)
    middle.plot(grid, angular(grid) - truncated(grid), color=PALETTE[2])
    middle.axhline(0, color="grey", linewidth=0.8, linestyle=":")
    middle.set(xlabel="cos θ", title="what is dropped")
    right.hist(np.ravel(cosines), bins=np.linspace(-1, 1, 81), density=True, color=PALETTE[7])
    right.set(xlabel="cos θ", title="pairs of tokens (density)")
    for axes, name in zip((left, middle, right), "ABC", strict=True):
        letter(axes, name)
    return figure


def draw_weights_of_a_token(image: np.ndarray, maps: Mapping[str, np.ndarray], position: tuple[int, int]) -> Figure:
    """A: the image with one position marked; then maps (h, w) of the weights that its token gives to all tokens."""
    figure, panels = plt.subplots(1, 1 + len(maps), figsize=(7.0, 2.3))
    draw_row(panels[:1], [image], (0.0, 1.0))
    scale = image.shape[0] / next(iter(maps.values())).shape[0]
    place = (position[1] * scale, position[0] * scale)
    panels[0].add_patch(Rectangle(place, scale, scale, fill=False, edgecolor=PALETTE[1], linewidth=2))
    for axes, (title, values) in zip(panels[1:], maps.items(), strict=True):
        shown = axes.imshow(values, cmap="viridis")
        axes.plot(position[1], position[0], "s", color=PALETTE[1], markerfacecolor="none")
        axes.set_title(title)
        figure.colorbar(shown, ax=axes, location="bottom", shrink=0.9)
    for axes, name in zip(panels, "ABCDEFGH", strict=False):
        letter(axes, name)
        axes.set(xticks=[], yticks=[])
    return figure


def draw_responses(responses: Mapping[str, np.ndarray]) -> Figure:
    """Maps (h, w) of what an impulse at one position becomes, side by side, one scale around zero for all."""
    figure, panels = plt.subplots(1, len(responses), figsize=(7.0, 3.4), squeeze=False)
    reach = max(np.abs(values).max() for values in responses.values())
    for axes, (title, values), name in zip(panels[0], responses.items(), "ABCDEFGH", strict=False):
        axes.imshow(values, cmap="RdBu_r", vmin=-reach, vmax=reach)
        axes.set(title=title, xlabel="column", ylabel="row")
        letter(axes, name)
    return figure


def draw_costs(tokens: Sequence[int], panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """One panel per quantity, one line per module, over the number of tokens; both axes logarithmic."""
    figure, places = plt.subplots(1, len(panels), figsize=(7.0, 2.9), squeeze=False)
    for axes, (title, lines), name in zip(places[0], panels.items(), "ABCDEFGH", strict=False):
        for label, values in lines.items():
            axes.plot(tokens, values, "o-", markersize=4, label=label)
        axes.set(xscale="log", yscale="log", xlabel="tokens N", title=title)
        axes.legend(fontsize=8)
        if len(panels) > 1:
            letter(axes, name)
    return figure


def slope(tokens: Sequence[int], cost: Sequence[float]) -> float:
    """Exponent p of cost ~ N^p: the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(tokens), np.log(cost), 1)[0])
