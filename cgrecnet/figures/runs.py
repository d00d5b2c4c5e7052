"""What a run's record shows: its curves, and who was taken for whom."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cgrecnet.figures.style import MODEL_COLOURS, letter
from cgrecnet.runs.record import RunRecord


def draw_curves(records: Sequence[RunRecord]) -> Figure:
    """A: loss (training dashed, validation solid); B: validation macro F1, reported epoch marked; C: learning rate."""
    figure, (loss, f1, rate) = plt.subplots(1, 3, figsize=(7.0, 2.7))
    for record in records:
        model = record.config["model"]
        colour = MODEL_COLOURS.get(model)
        epochs = [entry["epoch"] for entry in record.history]
        of = {name: [entry[name] for entry in record.history] for name in record.history[0]}
        loss.plot(epochs, of["train_loss"], "--", color=colour)
        loss.plot(epochs, of["validation_loss"], color=colour, label=model)
        f1.plot(epochs, of["validation_macro_f1"], color=colour)
        best = of["reported"].index(True)
        f1.plot(epochs[best], of["validation_macro_f1"][best], "o", color=colour)
        rate.step(epochs, of["learning_rate"], where="mid", color=colour)
    loss.set(title="loss", xlabel="epoch")
    f1.set(title="validation macro F1", xlabel="epoch")
    rate.set(title="learning rate", xlabel="epoch", yscale="log")
    loss.legend(fontsize=8)
    for axes, text in zip((loss, f1, rate), "ABC", strict=True):
        letter(axes, text)
    return figure


def draw_confusion(axes: Axes, record: RunRecord) -> None:
    """Confusion matrix of the test cells: counts, coloured by the share of the true class (rows sum to 1)."""
    counts = np.array(record.test["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if shares[row, column] > 0.6 else "black"
        text = f"{count}\n{shares[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    names = record.data["classes"]
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="predicted", ylabel="true", title=record.config["model"])


def draw_confusions(records: Sequence[RunRecord]) -> Figure:
    """One confusion matrix per record, side by side."""
    figure, axes = plt.subplots(1, len(records), figsize=(3.4 * len(records), 3.2), squeeze=False)
    for place, record in zip(axes[0], records, strict=True):
        draw_confusion(place, record)
    return figure
