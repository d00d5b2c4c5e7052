"""How often the plan's intervals hold the truth, and how often its rule takes a difference as large as the margin
for none: the bootstrap over cells, by which the plan judged at first, against the intervals that it has now.

    python benchmarks/interval_coverage.py [--draws 4000] [--json results/interval-coverage/coverage.json]

Two networks are compared on n cells of which the truth is known: how likely a cell is right by the first alone, by the
second alone, and so on. No network is trained. Each draw is one such comparison; nominal are 90 % of intervals that
hold the truth, and 5 % of draws in which an interval lies inside the margin although the difference equals the margin.
"""

import sys
import time
from collections.abc import Callable

import numpy as np
from measuring import command_line, keep
from tqdm import tqdm

from cgrecnet.evaluation.bootstrap import percentiles, resampled_counts
from cgrecnet.evaluation.score_intervals import EXACT, Interval, mean_interval, paired_interval, weighted_sum
from cgrecnet.paths import RESULTS

LEVEL, RESAMPLES = 0.90, 2000
SIZES = (15, 45, 90, 900, 7918, 31_134)
#: Chance of a cell that counts against the first network, whatever the difference; 0 is the hardest for the rule.
AGAINST = (0.0, 0.05, 0.2)
#: Classes as they are in the paper's data.
SHARES = (0.27, 0.13, 0.60)

Table = tuple[tuple[int, ...], ...]  # a row a class, a column a kind of cell


def accuracy(n: int, difference: float, against: float) -> tuple[list[int], list[float], list[int]]:
    """Accuracies on the same cells: kinds of cells, their chances, sizes of the classes (one)."""
    return [-1, 0, 1], [against, 1 - 2 * against - difference, against + difference], [n]


def change(n: int, difference: float, against: float) -> tuple[list[int], list[float], list[int]]:
    """A difference of differences of accuracies; half of the difference comes in steps of two."""
    ahead = [against + difference / 2, difference / 4]
    return [-2, -1, 0, 1, 2], [0, against, 1 - against - sum(ahead), *ahead], [n]


def balanced(n: int, difference: float, against: float) -> tuple[list[int], list[float], list[int]]:
    """Balanced accuracies, the same difference in each of three uneven classes."""
    small = [round(share * n) for share in SHARES[:-1]]
    return *accuracy(n, difference, against)[:2], [*small, n - sum(small)]


#: Measure -> its law, the margin that the plan has for it (a share), the interval now.
MEASURES: dict[str, tuple[Callable, float]] = {"accuracy": (accuracy, 0.02), "change": (change, 0.03),
                                               "balanced accuracy": (balanced, 0.03)}  # fmt: skip


def interval_now(kinds: list[int], table: Table) -> Interval:
    """What `cgrecnet.evaluation` says today."""
    if len(table) == 1 and len(kinds) == 3:
        ((only_second, _, only_first),) = table
        return paired_interval(only_first, only_second, sum(table[0]), LEVEL)
    means = [np.dot(row, kinds) / sum(row) for row in table]
    return weighted_sum(np.full(len(table), 1 / len(table)), means, [mean_interval(kinds, row, LEVEL) for row in table])


def interval_by_bootstrap(kinds: list[int], table: Table) -> Interval | None:
    """What it said before: the percentile bootstrap over cells; None where a resample lost a class."""
    drawn = resampled_counts(np.array(table), RESAMPLES)
    found = drawn.sum(axis=2)
    return percentiles((drawn @ kinds / found).mean(axis=1), LEVEL) if found.all() else None


def simulate(measure: str, n: int, truth: float, against: float, draws: int) -> dict:
    """Shares of draws: intervals that hold the truth, and that lie inside the margin, by each rule."""
    law, margin = MEASURES[measure]
    kinds, chances, sizes = law(n, truth, against)
    rng = np.random.default_rng([n, round(1e4 * truth), round(1e4 * against)])
    drawn = np.stack([rng.multinomial(size, chances, size=draws) for size in sizes], axis=1)
    tables, times = np.unique(drawn, axis=0, return_counts=True)
    row = {"measure": measure, "n": n, "margin": margin, "truth": truth, "against": against}
    for name, rule in (("bootstrap", interval_by_bootstrap), ("now", interval_now)):
        counts = {"holds": 0, "inside": 0, "none": 0}
        for table, often in zip(tables.tolist(), times.tolist(), strict=True):
            found = rule(kinds, tuple(map(tuple, table)))
            if found is None:
                counts["none"] += often
                continue
            low, high = found
            counts["holds"] += often * (low <= truth <= high)
            counts["inside"] += often * (-margin < low and high < margin)
        row[name] = {key: value / draws for key, value in counts.items()}
    return row


def main() -> None:
    parser = command_line(__doc__, default=RESULTS / "interval-coverage" / "coverage.json")
    parser.add_argument("--draws", type=int, default=4000)
    args = parser.parse_args()
    start = time.perf_counter()
    places = [(measure, n, truth, against) for measure, (_, margin) in MEASURES.items() for n in SIZES
              for truth in (margin, 0.0) for against in AGAINST]  # fmt: skip
    rows = [simulate(*place, args.draws) for place in tqdm(places, "settings", file=sys.stderr)]
    record = {
        "level": LEVEL,
        "nominal_inside": (1 - LEVEL) / 2,
        "draws": args.draws,
        "resamples": RESAMPLES,
        "exact_up_to": EXACT,
        "class_shares": SHARES,
        "rows": rows,
        "seconds": round(time.perf_counter() - start, 1),
    }
    keep(args.json, record)
    print(f"{args.json}: {len(rows)} settings in {record['seconds']} s")


if __name__ == "__main__":
    main()
