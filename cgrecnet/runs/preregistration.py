"""Was the analysis plan there before the runs that it judges? What the history of the repository can say of that.

A record names the commit of the code that made it. If that commit holds the plan's questions about its sweep, and is
older than the run's start, then the plan came first. Where there is no history (an unpacked archive, a shallow clone
that ends after the commit, no git at all) this cannot be checked, and that is what is said.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import ValidationError

from cgrecnet.evaluation.analysis_plan import FILE, Plan, Question, load_plan
from cgrecnet.paths import REPOSITORY, RESULTS, SWEEP_FILES
from cgrecnet.runs.environment import git
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import record_paths, select_runs
from cgrecnet.runs.run_record import RunRecord

#: Where the plan stands below the repository.
PLAN_PATH = FILE.relative_to(REPOSITORY).as_posix()


class PlanState(StrEnum):
    """What the plan of a record's commit has to do with the plan here."""

    SAME = "the same plan"
    SAME_QUESTIONS = "the same questions; amended since"
    OTHER = "another plan"
    ABSENT = "no plan"
    UNKNOWN = "cannot be checked here"


class Change(NamedTuple):
    """A commit that changed the plan, and its date."""

    commit: str
    date: datetime


@dataclass(frozen=True)
class PlanCheck:
    """One record of a planned sweep beside the plan of its commit.

    committed: the commit's date, None where the history at hand does not have it.
    uncommitted: whether files under version control differed from the commit when the run was planned.
    """

    run_id: str
    experiment: str
    commit: str
    uncommitted: bool
    started: datetime
    committed: datetime | None
    plan: PlanState

    @property
    def plan_came_first(self) -> bool | None:
        """True: the commit holds the plan's questions and is older than the run. None: cannot be checked."""
        if self.plan is PlanState.UNKNOWN or self.committed is None:
            return None
        return self.plan in (PlanState.SAME, PlanState.SAME_QUESTIONS) and self.committed <= self.started


def changes_of_plan(repository: Path = REPOSITORY) -> list[Change]:
    """Every commit that changed the plan, the first one first; empty where the history cannot tell.

    A shallow clone ends at a commit that seems to have brought every file, so nothing is read from one.
    """
    if not _has_whole_history(repository):
        return []
    lines = (git(repository, "log", "--reverse", "--format=%H %cI", "--", PLAN_PATH) or "").splitlines()
    return [Change(commit, datetime.fromisoformat(date)) for commit, date in map(str.split, lines)]


def planned_records(plan: Plan | None = None) -> list[RunRecord]:
    """All records of the sweeps that the plan names, in the plan's order; sweeps without records are left out."""
    names = dict.fromkeys(name for question in (plan or load_plan()).questions for name in question.sweeps)
    return select_runs(*names)


def progress(plan: Plan, results: Path = RESULTS) -> dict[str, tuple[int, int]]:
    """For every sweep of the plan, in its order: runs with a record, runs planned."""
    names = dict.fromkeys(name for question in plan.questions for name in question.sweeps)
    return {
        name: (len(record_paths(results, name)), len(read_sweep(SWEEP_FILES / f"{name}.yaml"))) for name in names
    }


def check_records(
    records: Iterable[RunRecord], plan: Plan | None = None, repository: Path = REPOSITORY
) -> list[PlanCheck]:
    """Compare the plan of each record's commit with `plan`, question by question where they differ."""
    plan = plan or load_plan()
    checks = []
    for record in records:
        commit, plus, _ = record.commit.partition("+")
        committed, then = _history_at(commit, repository)
        state = PlanState.UNKNOWN if committed is None else _compare(then, plan, record.experiment)
        started = datetime.fromisoformat(record.started)
        checks.append(PlanCheck(record.run_id, record.experiment, commit, bool(plus), started, committed, state))
    return checks


def questions_about(plan: Plan, sweep: str) -> tuple[Question, ...]:
    """The questions that a sweep's runs are to answer."""
    return tuple(question for question in plan.questions if sweep in question.sweeps)


def violations(checks: Sequence[PlanCheck]) -> list[str]:
    """One sentence for each record whose run did not have the plan before it."""
    found = []
    for check in checks:
        if check.plan_came_first is False:
            date = f"{check.committed:%Y-%m-%d %H:%M}, run started {check.started:%Y-%m-%d %H:%M}"
            found.append(f"{check.run_id}: its commit {check.commit[:10]} has {check.plan} (commit of {date}).")
    return found


def _compare(then: Plan | None, now: Plan, sweep: str) -> PlanState:
    if then is None:
        return PlanState.ABSENT
    if then == now:
        return PlanState.SAME
    same = then.alpha == now.alpha and questions_about(then, sweep) == questions_about(now, sweep)
    return PlanState.SAME_QUESTIONS if same else PlanState.OTHER


@cache
def _history_at(commit: str, repository: Path) -> tuple[datetime | None, Plan | None]:
    """The date of a commit, None where it is not here, and its plan, None where it had none that can be read."""
    date = git(repository, "show", "-s", "--format=%cI", f"{commit}^{{commit}}") if commit.isalnum() else None
    text = git(repository, "show", f"{commit}:{PLAN_PATH}") if date else None
    try:
        plan = Plan.model_validate(yaml.safe_load(text)) if text else None
    except (yaml.YAMLError, ValidationError):
        plan = None
    return datetime.fromisoformat(date) if date else None, plan


def _has_whole_history(repository: Path) -> bool:
    """Whether `repository` is the top of a checkout of its own (not a folder in somebody else's) with all commits."""
    top = git(repository, "rev-parse", "--show-toplevel")
    if top is None or Path(top).resolve() != Path(repository).resolve():
        return False
    return git(repository, "rev-parse", "--is-shallow-repository") == "false"
