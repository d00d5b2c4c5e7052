"""`cgrecnet runs` and `cgrecnet show`: what is there, how it compares, and where it lies."""

import argparse

from cgrecnet.commands.options import FOLDERS, argument, command, say
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError, RunError

#: What `show` prints of the settings only where they differ from the defaults.
_SHOWN = ("experiment", "model", "data", "split", "fold", "seed", "epochs")


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
