"""Do all runs of a sweep on Dask workers: done ones are skipped, killed ones resume, failed ones are listed.

What is done is known by the records alone (`cgrecnet.runs.tasks`).
"""

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from distributed import Client

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.environment import commit
from cgrecnet.runs.notebook import LOG, train
from cgrecnet.runs.pausing import paused_history
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import Plan, plan_run
from cgrecnet.runs.tasks import Standing, Task, run_tasks
from cgrecnet.runs.with_parent import kill_children
from cgrecnet.training.config import RunConfig

#: Lines of its log that are shown of a run that failed.
LAST_LINES = 5


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
    do = partial(do, until=until) if until else do
    todo = [plan for plan in plans if not is_done(plan, results, work, until)]
    standing = Standing(len(plans), skipped=len(plans) - len(todo))
    say(f"{len(plans)} runs, {standing.skipped} of them done already; logs: {Path(work) / 'RUN' / LOG}")
    tasks = [
        Task(plan.run_id, partial(_do, plan.config, str(results), str(work), do),
             partial(is_done, plan, results, work, until))
        for plan in todo
    ]  # fmt: skip
    run_tasks(tasks, connect, standing, retries=retries, say=say, interrupt=_stop_runs)
    if strict:
        report_failures(standing, work, say)
    return standing


def _do(config: RunConfig, results: str, work: str, do: Callable[..., object]) -> None:
    """One run, in a worker."""
    do(config, results=Path(results), work=Path(work), say=lambda _: None)


def is_done(plan: Plan, results: Path, work: Path = WORK, until: int | None = None) -> bool:
    """Whether the record of a run is there, or, with `until`, a run that paused there; RunError where it is damaged."""
    if record_of(plan, results) is not None:
        return True
    return until is not None and len(paused_history(plan.run_id, work)) >= until


def _stop_runs(client: Client) -> None:
    """End the runs that are still going on the workers, which a closed client would leave behind."""
    try:
        client.run(kill_children, on_error="ignore")
    except Exception:  # no scheduler, no workers: nothing to end
        return


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
