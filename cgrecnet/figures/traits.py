"""Pictures of cells from several data sets, held against each other by the same measured traits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cgrecnet.data.traits import FREQUENCIES, TRAITS
from cgrecnet.errors import DataError
from cgrecnet.figures.style import PALETTE
from cgrecnet.paths import RESULTS

#: Numbers measured on real crops of the paper's data by `benchmarks/zhu_samples.py`.
ZHU_SAMPLES = RESULTS / "zhu-samples" / "traits.json"
#: Share of a data set that counts as its usual range.
USUAL = 0.9
_FEW = 40  # with fewer cells than this, each one is drawn


@dataclass(frozen=True)
class Measured:
    """Traits of recorded cells: one row per cell, their spectra, and the commit at which they were measured."""

    rows: pd.DataFrame
    spectra: np.ndarray
    commit: str


def zhu_samples(path: Path = ZHU_SAMPLES) -> Measured:
    """The recorded traits of the sampled crops of Zhu et al.; raises DataError where there is no such record."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        rows = pd.DataFrame([cell["traits"] for cell in record["cells"]], columns=list(TRAITS))
        rows.insert(0, "class_name", [cell["kind"] for cell in record["cells"]])
        spectra = np.array([cell["spectrum"] for cell in record["cells"]], dtype=float)
        if not np.allclose(record["frequencies"], FREQUENCIES):
            raise ValueError("other rings")
        return Measured(rows, spectra, record["commit"])
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            f"{path} is not a record of measured traits: restore it, or make it by benchmarks/zhu_samples.py."
        ) from None


def compare(simulated: pd.DataFrame, real: pd.DataFrame) -> pd.DataFrame:
    """How near real cells are to simulated ones, one row per trait.

    simulated, real: medians; inside: share of the real cells within the central `USUAL` of the simulated ones;
    above: chance that a real cell drawn at random exceeds a simulated one, ties counted half (0.5: no difference).
    """
    rows = {}
    for name in TRAITS:
        made, found = simulated[name].dropna().to_numpy(), real[name].dropna().to_numpy()
        low, high = np.quantile(made, [(1 - USUAL) / 2, (1 + USUAL) / 2])
        more = found[:, None] - made[None, :]
        rows[name] = {
            "simulated": np.median(made),
            "real": np.median(found),
            "inside": np.mean((found >= low) & (found <= high)),
            "above": np.mean((more > 0) + 0.5 * (more == 0)),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def markdown(tables: Mapping[str, pd.DataFrame]) -> str:
    """Medians and overlap of several real data sets with the simulated one, as a Markdown table."""
    first = next(iter(tables.values()))
    head = ["trait", "simulated, median"]
    for name in tables:
        head += [f"{name}, median", f"{name}, inside", f"{name}, above"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    for trait in TRAITS:
        cells = [str(TRAITS[trait]), f"{first.loc[trait, 'simulated']:.3g}"]
        for table in tables.values():
            row = table.loc[trait]
            cells += [f"{row['real']:.3g}", f"{row['inside']:.0%}", f"{row['above']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def draw_traits(sets: Mapping[str, pd.DataFrame], spectra: Mapping[str, np.ndarray]) -> Figure:
    """One panel per trait, one line per data set: usual range (thin), middle half (thick), median (dot).

    Where a data set has few cells, each one is drawn as a ring. Below: the spectra, median and middle half.
    sets: rows of `TRAITS`; spectra: (cells, len(FREQUENCIES)), under the same names.
    """
    rows = -(-len(TRAITS) // 2)
    figure = plt.figure(figsize=(6.4, 1.15 * rows + 2.6))
    grid = figure.add_gridspec(rows + 1, 2, height_ratios=[1.15] * rows + [2.6])
    for place, (name, trait) in enumerate(TRAITS.items()):
        axes = figure.add_subplot(grid[place // 2, place % 2])
        for line, (measured, colour) in enumerate(zip(sets.values(), PALETTE, strict=False)):
            _draw_range(axes, measured[name].dropna().to_numpy(), line, colour)
        axes.set(title=str(trait), ylim=(len(sets) - 0.4, -0.6))
        axes.set_yticks(range(len(sets)), list(sets) if place % 2 == 0 else [""] * len(sets))
        if trait.log:
            axes.set_xscale("log")
            _plain_ticks(axes.xaxis)
    _draw_spectra(figure.add_subplot(grid[rows, :]), spectra)
    return figure


def _draw_range(axes: Axes, values: np.ndarray, line: float, colour) -> None:
    low, high = np.quantile(values, [(1 - USUAL) / 2, (1 + USUAL) / 2])
    axes.plot([low, high], [line, line], color=colour, linewidth=1.5)
    axes.plot(np.quantile(values, [0.25, 0.75]), [line, line], color=colour, linewidth=6, alpha=0.45)
    axes.plot(np.median(values), line, "o", color=colour, markersize=6)
    if len(values) < _FEW:
        axes.plot(values, np.full(len(values), line + 0.3), "o", color=colour, fillstyle="none", markersize=4)


def _draw_spectra(axes: Axes, spectra: Mapping[str, np.ndarray]) -> None:
    for (name, powers), colour in zip(spectra.items(), PALETTE, strict=False):
        low, middle, high = np.nanquantile(powers, [0.25, 0.5, 0.75], axis=0)
        axes.fill_between(FREQUENCIES, low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(FREQUENCIES, middle, color=colour, marker="o", markersize=4, label=name)
    axes.axhline(1, color="0.5", linewidth=1, linestyle="--")
    axes.set(
        xscale="log", yscale="log", xlabel="spatial frequency (cycles per pixel)", title="power over that of noise"
    )
    _plain_ticks(axes.xaxis)
    axes.legend()


def _plain_ticks(axis: Axis) -> None:
    """Numbers a person reads (0.02, 5) instead of powers of ten, and only some of them."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
