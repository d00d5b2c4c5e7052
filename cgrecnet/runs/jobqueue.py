"""Workers as jobs of a batch system (SLURM and the like), by dask-jobqueue."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import dask
from distributed import Client, SpecCluster, Status
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.runs.cluster import PATIENCE, dask_settings
from cgrecnet.runs.grid import read_yaml_mapping

#: Seconds between two looks at whether jobs have ended, for which others are then submitted.
LOOK = 20.0
#: Seconds after which a wait in the queue is told (again).
NEWS = 60.0


class JobQueue(BaseModel):
    """A batch system that dask-jobqueue knows, from a small YAML file.

    kind: which system; jobs: how many workers at most; options: what dask-jobqueue's cluster of that kind takes
    (queue, account, cores, memory, walltime, job_extra_directives, ...). A job does one run at a time, on all its
    cores.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["slurm", "pbs", "sge", "lsf", "htcondor", "moab", "oar"]
    jobs: Annotated[int, Field(ge=1)] = 1
    options: dict[str, Any] = {}

    def open(self) -> SpecCluster:
        """The cluster object of dask-jobqueue; ConfigError where it refuses the options. Submits nothing."""
        import dask_jobqueue

        names = {"htcondor": "HTCondorCluster", "moab": "MoabCluster"}
        kind = getattr(dask_jobqueue, names.get(self.kind, f"{self.kind.upper()}Cluster"))
        try:
            return kind(**self._options())
        except (TypeError, ValueError) as error:
            raise ConfigError(f"The job queue's options are not usable: {error}.") from None

    def _options(self) -> dict[str, Any]:
        options = {"cores": 1, "memory": "8GB", **self.options, "processes": 1}
        # Dask would give a worker one run per core, and end it for memory that the batch system watches already; the
        # last word on its command line counts.
        own = ["--nthreads", "1", "--memory-limit", "0"]
        options["worker_extra_args"] = [*options.get("worker_extra_args", []), *own]
        threads = [f"export {name}={options['cores']}" for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")]
        options["job_script_prologue"] = [*threads, *options.get("job_script_prologue", [])]
        return options


def read_jobqueue(path: Path) -> JobQueue:
    """The job queue of a YAML file; ConfigError, in one sentence, where it is not one."""
    values = read_yaml_mapping(path)
    try:
        return JobQueue.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"{path}: {place!r} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}."
        ) from None


@contextmanager
def queue_cluster(queue: JobQueue, say: Callable[[str], None] = print) -> Iterator[Callable[[], Client]]:
    """Workers as jobs of a batch system; gives a function that connects to them.

    A job that ends, because its time is over or somebody cancelled it, is followed by another one.
    How long jobs wait in the queue is the batch system's affair: `connect` waits as long, and says so.
    Raises ConfigError where the batch system refuses a job.
    """
    over = threading.Event()
    with dask.config.set(dask_settings()), queue.open() as cluster:
        _submit_first(cluster, queue)
        keeper = threading.Thread(target=_keep, args=(cluster, queue.jobs, over), daemon=True)
        keeper.start()
        try:
            yield lambda: _connect(cluster, queue, say)
        finally:
            over.set()
            keeper.join()


def _submit_first(cluster: SpecCluster, queue: JobQueue) -> None:
    try:
        cluster.sync(_submit, cluster, queue.jobs)
    except FileNotFoundError as error:
        raise ConfigError(
            f"The command {error.filename!r} is not on this machine: start the sweep where jobs of kind "
            f"{queue.kind!r} can be submitted."
        ) from None
    except RuntimeError as error:
        said = [line.strip() for line in str(error).partition("stderr:")[2].splitlines() if line.strip()]
        raise ConfigError(
            f"The batch system refused the job ({'; '.join(said) or str(error).splitlines()[0]}): "
            "mend the `options` of the job queue's file."
        ) from None


async def _submit(cluster: SpecCluster, jobs: int) -> None:
    """Submit a job for each of `jobs` workers that has none, or had one that has ended."""
    while len(cluster.worker_spec) < jobs:
        cluster.worker_spec.update(cluster.new_worker_spec())
    try:
        await cluster
    finally:
        for name, job in list(cluster.workers.items()):
            if job.status is Status.created:  # refused; the next look asks again
                job.status = Status.failed
                del cluster.workers[name]


def _keep(cluster: SpecCluster, jobs: int, over: threading.Event) -> None:
    while not over.wait(LOOK):
        with suppress(OSError, RuntimeError, TimeoutError):  # the batch system may be away for a while
            cluster.sync(_submit, cluster, jobs)


def _connect(cluster: SpecCluster, queue: JobQueue, say: Callable[[str], None]) -> Client:
    """A client with at least one worker, however long the jobs wait."""
    client, waited = Client(cluster, timeout=PATIENCE), 0.0
    while not client.scheduler_info()["workers"]:
        try:
            client.wait_for_workers(1, timeout=NEWS)
        except TimeoutError:
            waited += NEWS
            say(
                f"no job of kind {queue.kind!r} has started after {waited / 60:.0f} min; waiting (what its own tools "
                "and logs say of the jobs may tell why; Ctrl-C stops)"
            )
        except RuntimeError as error:
            raise RunError(f"The scheduler of the jobs ended ({error}); what was done is kept.") from None
    return client
