"""Runs that differ in their seed alone: their spread, and how many seeds a difference needs."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import stats

from cgrecnet.evaluation.arrays import ALIKE, alike
from cgrecnet.evaluation.power import repeats_needed
from cgrecnet.runs.run_record import RunRecord


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
