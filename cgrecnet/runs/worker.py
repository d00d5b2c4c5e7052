"""Workers for a Dask scheduler elsewhere, kept alive: a Dask worker ends when it loses its scheduler."""

import os
import subprocess
import sys
import time
from collections.abc import Callable

import torch

from cgrecnet.errors import ConfigError

#: Seconds before a worker that ended is started again.
PAUSE = 1.0


def worker_environment(number: int, count: int) -> dict[str, str]:
    """Variables of worker `number` of `count`: its share of the cores, and a GPU of its own where there are any."""
    threads = str(max(1, (os.cpu_count() or 1) // count))
    environment = {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    if torch.cuda.is_available():
        environment["CUDA_VISIBLE_DEVICES"] = str(number % torch.cuda.device_count())
    return environment


def keep_workers(address: str, count: int, say: Callable[[str], None] = print) -> None:
    """Run `count` workers of the scheduler at `address`, each one run at a time, until this process is stopped.

    A worker that ends, because it died or because the scheduler went away, is started again and waits for it.
    Raises ConfigError for an address that is none.
    """
    if not address.startswith(("tcp://", "tls://")):
        raise ConfigError(f"A scheduler's address looks like tcp://host:8786, not {address!r}.")
    command = [sys.executable, "-m", "dask", "worker", address, "--nworkers", "1", "--nthreads", "1"]
    command += ["--no-dashboard", "--memory-limit", "0"]
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
