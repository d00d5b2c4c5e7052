"""Do all runs of a sweep on Dask workers: done ones are skipped, killed ones resume, failed ones are listed.

What is done is known by the records alone, so that a sweep may be interrupted, lose workers or its scheduler, be
started twice or on another machine, and still ends with the same records.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from distributed import Client, Future, as_completed
from distributed.scheduler import KilledWorker

from cgrecnet.errors import ConfigError, RunBusy, RunError, UserError
from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.cluster import DEATHS, PATIENCE
from cgrecnet.runs.done import record_of
from cgrecnet.runs.environment import commit
from cgrecnet.runs.notebook import LOG, train
from cgrecnet.runs.pausing import paused_history
from cgrecnet.runs.plan import Plan, plan_run
from cgrecnet.training.config import RunConfig

#: Seconds before a run that another process is doing is looked at again.
PAUSE = 2.0
#: Seconds without any worker after which that is told, and again after as many.
NEWS = 45.0
#: Seconds that a lost scheduler is waited for.
ABSENCE = 300.0
#: Lines of its log that are shown of a run that failed.
LAST_LINES = 5


@dataclass
class Standing:
    """How far a sweep is: what is done, what failed and why, what it took. until: the epoch that is enough for now."""

    total: int
    until: int | None = None
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


def plan_sweep(configs: Iterable[RunConfig]) -> list[Plan]:
    """Name all runs; ConfigError where a weights file is missing or two points of the grid are the same run."""
    at = commit()
    plans = [plan_run(config, at) for config in configs]
    seen: set[str] = set()
    for plan in plans:
        if plan.run_id in seen:
            raise ConfigError(f"Two points of the grid are the same run, {plan.run_id}: write each value once.")
        seen.add(plan.run_id)
    return plans


def run_sweep(
    configs: Iterable[RunConfig],
    connect: Callable[[], Client],
    *,
    results: Path = RESULTS,
    work: Path = WORK,
    retries: int = 0,
    say: Callable[[str], None] = print,
    do: Callable[..., object] = train,
    until: int | None = None,
    strict: bool = True,
) -> Standing:
    """Do all runs on the workers of the Dask client that `connect` gives; return how it went.

    retries: how often a run that failed is tried again, from its last checkpoint.
    do: what a worker calls with (config, results=, work=, say=); the record that it leaves is all that counts.
    until: the epoch at which all runs pause; `do` gets it as well. strict: whether it is an error that runs failed.
    A worker that dies costs the time since the last epoch; a scheduler that is lost is waited for, `ABSENCE` s.
    Raises ConfigError before anything is started, and RunError at the end where runs failed.
    """
    plans = plan_sweep(configs)
    standing = Standing(len(plans), until)
    do = partial(do, until=until) if until else do
    todo = deque(plan for plan in plans if not is_done(plan, results, work, until))
    standing.skipped = len(plans) - len(todo)
    say(f"{len(plans)} runs, {standing.skipped} of them done already; logs: {Path(work) / 'RUN' / LOG}")
    tries: dict[str, int] = {}
    client = None
    try:
        while todo:
            client = client or _reconnect(connect, say)
            with _told_when_alone(client, say):
                lost, busy = _round(client, todo, tries, standing, results, work, retries, say, do)
            todo = deque(plan for plan in (*lost, *busy) if not _count_if_done(plan, results, work, standing, say))
            if lost:
                _close(client)
                client = None
            if busy and len(busy) == len(todo):
                time.sleep(PAUSE)
    finally:
        if client is not None:
            _stop_runs(client)
            _close(client)
    if strict:
        report_failures(standing, work, say)
    return standing


def _round(client, todo, tries, standing, results, work, retries, say, do) -> tuple[list[Plan], list[Plan]]:
    """Hand out all runs once, and again those that failed and may; (lost with the scheduler, done by others)."""
    busy: list[Plan] = []
    died: Counter[str] = Counter()  # workers, by run
    plan_of: dict[Future, Plan] = {}
    waiting = deque(todo)
    try:
        while waiting:
            future = client.submit(_do, waiting[0].config, str(results), str(work), do, pure=False)
            plan_of[future] = waiting.popleft()
        running = as_completed(plan_of)
        for future in running:
            state, seconds, reason = _outcome(future)
            plan = plan_of.pop(future)
            died[plan.run_id] += _workers_that_died(future) if state == "killed" else 0
            future.release()
            if state == "busy":
                busy.append(plan)
            elif is_done(plan, results, work, standing.until):
                standing.seconds.append(seconds)
                _count_if_done(plan, results, work, standing, say, f" {seconds:.1f} s", len(client.nthreads()))
            elif (kept := state == "killed" and died[plan.run_id] < DEATHS) or tries.get(plan.run_id, 0) < retries:
                if kept:  # a scheduler that somebody else started gives up earlier than ours
                    say(f"{plan.run_id}: {reason}; it is handed out again")
                else:
                    tries[plan.run_id] = tries.get(plan.run_id, 0) + 1
                    say(f"{plan.run_id} failed, try {tries[plan.run_id]} of {retries} follows: {reason}")
                waiting.append(plan)
                again = client.submit(_do, plan.config, str(results), str(work), do, pure=False)
                plan_of[again] = waiting.pop()
                running.add(again)
            else:
                standing.failed[plan.run_id] = reason or "it left no record"
                say(f"{plan.run_id} failed: {standing.failed[plan.run_id]}")
    except (OSError, TimeoutError, CancelledError, RuntimeError) as error:
        # What a client raises while its scheduler goes away; the records say what was done meanwhile.
        say(f"the connection to the scheduler broke off ({type(error).__name__})")
        return [*plan_of.values(), *waiting], busy
    return [], busy


def _do(config: RunConfig, results: str, work: str, do: Callable[..., object]) -> tuple[str, float, str]:
    """One run, in a worker: (state, seconds, reason). Only a worker's death is an exception to the caller."""
    started = time.perf_counter()
    try:
        do(config, results=Path(results), work=Path(work), say=lambda _: None)
        state, reason = "ok", ""
    except RunBusy as error:
        state, reason = "busy", str(error)
    except UserError as error:
        state, reason = "failed", str(error)
    except Exception as error:  # a defect in one run must not stop the others
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


def _workers_that_died(future: Future) -> int:
    """How many workers a run has cost that its scheduler has given up."""
    return future.exception().allowed_failures + 1


@contextmanager
def _told_when_alone(client: Client, say: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, say when no worker is there; for jobs of a batch system `queue_cluster` does that."""
    over = threading.Event()

    def watch() -> None:
        since = told = time.monotonic()
        while not over.wait(min(5.0, NEWS)):
            now = time.monotonic()
            try:
                if client.nthreads():
                    since = told = now
            except Exception:  # no scheduler: the sweep itself says so
                continue
            if now - told >= NEWS:
                told = now
                say(f"no worker is there, for {now - since:.0f} s now; waiting (start one, or stop with Ctrl-C)")

    watcher = threading.Thread(target=watch, daemon=True)
    if not hasattr(client.cluster, "job_cls"):
        watcher.start()
    try:
        yield
    finally:
        over.set()


def _close(client: Client) -> None:
    """Close a client that may have lost its scheduler."""
    try:
        client.close(timeout=2)
    except (OSError, TimeoutError, CancelledError, RuntimeError):
        return


def is_done(plan: Plan, results: Path, work: Path = WORK, until: int | None = None) -> bool:
    """Whether the record of a run is there, or, with `until`, a run that paused there; RunError where it is damaged."""
    if record_of(plan, results) is not None:
        return True
    return until is not None and len(paused_history(plan.run_id, work)) >= until


def _count_if_done(plan, results, work, standing, say, took="", workers=1) -> bool:
    if not is_done(plan, results, work, standing.until):
        return False
    standing.done += 1
    there = standing.done + standing.skipped
    say(f"[{there}/{standing.total}] {plan.run_id}{took}{standing.left(workers)}")
    return True


def _reconnect(connect: Callable[[], Client], say: Callable[[str], None]) -> Client:
    """A client with at least one worker; waits `ABSENCE` seconds for a scheduler that was there before."""
    until, said = time.monotonic() + ABSENCE, False
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
                    "them, then start the sweep again; what was done is kept."
                ) from None
            if not said:
                say("the scheduler is away; waiting for it")
                said = True
            time.sleep(1.0)


def _stop_runs(client: Client) -> None:
    """End the runs that are still going on the workers, which a closed client would leave behind."""
    try:
        client.run(kill_children, on_error="ignore")
    except Exception:  # no scheduler, no workers: nothing to end
        return


def kill_children() -> None:
    """Kill all processes that this one started, and theirs."""
    import psutil

    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def report_failures(standing: Standing, work: Path, say: Callable[[str], None]) -> None:
    """Say which runs failed, with the end of their logs; RunError where one did."""
    if not standing.failed:
        return
    for run_id, reason in standing.failed.items():
        say(f"failed: {run_id}: {reason}")
        log = Path(work) / run_id / LOG
        if log.is_file():
            say(f"log: {log}")
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            say("\n".join(f"    {line}" for line in lines))
    first = next(iter(standing.failed.values()))
    raise RunError(f"{len(standing.failed)} of {standing.total} runs failed; first: {first}")
