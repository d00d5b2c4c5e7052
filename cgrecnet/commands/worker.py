"""`cgrecnet worker`."""

import argparse

from cgrecnet.commands.options import add_trust


def add(commands) -> None:
    """Add the command to the parser."""
    worker = commands.add_parser("worker", help="do runs for a Dask scheduler elsewhere, until stopped")
    worker.add_argument("address", metavar="tls://HOST:PORT")
    worker.add_argument("--workers", type=int, help="runs at a time (default: one per GPU, or as fit)")
    add_trust(worker)
    worker.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from cgrecnet.errors import ConfigError
    from cgrecnet.runs.cluster import local_workers
    from cgrecnet.runs.worker import keep_workers

    if options.workers is not None and options.workers < 1:
        raise ConfigError(f"--workers is {options.workers}; give a whole number, 1 or more.")
    keep_workers(options.address, options.workers or local_workers(), options.tls, options.trust_network)
    return 0
