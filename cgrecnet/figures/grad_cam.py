"""Class activation maps as pictures: what is done to a map before it is shown, and maps on cells."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.explain.methods import heat, resize
from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.explained import MODELS, PLACES, Study, title_of
from cgrecnet.figures.style import letter

HEAT = "inferno"


def stretched(map_: np.ndarray) -> np.ndarray:
    """A map as it is usually shown: from its own smallest value, 0, to its own largest, 1."""
    low, high = map_.min(), map_.max()
    return np.zeros_like(map_) if high == low else (map_ - low) / (high - low)


def draw_steps(image: np.ndarray, raw: np.ndarray) -> Figure:
    """A: image (S, S); B: raw map (h, w) with its values; C: what is positive, enlarged; D: stretched and laid over."""
    figure, axes = plt.subplots(1, 4, figsize=(7.0, 2.1))
    draw_row(axes, [image], (0.0, 1.0))
    reach = np.abs(raw).max() or 1.0
    axes[1].imshow(raw, cmap="RdBu_r", vmin=-reach, vmax=reach)
    for (row, column), value in np.ndenumerate(raw):
        colour = "white" if abs(value) > 0.6 * reach else "black"
        axes[1].text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=8, color=colour)
    smooth = resize(heat(raw)[None], len(image))[0]
    axes[2].imshow(smooth, cmap=HEAT, vmin=0)
    lay_over(axes[3], image, stretched(smooth))
    for place, name, title in zip(axes, "ABCD", ("cell", "raw", "ReLU, enlarged", "stretched"), strict=True):
        place.set_title(title, fontsize=9)
        letter(place, name)
    return figure


def lay_over(axes: Axes, image: np.ndarray, map_: np.ndarray, mask: np.ndarray | None = None) -> None:
    """A map between 0 and 1 over an image, half transparent; the outline of a mask in white on black."""
    axes.imshow(image, vmin=0, vmax=1)
    axes.imshow(map_, cmap=HEAT, vmin=0, vmax=1, alpha=0.55)
    if mask is not None:
        outline(axes, mask)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def outline(axes: Axes, mask: np.ndarray) -> None:
    """The edge of a mask, readable on light and on dark ground."""
    if mask.any() and not mask.all():
        axes.contour(mask, levels=[0.5], colors="black", linewidths=2)
        axes.contour(mask, levels=[0.5], colors="white", linewidths=1)


def four_sorts(study: Study, network: str, each: int = 2) -> dict[str, list[int]]:
    """Kept cells that the network got right or wrong, the surest and the least sure of each; fewer where there are few.

    None is chosen by its map: only by the answer and its probability.
    """
    kept = np.arange(study.shown)
    right, sure = study.right(network)[kept], study.arrays[f"sure/{network}"][kept]
    found = {}
    for name, chosen in (("right", right), ("wrong", ~right)):
        order = kept[chosen][np.argsort(-sure[chosen])]
        half = min(each, (len(order) + 1) // 2)
        found[f"{name}, sure"] = order[:half].tolist()
        found[f"{name}, unsure"] = order[half:][-each:].tolist()
    return {name: cells for name, cells in found.items() if cells}


def draw_cells(study: Study, network: str, other: str, kinds: Sequence[str], cells: dict[str, list[int]]) -> Figure:
    """One column per cell in the order of `cells`; rows: image with the mask's edge, maps of `network`, one of `other`.

    The maps of a row share one scale, from 0 to the 98 % quantile over all kept cells of the study, so that a weak map
    looks weak.
    """
    order = [(sort, cell) for sort, chosen in cells.items() for cell in chosen]
    rows = [(network, kind) for kind in kinds] + [(other, kinds[0])]
    figure, axes = plt.subplots(
        len(rows) + 1, len(order), figsize=(7.0, 0.35 + (7.0 / max(len(order), 6)) * (len(rows) + 1)), squeeze=False
    )
    images, masks, size = study.image(), study.mask(), study.record.config["image_size"]
    for column, (sort, cell) in enumerate(order):
        draw_row(axes[:1, column], [images[cell]], (0.0, 1.0))
        outline(axes[0, column], masks[cell])
        first = column == 0 or order[column - 1][0] != sort
        axes[0, column].set_title(f"{sort}\n" if first else "\n", fontsize=8)
        axes[0, column].set_xlabel(f"{study.arrays[f'sure/{network}'][cell]:.2f}", fontsize=8, labelpad=1)
    for row, (name, kind) in enumerate(rows, start=1):
        maps = study.map(name, kind)
        maps = None if maps is None else resize(heat(maps), size)
        top = 1.0 if maps is None else float(np.quantile(maps, 0.98)) or 1.0
        for column, (_, cell) in enumerate(order):
            if maps is None or cell >= len(maps):
                draw_row([axes[row, column]], [], (0.0, 1.0))
                continue
            lay_over(axes[row, column], images[cell], np.clip(maps[cell] / top, 0, 1), masks[cell])
        model, place = MODELS[name.split()[1]], PLACES.get(kind.partition("@")[2], "")
        axes[row, 0].set_ylabel(f"{model}\n{place or title_of(kind)}", fontsize=8)
    return figure
