"""The plan came before the runs: what the history says of this project's records, and of made-up ones."""

import os
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from cgrecnet.evaluation.analysis_plan import FILE, load_plan
from cgrecnet.paths import RESULTS
from cgrecnet.runs.preregistration import (
    PLAN_PATH,
    PlanState,
    changes_of_plan,
    check_records,
    planned_records,
    questions_about,
    violations,
)
from cgrecnet.runs.run_record import RunRecord

DAY = "2026-01-0{}T12:00:00+00:00"


def git(folder: Path, *arguments: str, date: str = DAY.format(1)) -> str:
    """Run git in a repository of the test's own, with a date and a name of the test's own."""
    environment = os.environ | {
        "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
    }  # fmt: skip
    done = subprocess.run(["git", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit_plan(folder: Path, text: str | None, day: int) -> str:
    """Commit a plan (or none) on a day of January; the commit."""
    if text is not None:
        (folder / PLAN_PATH).parent.mkdir(parents=True, exist_ok=True)
        (folder / PLAN_PATH).write_text(text, encoding="utf-8")
        git(folder, "add", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", f"day {day}", date=DAY.format(day))
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path):
    """Four commits: no plan, the plan with another margin in P1, a plan with one question less, the plan as it is."""
    text = FILE.read_text(encoding="utf-8")
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q")
    other = text.replace("margin: 1.0", "margin: 5.0", 1)
    less = text[: text.index("  - id: P11")]
    return folder, [commit_plan(folder, plan, day + 1) for day, plan in enumerate((None, other, less, text))]


def made_up(commit: str, day: int, experiment: str = "jurkat-ablation") -> RunRecord:
    """A record that names a commit and a day; nothing else of it is looked at."""
    return RunRecord.model_construct(
        run_id=f"{experiment}-{commit[:4]}", experiment=experiment, commit=commit, started=DAY.format(day)
    )


def test_the_plan_of_each_commit_is_told_apart(history):
    folder, commits = history
    checks = check_records([made_up(commit, 9) for commit in commits], repository=folder)
    # P11 asks about jurkat-ablation too, so a plan without it is another plan for that sweep ...
    assert [check.plan for check in checks] == [
        PlanState.ABSENT, PlanState.OTHER, PlanState.OTHER, PlanState.SAME
    ]
    assert [check.plan_came_first for check in checks] == [False, False, False, True]
    # ... and the same for a sweep that it does not name.
    comparison = check_records([made_up(commits[2], 9, "jurkat-comparison")], repository=folder)
    assert comparison[0].plan is PlanState.SAME_QUESTIONS and comparison[0].plan_came_first


def test_a_run_that_started_before_its_plan_is_named(history):
    folder, commits = history
    early, late = check_records([made_up(commits[3], 3), made_up(commits[3], 5)], repository=folder)
    assert early.plan_came_first is False and late.plan_came_first is True
    (sentence,) = violations([early, late])
    assert early.run_id in sentence and "2026-01-03" in sentence
    assert late.committed - early.started == timedelta(days=1)


def test_uncommitted_changes_are_told(history):
    folder, commits = history
    (check,) = check_records([made_up(commits[3] + "+changes", 9)], repository=folder)
    assert check.uncommitted and check.commit == commits[3] and check.plan is PlanState.SAME


def test_the_changes_of_the_plan_in_their_order(history):
    folder, commits = history
    changes = changes_of_plan(folder)
    assert [change.commit for change in changes] == commits[1:]
    assert changes[0].date == datetime.fromisoformat(DAY.format(2))


def test_where_there_is_no_history_nothing_is_claimed(history, tmp_path):
    folder, commits = history
    bare = tmp_path / "unpacked"
    bare.mkdir()
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", folder.as_uri(), str(shallow))
    inside = folder / "archive"  # an archive unpacked inside another project's checkout
    inside.mkdir()
    for place in (bare, shallow, inside):
        assert changes_of_plan(place) == []
    for place in (bare, shallow):
        (check,) = check_records([made_up(commits[1], 9)], repository=place)
        assert check.plan is PlanState.UNKNOWN and check.plan_came_first is None and not violations([check])
    (unknown,) = check_records([made_up("unknown", 9)], repository=folder)
    assert unknown.plan is PlanState.UNKNOWN


def test_questions_of_a_sweep():
    plan = load_plan()
    assert [q.id for q in questions_about(plan, "jurkat-comparison")] == ["P4"]
    assert {q.id for q in questions_about(plan, "jurkat-ablation")} >= {"P1", "P2", "P3", "P11"}


def test_no_planned_run_of_this_project_started_before_its_plan():
    records = planned_records()
    if not records:
        pytest.skip(f"there are no records of planned sweeps under {RESULTS.name}/")
    checks = [check for check in check_records(records) if check.plan_came_first is not None]
    if not checks:
        pytest.skip("there is no history of this checkout that has the records' commits")
    assert violations(checks) == []
