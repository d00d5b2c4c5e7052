"""Workers as jobs of a batch system: submitted, missed when they end, cancelled at the end."""

import asyncio
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, SpecCluster, Status

from cgrecnet.errors import ConfigError
from cgrecnet.runs.cluster import PATIENCE, dask_settings
from cgrecnet.runs.jobqueue import JobQueue

#: Seconds between two looks at whether jobs have ended, for which others are then submitted.
LOOK = 20.0
#: Seconds without any worker after which that is told (again).
NEWS = 60.0
#: Seconds that a submission has to end where the sweep is over.
STOP = 150.0
#: How often a run may lose its job, whose time is over, before it counts as failed.
DEATHS = 100
#: After so many jobs that end, one after the other, before a worker of theirs has come, one job less is asked for.
STILLBORN = 3
#: Seconds without its worker after which a job of another system counts as ended.
GONE = 30.0
#: What says whether a job is still in the queue; where a system has no line here, its jobs are trusted to be.
ASK = {"slurm": "squeue -h -o %A -j"}


@contextmanager
def queue_cluster(
    queue: JobQueue, folder: Path, say: Callable[[str], None] = print
) -> Iterator[Callable[[], Client]]:
    """Workers as jobs of a batch system; gives a function that connects to them.

    folder: which all nodes see; the jobs' certificate lies there, readable by this user, as long as the sweep lasts.

    A job that ends, because its time is over or somebody cancelled it, is followed by another one; where it ended
    before it became a worker, that is seen on the systems of `ASK` alone.
    How long jobs wait in the queue is the batch system's affair: `connect` waits as long, and says so.
    Raises ConfigError where the batch system refuses a job, or ends jobs before they become workers.
    """
    folder = Path(folder).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with dask.config.set(dask_settings(DEATHS)), queue.open(folder) as cluster:
        try:
            cluster.sync(_submit, cluster, queue.jobs)
        except (RuntimeError, OSError, ValueError) as error:
            raise ConfigError(
                f"The batch system refused the job ({_reason(error)}): mend the `options` of the job queue's file."
            ) from None
        keeper = _Keeper(cluster, queue, say)
        keeper.start()
        try:
            yield lambda: _connect(cluster, keeper)
        finally:
            keeper.stop()


async def _submit(cluster: SpecCluster, jobs: int) -> None:
    """Submit a job for each of `jobs` workers that has none, or had one that has ended; one after the other.

    What was begun is finished, also where this is cancelled: a job whose number nobody knows would stay behind.
    """
    for name in set(cluster.worker_spec) - set(cluster.workers):
        del cluster.worker_spec[name]
    while cluster.status is Status.running and len(cluster.worker_spec) < jobs:
        cluster.worker_spec.update(cluster.new_worker_spec())
        await asyncio.shield(asyncio.ensure_future(_correct(cluster)))


async def _correct(cluster: SpecCluster) -> None:
    try:
        await cluster
    finally:
        for name, job in list(cluster.workers.items()):
            if job.status is Status.failed:  # refused; the next look asks again
                del cluster.workers[name]


class _Keeper(threading.Thread):
    """Looks after the jobs of a cluster: submits others for those that have ended, and says what is amiss."""

    def __init__(self, cluster: SpecCluster, queue: JobQueue, say: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._cluster, self._queue, self._say = cluster, queue, say
        self._jobs = queue.jobs
        self._over = threading.Event()
        self._came: set[str] = set()  # numbers of jobs that have been workers (names are given again)
        self._missed: dict[str, float] = {}  # number of a job without its worker -> since when
        self._stillborn, self._alone_since, self._told, self._refused = 0, time.monotonic(), 0.0, ""
        folders = [job.log_directory for job in cluster.workers.values()]
        self._logs = f"in {folders[0]}" if folders and folders[0] else "where the batch system puts them"
        #: Why no worker will come any more, in a sentence; None while there is hope.
        self.hopeless: str | None = None

    def run(self) -> None:
        while not self._over.wait(min(LOOK, NEWS)) and self.hopeless is None:
            try:
                self._cluster.sync(self._look)
                self._refused = ""
            except (RuntimeError, OSError, ValueError, TimeoutError) as error:
                if self._refused != _reason(error):
                    self._refused = _reason(error)
                    self._say(f"the batch system refuses another job ({self._refused}); it is asked again")
            self._tell()

    def stop(self) -> None:
        """End, after what is being submitted."""
        self._over.set()
        self.join(STOP)

    async def _look(self) -> None:
        present = {worker["name"] for worker in self._cluster.scheduler_info["workers"].values()}
        if present:
            self._alone_since, self._told = time.monotonic(), 0.0
        workers = {job.job_id for name, job in self._cluster.workers.items() if name in present}
        if workers - self._came:
            self._stillborn = 0
        self._came |= workers
        for name, job in list(self._cluster.workers.items()):
            if name in present:
                self._missed.pop(job.job_id, None)
            elif job.status is Status.running and await self._has_ended(job):
                await job.close()
                self._cluster.workers.pop(name, None)
                self._stillborn += job.job_id not in self._came
        if self._stillborn >= STILLBORN:
            await self._ask_for_less()
        if self.hopeless is None and not self._over.is_set():
            await _submit(self._cluster, self._jobs)

    async def _ask_for_less(self) -> None:
        self._jobs, self._stillborn = self._jobs - 1, 0
        self._say(
            f"{STILLBORN} jobs in a row ended before they became workers (their logs {self._logs} say why): going on "
            f"with {self._jobs} job(s)"
        )
        if not self._jobs:
            self.hopeless = (
                f"Jobs of kind {self._queue.kind!r} end before they become workers: their logs {self._logs} say why."
            )
            await self._cluster.scheduler.close()  # whoever waits for a worker learns of it

    async def _has_ended(self, job) -> bool:
        if not job.job_id:
            return False
        if self._queue.kind not in ASK:
            since = self._missed.setdefault(job.job_id, time.monotonic())
            return job.job_id in self._came and time.monotonic() - since >= GONE
        asked = await asyncio.create_subprocess_exec(
            *shlex.split(ASK[self._queue.kind]), str(job.job_id),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        said, complaint = await asked.communicate()
        if asked.returncode:  # a number that is forgotten, or a batch system that does not answer
            return b"Invalid job id" in complaint
        return not said.strip()

    def _tell(self) -> None:
        alone = time.monotonic() - self._alone_since
        if self.hopeless is None and alone - self._told >= NEWS:
            self._told = alone
            self._say(
                f"no job of kind {self._queue.kind!r} is a worker, for {alone / 60:.0f} min now; waiting (the queue, "
                f"or the logs of jobs that have started, {self._logs}, may tell why; Ctrl-C stops)"
            )


def _connect(cluster: SpecCluster, keeper: _Keeper) -> Client:
    """A client with at least one worker, however long the jobs wait; ConfigError where none will come."""
    while not keeper.hopeless and not cluster.scheduler_info["workers"]:
        time.sleep(0.2)
    if keeper.hopeless:
        raise ConfigError(keeper.hopeless)
    return Client(cluster, timeout=PATIENCE, security=cluster.security)


def _reason(error: BaseException) -> str:
    """What the batch system said, in a line; dask-jobqueue puts it behind `stdout:` and `stderr:`."""
    _, _, said = str(error).partition("stdout:")
    printed, _, complained = said.partition("stderr:")
    lines = [line.strip() for line in (complained.strip() or printed.strip() or str(error)).splitlines()]
    return "; ".join(line for line in lines if line).rstrip(".") or type(error).__name__
