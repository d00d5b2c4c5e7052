"""`cgrecnet sweep` and `reproduce`, and a place for runs on several machines: `certificate`, `scheduler`, `worker`."""

import argparse
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from cgrecnet.commands.data import CELLS, published_counts
from cgrecnet.commands.options import FOLDERS, KEEP_WEIGHTS, PLACE, TRUST, argument, command, need_least, say
from cgrecnet.commands.runs import say_table
from cgrecnet.commands.train import parse_parameters
from cgrecnet.errors import ConfigError, DataError


@command(
    "sweep",
    argument("file", type=Path, metavar="NAME | FILE.yaml", help="a sweep of the project's, or your own"),
    argument(
        "overrides", nargs="*", metavar="name=value",
        help="other values than the file's `base`; name=[value, ...] keeps a part of its grid",
    ),
    argument("--list", action="store_true", help="say what would be run, and stop"),
    argument("--cost", action="store_true", help="measure a few steps, say what the sweep costs, and stop"),
    argument("--yes", action="store_true", help="start, however long it takes, and do not measure first"),
    *PLACE,
    KEEP_WEIGHTS,
    *FOLDERS,
    rest="overrides",
    help="all runs of a grid, several at a time; done ones are skipped",
)  # fmt: skip
def sweep(options: argparse.Namespace) -> None:
    from cgrecnet.runs.collect import values_of, varying
    from cgrecnet.runs.halving import check_halving, open_sweep, rungs
    from cgrecnet.runs.run_record import check_writable
    from cgrecnet.runs.sweep import is_done, need_cells, need_networks, refuse_other_cells

    results = options.results
    _, halving, plans, stopped = opened = open_sweep(options.file, parse_parameters(options.overrides), results)
    configs = opened.configs
    if options.list:
        differ = varying(plans)
        for plan in plans:
            print(plan.run_id, *(f"{name}={value}" for name, value in values_of(plan, differ).items()))
        return
    if halving:
        check_halving(configs, halving)
    with ExitStack() as stack:
        place = cluster_of(options, options.work)
        connect = stack.enter_context(place) if options.scheduler else None  # nobody there: say so first
        todo = [plan for plan in plans if not is_done(plan, results) and plan.run_id not in stopped]
        if todo:
            refuse_other_cells(plans, results)
        elsewhere = bool(options.scheduler or options.queue)
        need_networks(todo, elsewhere)
        confirmed = options.yes and not options.cost
        if confirmed:  # the estimate of the cost opens and splits them too
            need_cells(todo, elsewhere)
        starts = 1 + len(rungs(halving, configs[0].epochs)) if halving else 1
        if not say_cost(todo, confirmed, options.cost, elsewhere, starts):
            return
        check_writable(options.work, "--work")
        check_writable(results, "--results")
        if todo:
            run(configs, options, connect or stack.enter_context(place), halving)
        else:
            early = f" or stopped early ({len(stopped)})" if stopped else ""
            print(f"{len(plans)} runs, all of them done already{early}")


def say_cost(todo: list, confirmed: bool, only: bool = False, elsewhere: bool = False, starts: int = 1) -> bool:
    """Print what the runs to do cost, unless that was confirmed; whether to go on.

    elsewhere: the runs are done on other machines than this one, whose rate is measured. starts: of each run, at most.

    Raises ConfigError where it is much and nobody has said yes.
    """
    from cgrecnet.runs.sweep import LARGE, estimate

    if confirmed:
        return True
    try:
        cost = estimate(todo, starts=starts) if todo else None
    except DataError as error:
        if not elsewhere:
            raise
        raise ConfigError(
            f"What the sweep costs cannot be measured on this machine ({str(error).rstrip('.')}): add --yes to start "
            "it without, if the workers have the cells."
        ) from None
    print(cost or "0 runs to do", flush=True)
    if cost and elsewhere:
        print("The rate is this machine's: the workers, which are elsewhere, may be much faster or slower.", flush=True)
    if cost and not only and cost.hours > LARGE:
        raise ConfigError(f"That is more than {LARGE:g} hours, so nothing was started: add --yes to start it.")
    return not only


def run(configs: list, options: argparse.Namespace, connect: Callable, halving=None, **others) -> None:
    """Do the runs as the command's options say, all or those that halving leaves; paths hold for any folder."""
    from cgrecnet.runs.halving import run_halving
    from cgrecnet.runs.notebook import train
    from cgrecnet.runs.sweep import run_sweep

    do = partial(train, keep_weights=options.keep_weights)
    named = {"results": options.results, "work": options.work} | others
    places = {name: path.absolute() for name, path in named.items()}
    here, others = list(map(_anywhere, configs)), {"retries": options.retries, "do": do, **places}
    if halving:
        run_halving(here, halving, connect, **others)
    else:
        run_sweep(here, connect, **others)


def _anywhere(config):
    """The same run for a process in another folder: a weights file that lies here is named by its whole path."""
    here = Path(config.weights) if config.weights else None
    return config.model_copy(update={"weights": str(here.absolute())}) if here and here.is_file() else config


def cluster_of(options: argparse.Namespace, work: Path) -> AbstractContextManager:
    """Where the runs are to be done; ConfigError where that is not one place. work: seen by all jobs of a queue."""
    from cgrecnet.runs import cluster
    from cgrecnet.runs.jobqueue import read_jobqueue
    from cgrecnet.runs.queue_cluster import queue_cluster
    from cgrecnet.runs.worker import security_for

    named = [name for name in ("workers", "scheduler", "queue") if getattr(options, name) is not None]
    if len(named) > 1:
        raise ConfigError(f"Name one place for the runs, not --{named[0]} and --{named[1]}.")
    need_least(options, workers=1, retries=0)
    if options.scheduler is not None:
        security = security_for(options.scheduler, options.tls, options.trust_network)
        return cluster.remote_cluster(options.scheduler, security)
    for name in ("tls", "trust_network"):
        if getattr(options, name):
            raise ConfigError(f"--{name.replace('_', '-')} goes with --scheduler; elsewhere TLS is there by itself.")
    if options.queue is not None:
        return queue_cluster(read_jobqueue(options.queue), work)
    return cluster.local_cluster(options.workers)


@command(
    "reproduce",
    argument("folder", type=Path, help="of the cells' files, or of a store of them"),
    argument(
        "options", nargs="*", metavar="name=value | FILE.yaml",
        help="to make it smaller: image_size=32 epochs=1; a list keeps a part: model=[resnet50,cg_recnet] fold=[0,1]",
    ),
    argument("--sweeps", nargs="+", metavar="NAME", help="which of them (default: all)"),
    argument("--cells", type=int, help="for the audit's slow parts (default: as `cgrecnet data audit`)"),
    argument("--cost", action="store_true", help="check and pack, say what the runs cost, and stop"),
    argument("--yes", action="store_true", help="start, however long it takes"),
    *PLACE,
    KEEP_WEIGHTS,
    *FOLDERS,
    rest="options",
    help="the paper's sweeps on the paper's own cells: check, pack, audit, sweep, collect",
    description="Check the files of the paper's cells, pack them into a store, audit them, do the paper's sweeps "
    "and collect their tables. Started again, it goes on where it stopped. `make reproduce DATA=FOLDER` does this "
    "and builds the book, whose columns for these cells are filled then.",
)  # fmt: skip
def reproduce(options: argparse.Namespace) -> None:
    from cgrecnet.data.base import kind_of_cells
    from cgrecnet.runs import reproduce as steps
    from cgrecnet.runs.collect import collect
    from cgrecnet.runs.run_record import check_writable
    from cgrecnet.runs.sweep import is_done, need_networks, plan_sweep, refuse_other_cells

    results = options.results
    named = [word for word in options.sweeps or steps.OWN_SWEEPS if "=" not in word]
    words = [*options.options, *(word for word in options.sweeps or () if "=" in word)]  # they may follow --sweeps
    chosen = steps.choose_runs(named or steps.OWN_SWEEPS, parse_parameters(words))
    configs = [config for runs in chosen.values() for config in runs]
    plans = plan_sweep(configs)
    need_least(options, cells=1)
    check_writable(options.work, "--work")
    check_writable(results, "--results")
    with ExitStack() as stack:
        place = cluster_of(options, options.work)
        connect = stack.enter_context(place) if options.scheduler else None
        todo = [plan for plan in plans if not is_done(plan, results)]
        elsewhere = bool(options.scheduler or options.queue)
        _head(1, "check the files")
        found = steps.check_files(options.folder, results, published_counts(steps.DATA), say)
        steps.refuse_before_packing(plans, options.folder, results)
        need_networks(todo, elsewhere)
        _head(2, "pack them into a store")
        dataset = steps.pack_files(options.folder)
        kind = kind_of_cells(dataset.name, dataset.simulated).replace("simulated", "SIMULATED")
        say(f"{len(dataset):,} {kind}. {dataset.origin}")
        plans = plan_sweep(configs)  # the cells are part of their names, and may have come just now
        todo = [plan for plan in plans if not is_done(plan, results)]
        refuse_other_cells(plans, results, same_settings=True)
        if not say_cost(todo, confirmed=options.yes and not options.cost, only=options.cost, elsewhere=elsewhere):
            return
        _head(3, "audit the cells")
        report = steps.audit_cells(dataset, results, options.cells or CELLS, say)
        _head(4, f"sweep: {', '.join(chosen)}")
        # Checkpoints of other cells must not be gone on from, so each data set has a folder of its own.
        work = options.work / f"{steps.DATA}-{dataset.fingerprint[:10]}"
        if todo:
            run(configs, options, connect or stack.enter_context(place), results=results, work=work)
        else:
            say(f"{len(plans)} runs, all of them done already")
    _head(5, "collect")
    for name, runs in chosen.items():
        say(f"\n{name}")
        say_table(collect(plan_sweep(runs), results))
    _say_findings(found, report, dataset.simulated, results)


def _say_findings(found: dict, report: dict, simulated: bool, results: Path) -> None:
    """What a reader of the tables has to know of the cells."""
    say("")
    if simulated:
        say("These cells are SIMULATED: the tables say nothing about real ones, and the book calls them simulated.")
    if not found["good"]:
        say(f"The check of the files found something amiss: {found['report'][-1]}")
    for words in report["findings"]:
        say(f"The audit says, look at this: {words}")
    say(f"Records, check and audit are in {results}. Go on with: make book")


def _head(number: int, words: str) -> None:
    say(f"\n[{number}/5] {words}")


@command(
    "certificate",
    argument("folder", type=Path, help="a new folder; who can read its key can run programs as you"),
    help="make what scheduler, workers and sweeps know each other by",
)
def certificate(options: argparse.Namespace) -> None:
    from cgrecnet.runs.worker import make_certificate

    make_certificate(options.folder)
    print(f"{options.folder}: copy it to every machine that takes part, readable by you alone, and name it with --tls.")


@command(
    "scheduler",
    argument("--host", help="address to listen on (default: all with --tls, else this machine alone)"),
    argument("--port", type=int, default=8786),
    *TRUST,
    help="hand out runs to workers on other machines, until stopped",
)
def scheduler(options: argparse.Namespace) -> int:
    from cgrecnet.runs.worker import LOOPBACK, scheduler_command

    beyond = options.tls is not None or options.trust_network
    host = options.host if options.host is not None else "" if beyond else LOOPBACK
    with subprocess.Popen(scheduler_command(host, options.port, options.tls, options.trust_network)) as process:
        try:
            return process.wait()
        except BaseException:
            process.terminate()
            raise


@command(
    "worker",
    argument("address", metavar="tls://HOST:PORT"),
    argument("--workers", type=int, help="runs at a time (default: one per GPU, or as fit)"),
    *TRUST,
    help="do runs for a Dask scheduler elsewhere, until stopped",
)
def worker(options: argparse.Namespace) -> None:
    from cgrecnet.runs.cluster import local_workers
    from cgrecnet.runs.worker import keep_workers

    need_least(options, workers=1)
    keep_workers(options.address, options.workers or local_workers(), options.tls, options.trust_network)
