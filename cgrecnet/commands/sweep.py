"""`cgrecnet sweep`."""

import argparse
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from cgrecnet.commands.train import add_folders, folders, parse_parameters
from cgrecnet.errors import ConfigError


def add(commands) -> None:
    """Add the command to the parser."""
    sweep = commands.add_parser("sweep", help="all runs of a grid, several at a time; done ones are skipped")
    sweep.add_argument("file", type=Path, metavar="sweeps/NAME.yaml")
    sweep.add_argument("overrides", nargs="*", metavar="name=value", help="other values than the file's `base`")
    sweep.add_argument("--list", action="store_true", help="say what would be run, and stop")
    sweep.add_argument("--cost", action="store_true", help="measure a few steps, say what the sweep costs, and stop")
    sweep.add_argument("--yes", action="store_true", help="start, however long it takes, and do not measure first")
    sweep.add_argument("--workers", type=int, help="runs at a time on this machine (default: one per GPU, or as fit)")
    sweep.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler that is there already")
    sweep.add_argument("--queue", type=Path, metavar="QUEUE.yaml", help="workers as jobs of a batch system")
    sweep.add_argument("--retries", type=int, default=0, help="how often a run that failed is tried again")
    add_folders(sweep)
    sweep.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.paths import RESULTS
    from cgrecnet.runs.cost import LARGE, estimate
    from cgrecnet.runs.grid import read_sweep
    from cgrecnet.runs.notebook import train
    from cgrecnet.runs.sweep import is_done, plan_sweep, run_sweep

    configs = read_sweep(options.file, parse_parameters(options.overrides))
    if options.list:
        for plan in plan_sweep(configs):
            print(plan.run_id, plan.config.model, f"fold {plan.config.fold}", f"seed {plan.config.seed}")
        return 0
    connected = _cluster(options)
    if not options.yes or options.cost:
        todo = [plan for plan in plan_sweep(configs) if not is_done(plan, options.results or RESULTS)]
        cost = estimate(todo) if todo else None
        if cost:
            print(cost, flush=True)
        if options.cost:
            return 0
        if cost and cost.hours > LARGE:
            raise ConfigError(f"That is more than {LARGE:g} hours, so nothing was started: add --yes to start it.")
    with connected as connect:
        run_sweep(
            configs,
            connect,
            retries=options.retries,
            do=partial(train, keep_weights=options.keep_weights),
            **folders(options),
        )
    return 0


def _cluster(options: argparse.Namespace) -> AbstractContextManager:
    from cgrecnet.runs import cluster

    named = [name for name in ("workers", "scheduler", "queue") if getattr(options, name) is not None]
    if len(named) > 1:
        raise ConfigError(f"Name one place for the runs, not --{named[0]} and --{named[1]}.")
    for name, least in (("workers", 1), ("retries", 0)):
        if (value := getattr(options, name)) is not None and value < least:
            raise ConfigError(f"--{name} is {value}; give a whole number, {least} or more.")
    if options.scheduler is not None:
        return cluster.remote_cluster(options.scheduler)
    if options.queue is not None:
        return cluster.queue_cluster(cluster.read_jobqueue(options.queue))
    return cluster.local_cluster(options.workers)
