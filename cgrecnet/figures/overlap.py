"""How far the traits of simulated kinds overlap: distributions, the share that two have in common, what one tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

from cgrecnet.figures.style import PALETTE, letter

#: Line styles that tell the kinds apart without colour.
STYLES = ("-", "--", ":", "-.")


def overlap(one: np.ndarray, other: np.ndarray, bins: int = 20) -> float:
    """Share that two distributions have in common: sum over bins of the smaller share, 0 (apart) to 1 (equal).

    Samples of n cells of one and the same distribution reach a little less than 1, because bins differ by chance.
    """
    both = np.concatenate([one, other]).astype(float)
    low, high = both.min(), both.max()
    if low == high:
        return 1.0
    edges = np.linspace(low, high, bins + 1)
    shares = [np.histogram(values, edges)[0] / len(values) for values in (one, other)]
    return float(np.minimum(*shares).sum())


def told_by_one(groups: Sequence[np.ndarray], bins: int = 40) -> float:
    """Balanced accuracy of whoever knows one trait only, and its distributions: 1 / groups (nothing) to 1 (all).

    In each bin the kind with the largest share is named: sum over bins of that share, divided by the number of kinds.
    """
    together = np.concatenate(groups).astype(float)
    if together.min() == together.max():
        return 1 / len(groups)
    edges = np.linspace(together.min(), together.max(), bins + 1)
    shares = [np.histogram(values, edges)[0] / len(values) for values in groups]
    return float(np.max(shares, axis=0).sum() / len(groups))


def told_by_all(causes: pd.DataFrame, labels: np.ndarray) -> float:
    """Balanced accuracy of whoever knows all traits: linear discriminant analysis, five folds, cells out of fold."""
    said = cross_val_predict(LinearDiscriminantAnalysis(), causes.to_numpy(dtype=float), labels, cv=5)
    return float(balanced_accuracy_score(labels, said))


def overlap_table(
    causes: pd.DataFrame, labels: np.ndarray, kinds: Sequence[str], traits: Sequence[str]
) -> pd.DataFrame:
    """One row per trait, one column per pair of kinds: `overlap` of their distributions; last: `told_by_one`."""
    rows = {}
    for trait in traits:
        groups = [causes[trait].to_numpy()[labels == label] for label in range(len(kinds))]
        rows[trait] = {
            f"{kinds[a]} and {kinds[b]}": overlap(groups[a], groups[b]) for a, b in combinations(range(len(kinds)), 2)
        } | {"alone": told_by_one(groups)}
    return pd.DataFrame.from_dict(rows, orient="index")


def draw_overlap(causes: pd.DataFrame, labels: np.ndarray, kinds: Sequence[str], traits: Mapping[str, str]) -> Figure:
    """One panel per trait with the distribution of each kind; traits: column -> axis label."""
    columns = 3
    rows = -(-len(traits) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(7.2, 1.75 * rows + 0.5), squeeze=False)
    for place in panels.flat[len(traits) :]:
        place.set_axis_off()
    for axes, (trait, label), mark in zip(panels.flat, traits.items(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", strict=False):
        values = causes[trait].to_numpy().astype(float)
        edges = _edges(values)
        for kind in range(len(kinds)):
            here = values[labels == kind]
            share = np.histogram(here, edges)[0] / max(len(here), 1)
            axes.stairs(share, edges, color=PALETTE[kind], linestyle=STYLES[kind % 4], linewidth=1.5, label=kinds[kind])
        axes.set(xlabel=label, yticks=[])
        letter(axes, mark)
    handles, names = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, ncol=len(kinds), loc="outside lower center")
    return figure


def _edges(values: np.ndarray) -> np.ndarray:
    """Twenty bins, or one per whole number where the values are counts."""
    if np.array_equal(values, np.rint(values)) and np.ptp(values) <= 40:
        return np.arange(values.min() - 0.5, values.max() + 1)
    return np.linspace(values.min(), values.max(), 21)
