"""Pictures and tables of the page on seeds: how twins part, and how many seeds a difference needs."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from cgrecnet.evaluation.arrays import ALIKE, alike
from cgrecnet.evaluation.power import power_of_paired_t, repeats_needed
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.runs.record import RunRecord

#: Below this a relative distance is drawn as if it were this: a logarithm has no zero.
FLOOR = 1e-9


def draw_twins(distances: Mapping[str, Sequence[float]], steps: Sequence[int]) -> Figure:
    """Distance of each twin's weights from those of the first run, over the way that the first run went, by step.

    A distance of 0 is drawn on the lowest line, which is labelled "none".
    """
    figure, axes = plt.subplots(figsize=(7.0, 3.2))
    for (name, values), marker in zip(distances.items(), "osD^v*", strict=False):
        axes.plot(steps, np.maximum(values, FLOOR), marker=marker, ms=4, label=name)
    axes.set(yscale="log", xlabel="step of the optimizer", ylabel="distance / way of the first run")
    axes.set_ylim(FLOOR / 3, 10)
    ticks = [FLOOR, 1e-7, 1e-5, 1e-3, 1e-1, 1e0]
    axes.set_yticks(ticks, ["none", *(f"$10^{{{int(np.log10(tick))}}}$" for tick in ticks[1:])])
    axes.legend(fontsize=8, loc="center right", bbox_to_anchor=(1.0, 0.45))
    return figure


def draw_power(differences: Sequence[float], most: int = 40, marks: Sequence[tuple[str, float]] = ()) -> Figure:
    """A: power of the paired t-test by number of seeds, a curve for each difference, in SDs of the paired difference.
    B: seeds needed for a power of 0.8 by that ratio; marks: (name, ratio) of measured ones."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 3.0))
    seeds = np.arange(2, most + 1)
    for ratio in differences:
        left.plot(seeds, [power_of_paired_t(ratio, 1.0, int(n)) for n in seeds], label=f"{ratio:g} SD")
    left.axhline(0.8, color="0.6", lw=0.8, ls="--")
    left.set(xlabel="seeds", title="chance to see the difference", ylim=(0, 1.03))
    left.legend(fontsize=8)
    ratios = np.geomspace(0.1, 5, 60)
    right.plot(ratios, [repeats_needed(float(ratio), 1.0) for ratio in ratios], color=PALETTE[0])
    for name, ratio in marks:
        needed = repeats_needed(ratio, 1.0) if ratio >= ratios[0] else None
        if needed:
            right.plot(ratio, needed, "o", color=PALETTE[3])
            right.annotate(name, (ratio, needed), xytext=(4, 4), textcoords="offset points", fontsize=8)
    right.axhline(3, color="0.6", lw=0.8, ls="--")
    right.annotate("three seeds", (ratios[0], 3), xytext=(0, 3), textcoords="offset points", fontsize=8)
    right.set(xscale="log", yscale="log", xlabel="difference / SD", title="seeds needed for a power of 0.8")
    letter(left, "A")
    letter(right, "B")
    return figure


def by_seed(records: Sequence[RunRecord], first: str, second: str) -> dict[int, float]:
    """Seed -> accuracy of the first model less that of the second, in percentage points; seeds that both have."""
    of: dict[str, dict[int, float]] = {first: {}, second: {}}
    for record in records:
        of.get(record.config["model"], {})[record.config["seed"]] = 100 * record.test["accuracy"]
    return {seed: of[first][seed] - of[second][seed] for seed in sorted(of[first].keys() & of[second].keys())}


def spread_of(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Standard deviation (n - 1) of a few values, and the ends of its interval from the chi-squared distribution.

    The interval holds for normal values; with three of them it reaches from half of the SD to more than six times it.
    Raises ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"A spread needs two values or more, not {len(values)}.")
    df, sd = len(values) - 1, float(np.std(values, ddof=1))
    low, high = (stats.chi2.ppf((1 + sign * level) / 2, df) for sign in (1, -1))
    return sd, sd * float(np.sqrt(df / low)), sd * float(np.sqrt(df / high))


def spread_table(differences: Mapping[int, float], wanted: Mapping[str, float]) -> str:
    """Markdown: difference by seed, mean and SD with n, and the seeds that each wanted difference (points) would need.

    Fewer than two seeds have no spread, and the table says so.
    """
    values = list(differences.values())
    n = len(values)
    lines = ["| | |", "|---|---:|"]
    lines += [f"| difference with seed {seed}, points | {_signed(value)} |" for seed, value in differences.items()]
    if n < 2:
        return "\n".join([*lines, f"| mean ± SD (n = {n}) | needs two seeds |"])
    sd, low, high = spread_of(values)
    lines.append(f"| mean ± SD of the n = {n} differences | {_signed(np.mean(values))} ± {sd:.2f} |")
    lines.append(f"| 95 % interval of the SD (n = {n}) | {low:.2f} to {high:.2f} |")
    for name, size in wanted.items():
        needed = [_needed(size, one) for one in (sd, low, high)]
        lines.append(f"| seeds to see {size:.2f} points ({name}) | {needed[0]} ({needed[1]} to {needed[2]}) |")
    return "\n".join(lines)


def mean_over_seeds(differences: Mapping[int, float]) -> tuple[int, float, tuple[float, float] | None]:
    """Seeds with a difference above 0, the mean difference (points), and its 95 % interval by the paired t-test.

    The interval is None where all seeds have one difference. Raises ValueError for fewer than two seeds.
    """
    values = np.array(list(differences.values()))
    if len(values) < 2:
        raise ValueError(f"A test over seeds needs two or more, not {len(values)}.")
    ends = stats.t.interval(0.95, len(values) - 1, values.mean(), stats.sem(values)) if not alike(values) else None
    return int((values > ALIKE).sum()), float(values.mean()), ends


def _signed(value: float) -> str:
    """Two decimals with a sign, a true minus."""
    return f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")


def _needed(size: float, sd: float) -> str:
    needed = repeats_needed(size, sd)
    return f"{needed:,}" if needed is not None else "more than anyone trains"
