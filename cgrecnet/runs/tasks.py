"""Hand out tasks to Dask workers until each has left what says that it is done: the engine of sweeps and predictions.

A task is known to be done by what lies on the disk alone, so that the work may be interrupted, lose workers or its
scheduler, be started twice or on another machine, and still ends with the same files.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field

from distributed import Client, Future, as_completed
from distributed.scheduler import KilledWorker

from cgrecnet.cores import watching
from cgrecnet.errors import RunBusy, RunError, UserError
from cgrecnet.runs.cluster import DEATHS, PATIENCE

#: Seconds before a task that another process is doing is looked at again.
PAUSE = 2.0
#: Seconds without any worker after which a warning comes, and again after as many.
NEWS = 45.0
#: Seconds that a lost scheduler is waited for.
ABSENCE = 300.0


@dataclass(frozen=True)
class Task:
    """call: what a worker does, so it travels there; done: whether what it leaves is there, asked by who hands it out.

    Whatever `call` returns is thrown away.
    """

    name: str
    call: Callable[[], object]
    done: Callable[[], bool]


@dataclass
class TaskCounts:
    """How far the tasks are: what is done, what failed and why, what it took."""

    total: int
    done: int = 0
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    def left(self, workers: int) -> str:
        """The time that the rest will take, in words, from the mean of the runs so far."""
        rest = self.total - self.done - self.skipped - len(self.failed)
        if not self.seconds or not rest:
            return ""
        seconds = sum(self.seconds) / len(self.seconds) * rest / max(workers, 1)
        amount = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        amount = amount if seconds < 5400 else f"{seconds / 3600:.1f} h"
        return f", about {amount} left"


def run_tasks(
    tasks: Sequence[Task],
    connect: Callable[[], Client],
    counts: TaskCounts,
    *,
    retries: int = 0,
    say: Callable[[str], None] = print,
    interrupt: Callable[[Client], None] | None = None,
) -> TaskCounts:
    """Do these tasks on the workers of the Dask client that `connect` gives; returns `counts`, brought up to date.

    retries: how often a task that failed is tried again. interrupt: ends what workers are still doing, at the end.
    A worker that dies is no failure: its task is given to another one. A lost scheduler is waited for, `ABSENCE` s.
    """
    todo = deque(tasks)
    tries: dict[str, int] = {}
    client = None
    try:
        while todo:
            client = client or _reconnect(connect, say)
            with _warn_without_workers(client, say):
                lost, busy = _round(client, todo, tries, counts, retries, say)
            todo = deque(task for task in (*lost, *busy) if not _count_if_done(task, counts, say))
            if lost:
                _close(client)
                client = None
            if busy and len(busy) == len(todo):
                time.sleep(PAUSE)
    finally:
        if client is not None:
            if interrupt:
                interrupt(client)
            _close(client)
    return counts


def _round(client, todo, tries, counts, retries, say) -> tuple[list[Task], list[Task]]:
    """Hand out all tasks once, and again those that failed and may; (lost with the scheduler, done by others)."""
    left, busy = {task.name: task for task in todo}, []
    died: Counter[str] = Counter()  # workers, by task
    try:
        task_of = {client.submit(_do, task.call, pure=False): task for task in todo}
        running = as_completed(task_of)
        for future in running:
            state, seconds, reason = _outcome(future)
            task = task_of.pop(future)
            died[task.name] += future.exception().allowed_failures + 1 if state == "killed" else 0
            future.release()
            if state == "busy":
                busy.append(left.pop(task.name))
            elif task.done():
                counts.seconds.append(seconds)
                _count_if_done(task, counts, say, f" {seconds:.1f} s", len(client.nthreads()))
                del left[task.name]
            elif (kept := state == "killed" and died[task.name] < DEATHS) or tries.get(task.name, 0) < retries:
                if kept:  # a scheduler that somebody else started gives up earlier than ours
                    say(f"{task.name}: {reason}; it is handed out again")
                else:
                    tries[task.name] = tries.get(task.name, 0) + 1
                    say(f"{task.name} failed, try {tries[task.name]} of {retries} follows: {reason}")
                again = client.submit(_do, task.call, pure=False)
                task_of[again] = task
                running.add(again)
            else:
                del left[task.name]
                counts.failed[task.name] = reason or "it left nothing"
                say(f"{task.name} failed: {counts.failed[task.name]}")
    except (OSError, TimeoutError, CancelledError, RuntimeError) as error:
        # What a client raises while its scheduler goes away; the disk says what was done meanwhile.
        say(f"the connection to the scheduler broke off ({type(error).__name__})")
        return list(left.values()), busy
    return [], busy


def _do(call: Callable[[], object]) -> tuple[str, float, str]:
    """One task, in a worker: (state, seconds, reason). Only a worker's death is an exception to the caller."""
    started = time.perf_counter()
    try:
        call()
        state, reason = "ok", ""
    except RunBusy as error:
        state, reason = "busy", str(error)
    except UserError as error:
        state, reason = "failed", str(error)
    except Exception as error:  # a defect in one task must not stop the others
        state, reason = "failed", f"{type(error).__name__}: {error}"
    return state, time.perf_counter() - started, reason


def _outcome(future: Future) -> tuple[str, float, str]:
    """What `_do` returned; raises what the client raises where the scheduler is gone."""
    if future.status == "error":
        error = future.exception()
        if isinstance(error, KilledWorker):
            return "killed", 0.0, f"the workers that tried it died, {error.allowed_failures + 1} in all"
        return "failed", 0.0, f"{type(error).__name__}: {error}"
    return future.result(timeout=PATIENCE)


@contextmanager
def _warn_without_workers(client: Client, say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, say when no worker is there; for jobs of a batch system `queue_cluster` does that."""
    since = warned = time.monotonic()

    def look() -> None:
        nonlocal since, warned
        now = time.monotonic()
        with suppress(Exception):  # no scheduler: `_reconnect` says so
            if client.nthreads():
                since = warned = now
            elif now - warned >= NEWS:
                warned = now
                say(f"no worker is there, for {now - since:.0f} s now; waiting (start one, or stop with Ctrl-C)")

    with nullcontext() if hasattr(client.cluster, "job_cls") else watching(look, min(5.0, NEWS)):
        yield


def _close(client: Client) -> None:
    """Close a client that may have lost its scheduler."""
    try:
        client.close(timeout=2)
    except (OSError, TimeoutError, CancelledError, RuntimeError):
        return


def _count_if_done(task: Task, counts: TaskCounts, say, took: str = "", workers: int = 1) -> bool:
    if not task.done():
        return False
    counts.done += 1
    there = counts.done + counts.skipped
    say(f"[{there}/{counts.total}] {task.name}{took}{counts.left(workers)}")
    return True


def _reconnect(connect: Callable[[], Client], say: Callable[[str], None]) -> Client:
    """A client with at least one worker; waits `ABSENCE` seconds for a scheduler that was there before."""
    until, announced = time.monotonic() + ABSENCE, False
    while True:
        try:
            client = connect()
            client.wait_for_workers(1, timeout=max(1.0, until - time.monotonic()))
            if "dashboard" in client.scheduler_info().get("services", {}):
                say(f"dashboard: {client.dashboard_link}")
            return client
        except (OSError, TimeoutError, RunError) as error:
            if time.monotonic() > until:
                raise RunError(
                    f"The Dask scheduler or its workers did not come (back) within {ABSENCE:.0f} s ({error}): start "
                    "them, then give the command again; what was done is kept."
                ) from None
            if not announced:
                say("the scheduler is away; waiting for it")
                announced = True
            time.sleep(1.0)
