"""Scheduler and workers as processes of their own; workers are kept alive, for one ends when it loses its scheduler."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from cgrecnet.cores import cores
from cgrecnet.errors import ConfigError
from cgrecnet.runs.tls import CERTIFICATE, KEY, LOOPBACK, is_loopback, read_certificate, security_for

#: Seconds before a worker that ended is started again.
PAUSE = 1.0


def worker_environment(number: int, count: int) -> dict[str, str]:
    """Variables of worker `number` of `count`: its share of the cores, and a GPU of its own where there are any.

    Who sets OMP_NUM_THREADS to fewer threads gets those, and keeps the rest of the cores for other work.
    """
    threads = max(1, cores() // count)
    if (wished := os.environ.get("OMP_NUM_THREADS", "")).isdecimal():
        threads = max(1, min(threads, int(wished)))
    environment = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    if torch.cuda.is_available():
        environment["CUDA_VISIBLE_DEVICES"] = str(number % torch.cuda.device_count())
    return environment


def scheduler_command(host: str, port: int, tls: Path | None, trust_network: bool = False) -> list[str]:
    """What starts a Dask scheduler that listens on `host`, with the certificate in the folder `tls`, or without one.

    Its page of progress, which has no certificate, is seen on this machine alone.
    Raises ConfigError for a host beyond this machine without a certificate, unless the network is trusted.
    """
    if tls is not None:
        read_certificate(tls)
    elif not is_loopback(host) and not trust_network:
        raise ConfigError(
            f"Without TLS a scheduler on {host or 'all interfaces'} lets everybody on the network run programs as you: "
            "make a certificate with `cgrecnet certificate FOLDER` and name FOLDER with --tls (or say --trust-network)."
        )
    command = [sys.executable, "-m", "dask", "scheduler", "--port", str(port)]
    command += ["--host", host] if host else []
    command += ["--dashboard-address", f"{LOOPBACK}:0", "--protocol", "tls" if tls else "tcp"]
    return command + _certificate_options(tls)


def keep_workers(
    address: str, count: int, tls: Path | None = None, trust_network: bool = False, say: Callable[[str], None] = print
) -> None:
    """Run `count` workers of the scheduler at `address`, each one run at a time, until this process is stopped.

    tls: folder of the certificate that the scheduler has. trust_network: see `tls.security_for`.
    A worker that ends, because it died or because the scheduler went away, is started again and waits for it.
    Raises ConfigError for an address that is none, or is beyond this machine and without TLS.
    """
    security_for(address, tls, trust_network)
    command = [sys.executable, "-m", "dask", "worker", address, "--nworkers", "1", "--nthreads", "1"]
    # `--no-dashboard` takes the page away, and not the port: a worker still answers HTTP, on all interfaces by default.
    command += ["--no-dashboard", "--dashboard-address", f"{LOOPBACK}:0"]
    command += ["--memory-limit", "0", *_certificate_options(tls)]
    if is_loopback(address):
        command += ["--host", LOOPBACK]
    running: dict[int, subprocess.Popen] = {}
    try:
        while True:
            for number in range(count):
                if number in running and running[number].poll() is None:
                    continue
                if number in running:
                    say(f"worker {number} ended; it is started again")
                environment = os.environ | worker_environment(number, count)
                running[number] = subprocess.Popen(command, env=environment)
            time.sleep(PAUSE)
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.wait(30)


def _certificate_options(tls: Path | None) -> list[str]:
    if tls is None:
        return []
    certificate, key = (str(Path(tls).absolute() / name) for name in (CERTIFICATE, KEY))
    return ["--tls-ca-file", certificate, "--tls-cert", certificate, "--tls-key", key]
