"""`cgrecnet runs` and `show`, `collect` and `plot`: what is there, how it compares, and where it lies."""

import argparse
from pathlib import Path

from cgrecnet.commands.options import FOLDERS, RECORDS, argument, command, say
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.paths import WORK

#: What `show` prints of the settings only where they differ from the defaults.
_SHOWN = ("experiment", "model", "data", "split", "fold", "seed", "epochs")
SWEEP = (
    argument("file", type=Path, metavar="NAME | FILE.yaml", help="of a sweep"),
    argument("overrides", nargs="*", metavar="name=value", help="as they were given to `cgrecnet sweep`"),
)


@command(
    "runs",
    argument("experiment", nargs="?", help="of which experiment (default: all)"),
    argument("filters", nargs="*", metavar="name=value", help="only runs with these parameters"),
    argument("--compare", nargs="*", metavar="RUN", help="two or more side by side (default: those that are listed)"),
    *FOLDERS,
    help="the runs that have a record, and those that were begun; side by side",
)
def runs(options: argparse.Namespace) -> int:
    from cgrecnet.runs.found import find_run, find_runs

    if options.experiment and "=" in options.experiment:
        options.filters.insert(0, options.experiment)
        options.experiment = None
    results, work = options.results, options.work
    if options.compare:
        if options.experiment or options.filters:
            raise ConfigError("Name runs after --compare, or choose them by experiment and parameters, not both.")
        _say_compared([find_run(name, results, work) for name in dict.fromkeys(options.compare)])
        return 0
    wanted = parse_parameters(options.filters)
    found, problems = find_runs(options.experiment, wanted, results, work)
    if not found and (options.experiment or wanted):
        which = " ".join([options.experiment or "", *(f"{name}={value}" for name, value in wanted.items())]).strip()
        raise RunError(f"No run in {results} or {work} is {which!r}: `cgrecnet runs` lists all.")
    if options.compare is not None:
        _say_compared(found)
    else:
        _say_listed(found)
    for problem in problems:
        say(problem)
    return 1 if problems else 0


def _say_listed(runs: list) -> None:
    from cgrecnet.runs.collect import differing, scores_of

    groups: dict[str, list] = {}
    for run in runs:
        groups.setdefault(run.parameters["experiment"], []).append(run)
    for group in groups.values():
        names = [name for name in differing([run.parameters for run in group]) if name not in ("model", "seed")]
        for run in group:
            words = [run.run_id, str(run.parameters["model"])]
            words += [f"{name}={run.parameters.get(name)}" for name in names]
            if run.record:
                score = scores_of(run.record)
                words += [f"validation macro F1 {score['validation_macro_f1']:.4f}"]
                words += [f"test accuracy {score['test_accuracy']:.4f}", f"macro F1 {score['test_macro_f1']:.4f}"]
                words += [f"{score['seconds']:.0f} s"]
            else:
                words += [f"begun, without a record; go on with: cgrecnet train {run.run_id}"]
            say("  ".join(words))


def _say_compared(runs: list) -> None:
    from cgrecnet.runs.found import compare

    if len(runs) < 2:
        raise ConfigError(f"{len(runs)} run to compare: name two or more, as `cgrecnet runs` lists them.")
    for number, run in enumerate(runs, 1):
        say(f"{number}  {run.run_id}")
    say("\n" + compare(runs).to_string())
    say("\nchoose by validation scores; test scores judge what was chosen")
    for number, run in enumerate(runs, 1):
        for name, path in run.files.items():
            say(f"{number}  {name:12} {path}")


@command(
    "show",
    argument("run", metavar="RUN", help="its name"),
    *FOLDERS,
    help="settings and scores of one run, and where its files are",
)
def show(options: argparse.Namespace) -> None:
    from cgrecnet.runs.collect import flat, scores_of
    from cgrecnet.runs.found import find_run
    from cgrecnet.training.config import RunConfig

    run = find_run(options.run, options.results, options.work)
    usual = flat(RunConfig())
    for name, value in run.parameters.items():
        if name in _SHOWN or value != usual.get(name):
            say(f"{name:24} {value}")
    if run.record:
        score = scores_of(run.record)
        for name in ("validation_macro_f1", "test_accuracy", "test_balanced_accuracy", "test_macro_f1"):
            say(f"{name:24} {score[name]:.4f}")
        say(f"{'tested epoch':24} {score['best_epoch']} of {score['epochs_run']}")
    else:
        say(f"{'begun':24} without a record; go on with: cgrecnet train {run.run_id}")
    for name, path in run.files.items():
        say(f"{name:24} {path}")


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
