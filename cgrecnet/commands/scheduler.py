"""`cgrecnet certificate`, `scheduler` and `worker`: a place for runs on several machines."""

import argparse
import subprocess
from pathlib import Path

from cgrecnet.commands.options import TRUST, argument, command, need_least


@command(
    "certificate",
    argument("folder", type=Path, help="a new folder; who can read its key can run programs as you"),
    help="make what scheduler, workers and sweeps know each other by",
)
def certificate(options: argparse.Namespace) -> None:
    from cgrecnet.runs.tls import make_certificate

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
    from cgrecnet.runs.tls import LOOPBACK
    from cgrecnet.runs.worker import scheduler_command

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
