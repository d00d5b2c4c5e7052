"""`cgrecnet collect` and `plot`: the table of a sweep, and a page about it."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import RECORDS, argument, command, say
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError
from cgrecnet.paths import WORK

SWEEP = (
    argument("file", type=Path, metavar="NAME | FILE.yaml", help="of a sweep"),
    argument("overrides", nargs="*", metavar="name=value", help="as they were given to `cgrecnet sweep`"),
)


@command(
    "collect",
    argument("--partial", action="store_true", help="take what is there, and say what is missing"),
    argument("--best", action="store_true", help="also name the setting that the validation cells choose"),
    argument("--csv", type=Path, help="also write one row per run, with all parameters, to this file"),
    argument("--parquet", type=Path, metavar="FILE.parquet", help="the same as Parquet"),
    *SWEEP,
    RECORDS,
    rest="overrides",
    help="the table of a sweep: mean, spread and n over folds and seeds",
)
def collect_command(options: argparse.Namespace) -> int:
    from cgrecnet.runs.collect import collect, with_all_parameters, write_table
    from cgrecnet.runs.halving import open_sweep

    sweep = open_sweep(options.file, parse_parameters(options.overrides), options.results)
    if options.parquet and options.parquet.suffix != ".parquet":
        raise ConfigError(f"{options.parquet} does not end in .parquet: name it so, or use --csv.")
    table = collect(sweep.plans, options.results, options.partial, sweep.stopped)
    for path in filter(None, (options.csv, options.parquet)):
        write_table(with_all_parameters(table, sweep.plans), path)
    say_table(table, options.best)
    return 1 if table.attrs["missing"] else 0


def say_table(table, with_best: bool = False) -> None:
    """Print what `cgrecnet.runs.collect.collect` gives: mean and spread with n, and what is missing.

    with_best: whether to name the setting with the highest score on validation cells, and what it has on test cells.
    """
    from cgrecnet.runs.collect import CHOSEN_BY, SCORES, best, summarise

    summary = summarise(table)
    keys = [name for name in summary.columns if not name.endswith(("_mean", "_sd"))]
    chosen = best(summary)
    for score in SCORES:
        mean, spread = summary[f"{score}_mean"] * 100, summary[f"{score}_sd"] * 100
        summary[score] = [f"{m:.2f}" + ("" if s != s else f" ± {s:.2f}") for m, s in zip(mean, spread, strict=True)]
    print(summary[[*keys, *SCORES]].to_string(index=False))
    print(f"percent, mean ± standard deviation over the n runs of a row; {len(table)} of {table.attrs['planned']} runs")
    if stopped := table.attrs["stopped"]:
        print(f"{len(stopped)} of {table.attrs['planned']} runs were stopped early, by validation ({CHOSEN_BY})")
    print(f"choose by validation columns, judge by test columns; best epochs: {_span(table['best_epoch'])}", end="")
    print(f" of {_span(table['epochs_run'])}")
    if with_best:
        setting = ", ".join(f"{name}={chosen[name]}" for name in keys if name != "n")
        print(
            f"best by {CHOSEN_BY}: {setting} ({chosen[f'{CHOSEN_BY}_mean']:.2%}); "
            f"its test accuracy: {chosen['test_accuracy_mean']:.2%}, n = {int(chosen['n'])}"
        )
    if missing := table.attrs["missing"]:
        print(f"missing: {', '.join(missing[:5])}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else ""))


def _span(numbers) -> str:
    low, high = numbers.min(), numbers.max()
    return str(low) if low == high else f"{low} to {high}"


@command(
    "plot",
    argument("--x", metavar="NAME", help="parameter across the heat map (default: one with most values)"),
    argument("--y", metavar="NAME", help="parameter up the heat map"),
    argument("--out", type=Path, metavar="PAGE.html", help="where to write it (default: _build/plots/)"),
    *SWEEP,
    RECORDS,
    rest="overrides",
    help="one page about a sweep: learning curves, heat map, all parameters, table",
)
def plot(options: argparse.Namespace) -> int:
    from cgrecnet.runs.halving import open_sweep
    from cgrecnet.runs.sweep_page import write_page

    sweep = open_sweep(options.file, parse_parameters(options.overrides), options.results)
    out = options.out or WORK.parent / "plots" / f"{sweep.file.stem}.html"
    table = write_page(out, sweep.plans, options.results, sweep.stopped, (options.x, options.y))
    missing = table.attrs["missing"]
    say(f"{out}: {len(table)} of {table.attrs['planned']} runs" + (f", {len(missing)} missing" if missing else ""))
    return 1 if missing else 0
