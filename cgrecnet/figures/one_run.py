"""Pictures of the page on one run: its curves, its schedule, and the epochs that change nothing."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from cgrecnet.figures.style import MODEL_COLOURS, PALETTE, letter
from cgrecnet.runs.run_record import RunRecord


def draw_schedule(rate: np.ndarray) -> Figure:
    """A: the learning rate of each epoch over its start; B: the share of its sum that each epoch has spent."""
    epochs, spent = np.arange(1, len(rate) + 1), rate.cumsum() / rate.sum()
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.6))
    left.step(epochs, rate / rate[0], where="mid")
    left.set(yscale="log", xlabel="epoch", title="learning rate / initial")
    right.plot(epochs, spent)
    right.set(xlabel="epoch", title="share of the sum spent", ylim=(0, 1.03))
    letter(left, "A")
    letter(right, "B")
    return figure


def draw_standstill(
    rate: Sequence[float], distance: Sequence[float], changed: Sequence[float], score: Sequence[float]
) -> Figure:
    """Per epoch, A: learning rate and length of the weights' step; B: share of weights that changed; C: validation F1,
    grey where no weight changes any more.

    A step of length 0 has no place on the logarithmic scale of A, and is left out.
    """
    epochs = np.arange(1, len(rate) + 1)
    figure, (step, share, f1) = plt.subplots(1, 3, figsize=(7.0, 2.7))
    length = np.array(distance, dtype=float)
    step.step(epochs, rate, where="mid", color=PALETTE[7], label="learning rate")
    step.plot(epochs, np.where(length > 0, length, np.nan), color=PALETTE[0], label="step of all weights")
    step.set(yscale="log", xlabel="epoch", title="length")
    step.legend(fontsize=8, loc="lower left")
    share.plot(epochs, np.array(changed) * 100, color=PALETTE[0])
    share.set(xlabel="epoch", title="% of weights changed", ylim=(-3, 103))
    f1.plot(epochs, score, color=PALETTE[0])
    if (still := first_still(changed)) is not None:
        f1.axvspan(still, epochs[-1], color="0.9", lw=0)
    f1.set(xlabel="epoch", title="validation macro F1", ylim=(-0.03, 1.03))
    for axes, text in zip((step, share, f1), "ABC", strict=True):
        letter(axes, text)
    return figure


def first_still(changed: Sequence[float]) -> int | None:
    """The first epoch (from 1) from which on no weight changes; None where one changes in the last epoch."""
    moving = np.flatnonzero(np.array(changed) > 0)
    first = int(moving[-1]) + 2 if len(moving) else 1
    return first if first <= len(changed) else None


def draw_runs(records: Sequence[RunRecord]) -> Figure:
    """Epoch by epoch, A: loss (dashed: training); B: validation macro F1, a dot at the tested epoch; C: norm of the
    gradient; D: learning rate. One colour per model; the first fold is bold.

    Without records the axes are empty and say so.
    """
    figure, axes = plt.subplots(1, 4, figsize=(7.0, 2.6))
    loss, f1, norm, rate = axes
    named: set[str] = set()
    for record in records:
        model, first = record.config["model"], record.config["fold"] == 0
        line = {"color": MODEL_COLOURS.get(model, "black"), "lw": 1.8 if first else 0.7, "alpha": 1 if first else 0.5}
        of = {name: [entry[name] for entry in record.history] for name in record.history[0]}
        epochs = of["epoch"]
        label = None if model in named else model
        named.add(model)
        if first:
            loss.plot(epochs, of["train_loss"], "--", **line)
        loss.plot(epochs, of["validation_loss"], label=label, **line)
        f1.plot(epochs, of["validation_macro_f1"], **line)
        best = of["reported"].index(True)
        f1.plot(epochs[best], of["validation_macro_f1"][best], "o", ms=4, **line)
        norm.plot(epochs, of["gradient_norm"], **line)
        rate.step(epochs, of["learning_rate"], where="mid", **line)
    for place, title, text in zip(
        axes, ("loss", "validation macro F1", "gradient norm", "learning rate"), "ABCD", strict=True
    ):
        place.set(xlabel="epoch")
        place.set_title(title, fontsize=9)
        place.xaxis.get_major_locator().set_params(integer=True)
        letter(place, text)
        if not records:
            place.text(0.5, 0.5, "no runs here", ha="center", transform=place.transAxes, fontsize=8)
    if records:
        norm.set_yscale("log")
        norm.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        norm.yaxis.set_major_formatter("{x:g}")
        norm.yaxis.set_minor_formatter(NullFormatter())
        rate.set_yscale("log")
        figure.legend(*loss.get_legend_handles_labels(), loc="outside lower center", ncols=len(named), fontsize=8)
    return figure
