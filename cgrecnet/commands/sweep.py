"""`cgrecnet sweep`."""

import argparse
from contextlib import AbstractContextManager
from pathlib import Path

from cgrecnet.commands.train import add_folders, folders
from cgrecnet.errors import ConfigError


def add(commands) -> None:
    """Add the command to the parser."""
    sweep = commands.add_parser("sweep", help="all runs of a grid, several at a time; done ones are skipped")
    sweep.add_argument("file", type=Path, metavar="sweeps/NAME.yaml")
    sweep.add_argument("--list", action="store_true", help="say what would be run, and stop")
    sweep.add_argument("--workers", type=int, help="runs at a time on this machine (default: one per GPU, or as fit)")
    sweep.add_argument("--scheduler", metavar="tcp://HOST:PORT", help="a Dask scheduler that is there already")
    sweep.add_argument("--queue", type=Path, metavar="QUEUE.yaml", help="workers as jobs of a batch system")
    sweep.add_argument("--retries", type=int, default=0, help="how often a run that failed is tried again")
    add_folders(sweep)
    sweep.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.runs.grid import read_sweep
    from cgrecnet.runs.sweep import plan_sweep, run_sweep

    configs = read_sweep(options.file)
    if options.list:
        for plan in plan_sweep(configs):
            print(plan.run_id, plan.config.model, f"fold {plan.config.fold}", f"seed {plan.config.seed}")
        return 0
    with _cluster(options) as connect:
        run_sweep(configs, connect, retries=options.retries, **folders(options))
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
