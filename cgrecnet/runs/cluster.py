"""Where the runs of a sweep are done: on this machine, or on a Dask scheduler that is there."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import dask
import psutil
import torch
from distributed import Client, Nanny, Scheduler, Security, SpecCluster, Status
from distributed.client import AllExit
from distributed.comm import CommClosedError

from cgrecnet.cores import cores, watching
from cgrecnet.errors import RunError
from cgrecnet.runs.worker import LOOPBACK, worker_environment

#: Memory that one run on the CPU is granted when the number of local workers is chosen, in bytes.
MEMORY_OF_A_RUN = 3 * 2**30
#: Seconds that a scheduler has to answer, and workers on this machine to start where it is busy.
PATIENCE, PATIENCE_HERE = 10, 120

#: A worker that dies is not the end of a run: it is given to another worker, this many times.
DEATHS = 10
#: Seconds after which Dask gives up a lost worker, and closes whatever bears its name by then: never, for a worker that
#: took its place bears it too. What is lost for good is replaced by `local_cluster` and `queue_cluster` themselves.
NEVER = "31536000s"
#: Seconds between two looks at the workers of this machine.
LOOK = 5.0


def local_workers() -> int:
    """How many runs this machine does at a time: one per GPU, or one per core as far as the memory goes."""
    if torch.cuda.is_available():
        return torch.cuda.device_count()
    return max(1, min(cores(), psutil.virtual_memory().available // MEMORY_OF_A_RUN))


@contextmanager
def local_cluster(workers: int | None = None) -> Iterator[Callable[[], Client]]:
    """A scheduler and worker processes on this machine; gives a function that connects to them.

    Each worker does one run at a time, with its share of the cores, or with a GPU of its own.
    Workers that die are started again. Raises RunError where they cannot be started.
    All listen on the loopback interface alone, and take work from this process alone.
    """
    count = workers or local_workers()
    security = Security.temporary()
    dashboard = {"dashboard_address": f"{LOOPBACK}:0"}
    place = {"host": LOOPBACK, "protocol": "tls://", "security": security, **dashboard}
    with dask.config.set(dask_settings() | {"distributed.comm.timeouts.connect": f"{PATIENCE_HERE}s"}):
        try:
            cluster = SpecCluster(
                workers={i: {"cls": Nanny, "options": _worker(i, count) | place} for i in range(count)},
                scheduler={"cls": Scheduler, "options": place},
                security=security,
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError, TimeoutError) as error:
            raise RunError(
                f"The {count} worker(s) could not be started on this machine ({_short(error)}): start again when it is "
                "less busy, or with fewer --workers; what was done is kept."
            ) from None
        with cluster, watching(partial(_start_anew, cluster), LOOK, PATIENCE_HERE):
            yield lambda: Client(cluster, timeout=PATIENCE)


def _start_anew(cluster: SpecCluster) -> None:
    """Start workers that could not be started again by the process that watches over them."""

    async def replace() -> None:
        for name, worker in list(cluster.workers.items()):
            if worker.status in (Status.failed, Status.closed):
                del cluster.workers[name]
        if cluster.status is Status.running and len(cluster.workers) < len(cluster.worker_spec):
            await cluster

    with suppress(RuntimeError, OSError, TimeoutError, ValueError):  # as busy as when it lost it: the next look tries
        cluster.sync(replace)


@contextmanager
def remote_cluster(address: str, security: Security | None = None) -> Iterator[Callable[[], Client]]:
    """A scheduler that somebody else started; gives a function that connects to it.

    security: what `worker.security_for` says of the address.
    Raises RunError, in one sentence, where nobody answers at the address. A scheduler that was killed while it
    answered may be back at once: it is asked again.
    """

    ask = partial(Client, address, timeout=PATIENCE, security=security)

    def connect() -> Client:
        try:
            try:
                return ask()
            except CommClosedError:
                time.sleep(1)
                return ask()
        except (OSError, TimeoutError, ValueError) as error:
            raise RunError(
                f"No Dask scheduler answers at {address} ({_short(error)}): start one with `cgrecnet scheduler` "
                "and its workers with `cgrecnet worker`, all with one certificate, or leave out --scheduler to use "
                "this machine."
            ) from None

    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters of a lost connection, the sweep says
    with dask.config.set(dask_settings()):
        connect().close()
        yield connect


def _is_news(record: logging.LogRecord) -> bool:
    """False for what Dask's client raises at itself when it stops waiting and asyncio reports as never retrieved."""
    return not (record.exc_info and record.exc_info[0] is AllExit)


def dask_settings(deaths: int = DEATHS) -> dict[str, Any]:
    """Dask's settings for a sweep; from here on, asyncio's log is without Dask's messages to itself.

    deaths: how many workers a run may cost before it counts as failed.
    """
    logging.getLogger("asyncio").addFilter(_is_news)
    return {
        "distributed.scheduler.allowed-failures": deaths,
        "distributed.comm.timeouts.connect": f"{PATIENCE}s",
        "distributed.worker.daemon": False,
        "distributed.deploy.lost-worker-timeout": NEVER,
    }


def _worker(number: int, count: int) -> dict[str, Any]:
    environment = worker_environment(number, count)
    return {"nthreads": 1, "env": environment, "memory_limit": 0, "silence_logs": logging.CRITICAL}


def _short(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return text if len(text) < 120 else text[:117] + "..."
