"""Pictures of a report, as text that stands in the page itself: PNG of cells, SVG of curves and bars."""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from matplotlib import colormaps
from PIL import Image

from cgrecnet.evaluation.calibration import reliability
from cgrecnet.runs.page import epoch_panels, literal, panels, svg

#: Cells are drawn this many pixels high.
HEIGHT = 96


def cell_png(image: np.ndarray, heat: np.ndarray | None = None) -> str:
    """A cell as a data address, stretched between its own 0.5 % and 99.5 %; of several channels in colour or the first.

    heat: (H, W) from 0 to 1, laid over it.
    """
    if image.ndim == 3 and image.shape[2] != 3:
        image = image[..., 0]
    low, high = np.percentile(image, (0.5, 99.5))
    grey = np.clip((image.astype(float) - low) / max(high - low, 1e-9), 0, 1)
    colour = grey if grey.ndim == 3 else np.repeat(grey[..., None], 3, axis=2)
    if heat is not None:
        weight = 0.6 * np.clip(heat, 0, 1)[..., None]
        colour = (1 - weight) * colour + weight * colormaps["inferno"](np.clip(heat, 0, 1))[..., :3]
    picture = Image.fromarray(np.rint(255 * colour).astype(np.uint8))
    scale = HEIGHT / picture.height
    picture = picture.resize((max(1, round(picture.width * scale)), HEIGHT), Image.Resampling.NEAREST)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def share_bars(names: list[str], called, corrected, low, high) -> Markup:
    """Shares per class: as called, and corrected with its interval."""
    figure, axes = panels(6, 0.6 + 0.45 * len(names))
    place = np.arange(len(names))
    axes.barh(place - 0.18, called, 0.34, color="#bbbbbb", label="called")
    axes.barh(place + 0.18, corrected, 0.34, color="#0173b2", label="corrected, 95 % interval")
    errors = [np.maximum(corrected - low, 0), np.maximum(high - corrected, 0)]
    axes.errorbar(corrected, place + 0.18, xerr=errors, fmt="none", ecolor="black", capsize=3)
    axes.set_yticks(place, [literal(name) for name in names])
    axes.invert_yaxis()
    axes.set(xlim=(0, 1), xlabel="share of the cells")
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    return svg(figure)


def learning_curves(histories: Mapping[str, Sequence[Mapping[str, Any]]]) -> Markup:
    """Loss and macro F1 by epoch, a colour for each network; the ring is the epoch whose weights were tested."""
    figure, loss, score = epoch_panels(3.4)
    for number, (name, history) in enumerate(histories.items()):
        colour = f"C{number % 10}"
        epochs = [entry["epoch"] for entry in history]
        for axes, key, style in ((loss, "train_loss", "--"), (loss, "validation_loss", "-"),
                                 (score, "validation_macro_f1", "-")):  # fmt: skip
            values = [entry.get(key, math.nan) for entry in history]
            label = literal(name) if key == "validation_macro_f1" else None
            axes.plot(epochs, values, style, color=colour, linewidth=1.3, label=label)
            if style == "-":
                tested = [(entry["epoch"], value) for entry, value in zip(history, values, strict=True)
                          if entry["reported"]]  # fmt: skip
                axes.scatter(*zip(*tested, strict=True), 60, facecolors="none", edgecolors=colour)
    loss.set(ylabel="loss (dashed: training)")
    score.set(ylabel="macro F1 on validation cells", ylim=(0, 1.02))
    if len(histories) > 1:
        score.legend(frameon=False, fontsize=8)
    return svg(figure)


def reliability_curves(classes: Sequence[str], labels: np.ndarray, probabilities: np.ndarray) -> Markup:
    """Observed share against predicted probability on the test cells, a line per class; area of the dots by number."""
    figure, axes = panels(4.2, 4)
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1, linestyle="--")
    for y, name in enumerate(classes):
        curve = reliability(labels, probabilities, y)
        (line,) = axes.plot(curve.predicted, curve.observed, linewidth=1, label=literal(name))
        sizes = 8 + 60 * curve.counts / max(curve.counts.max(), 1)
        axes.scatter(curve.predicted, curve.observed, sizes, color=line.get_color())
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="probability that the model gives", ylabel="share that is of the class")
    axes.legend(frameon=False, fontsize=8)
    return svg(figure)
