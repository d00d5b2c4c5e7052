"""Workers as jobs of a batch system: submitted, missed when they end, cancelled at the end."""

import asyncio
import itertools
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dask
from distributed import Client, SpecCluster

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
        keeper = _Keeper(cluster, queue, say)
        try:
            keeper.begin()
            yield keeper.connect
        finally:
            keeper.stop()


class _Keeper(threading.Thread):
    """Submits the jobs of a cluster, and others for those that have ended; says what is amiss; cancels them at the end.

    The cluster itself has no workers and is told of none: each job bears a name of its own, which no other one takes.
    """

    def __init__(self, cluster: SpecCluster, queue: JobQueue, say: Callable[[str], None]) -> None:
        super().__init__(daemon=True)
        self._cluster, self._queue, self._say = cluster, queue, say
        self._wanted, self._jobs, self._numbers = queue.jobs, [], itertools.count()
        self._over, self._submitting = threading.Event(), asyncio.Lock()
        self._came: set[str] = set()  # numbers of jobs that have been workers
        self._missed: dict[str, float] = {}  # number of a job without its worker -> since when
        self._stillborn, self._alone_since, self._warned, self._refused = 0, time.monotonic(), 0.0, ""
        self._logs = ""
        self._hopeless: str | None = None  # why no worker will come any more, in a sentence

    def begin(self) -> None:
        """Submit all jobs, and look after them from here on; ConfigError where one is refused."""
        try:
            self._cluster.sync(self._submit)
        except (RuntimeError, OSError, ValueError) as error:
            raise ConfigError(
                f"The batch system refused the job ({_reason(error)}): mend the `options` of the job queue's file."
            ) from None
        folder = self._jobs[0].log_directory
        self._logs = f"in {folder}" if folder else "where the batch system puts them"
        self.start()

    def connect(self) -> Client:
        """A client with at least one worker, however long the jobs wait; ConfigError where none will come."""
        while not self._hopeless and not self._cluster.scheduler_info["workers"]:
            time.sleep(0.2)
        if self._hopeless:
            raise ConfigError(self._hopeless)
        return Client(self._cluster, timeout=PATIENCE, security=self._cluster.security)

    def stop(self) -> None:
        """End, and cancel all jobs, after what is being submitted."""
        self._over.set()
        if self.is_alive():
            self.join(STOP)
        self._cluster.sync(self._cancel)

    def run(self) -> None:
        while not self._over.wait(min(LOOK, NEWS)) and self._hopeless is None:
            try:
                self._cluster.sync(self._look)
                self._refused = ""
            except (RuntimeError, OSError, ValueError, TimeoutError) as error:
                if self._refused != _reason(error):
                    self._refused = _reason(error)
                    self._say(f"the batch system refuses another job ({self._refused}); it is asked again")
            self._tell()

    async def _submit(self) -> None:
        """Submit one job after the other until there are as many as wanted.

        What was begun is finished, also where this is cancelled: a job whose number nobody knows would stay behind.
        """
        while len(self._jobs) < self._wanted and not self._over.is_set():
            await asyncio.shield(asyncio.ensure_future(self._submit_one()))

    async def _submit_one(self) -> None:
        async with self._submitting:
            scheduler = self._cluster.scheduler
            address = getattr(scheduler, "contact_address", None) or scheduler.address
            name = f"{self._cluster.name}-{next(self._numbers)}"
            job = self._cluster.job_cls(address, name=name, **self._cluster.new_spec["options"])
            await job.start()
            self._jobs.append(job)

    async def _cancel(self) -> None:
        async with self._submitting:
            await asyncio.gather(*(job.close() for job in self._jobs))

    async def _look(self) -> None:
        present = {worker["name"] for worker in self._cluster.scheduler_info["workers"].values()}
        if present:
            self._alone_since, self._warned = time.monotonic(), 0.0
        workers = {job.job_id for job in self._jobs if job.name in present}
        if workers - self._came:
            self._stillborn = 0
        self._came |= workers
        for job in list(self._jobs):
            if job.name in present:
                self._missed.pop(job.job_id, None)
            elif await self._has_ended(job):
                await job.close()
                self._jobs.remove(job)
                self._stillborn += job.job_id not in self._came
        if self._stillborn >= STILLBORN:
            await self._ask_for_less()
        await self._submit()

    async def _ask_for_less(self) -> None:
        self._wanted, self._stillborn = self._wanted - 1, 0
        self._say(
            f"{STILLBORN} jobs in a row ended before they became workers (their logs {self._logs} say why): going on "
            f"with {self._wanted} job(s)"
        )
        if not self._wanted:
            self._hopeless = (
                f"Jobs of kind {self._queue.kind!r} end before they become workers: their logs {self._logs} say why."
            )
            await self._cluster.scheduler.close()  # whoever waits for a worker learns of it

    async def _has_ended(self, job) -> bool:
        if self._queue.kind not in ASK:
            since = self._missed.setdefault(job.job_id, time.monotonic())
            return job.job_id in self._came and time.monotonic() - since >= GONE
        asked = await asyncio.create_subprocess_exec(
            *shlex.split(ASK[self._queue.kind]), str(job.job_id),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        numbers, complaint = await asked.communicate()
        if asked.returncode:  # a number that is forgotten, or a batch system that does not answer
            return b"Invalid job id" in complaint
        return not numbers.strip()

    def _tell(self) -> None:
        alone = time.monotonic() - self._alone_since
        if self._hopeless is None and alone - self._warned >= NEWS:
            self._warned = alone
            self._say(
                f"no job of kind {self._queue.kind!r} is a worker, for {alone / 60:.0f} min now; waiting (the queue, "
                f"or the logs of jobs that have started, {self._logs}, may tell why; Ctrl-C stops)"
            )


def _reason(error: BaseException) -> str:
    """What the batch system said, in a line; dask-jobqueue puts it behind `stdout:` and `stderr:`."""
    _, _, output = str(error).partition("stdout:")
    printed, _, complained = output.partition("stderr:")
    lines = [line.strip() for line in (complained.strip() or printed.strip() or str(error)).splitlines()]
    return "; ".join(line for line in lines if line).rstrip(".") or type(error).__name__
