"""Successive halving: all settings of a sweep are trained for a few epochs, and only the better ones go on.

Which go on is decided by the validation cells alone. A setting is judged by the mean over its folds and seeds, so that
none of its runs is missing from its mean. Decisions follow from the scores and the order of the grid, whatever worker
was first: a sweep that was interrupted comes to the same ones again.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from distributed import Client
from pydantic import BaseModel, ValidationError

from cgrecnet.errors import ConfigError
from cgrecnet.files import write_file
from cgrecnet.paths import RESULTS, WORK
from cgrecnet.runs.collect import CHOSEN_BY, REPEATS, values_of, varying
from cgrecnet.runs.grid import Halving, find_sweep, read_grid, read_sweep
from cgrecnet.runs.kept import Epoch, paused_history
from cgrecnet.runs.notebook import train
from cgrecnet.runs.query import record_of
from cgrecnet.runs.run_id import PlannedRun
from cgrecnet.runs.sweep import TaskCounts, plan_sweep, raise_for_failures, run_sweep
from cgrecnet.training.config import RunConfig

#: What was stopped and when, beside the records of the experiment.
STOPPED = "halving.json"
#: What has to be the same in all settings for their scores to be comparable at an epoch.
SAME = ("data", "root", "task", "data_options", "split", "folds", "epochs", "report")


class OpenedSweep(NamedTuple):
    """A sweep as it was asked for: its file, its rules of halving, its runs, and those that the rules have stopped."""

    file: Path
    halving: Halving | None
    plans: list[PlannedRun]
    stopped: dict[str, dict]

    @property
    def configs(self) -> list[RunConfig]:
        return [plan.config for plan in self.plans]


class _Stopped(BaseModel):
    epoch: int
    validation_macro_f1: float | None
    history: list[Epoch]


class _Note(Halving):
    stopped: dict[str, _Stopped]


def open_sweep(name: Path, overrides: dict[str, Any] | None = None, results: Path = RESULTS) -> OpenedSweep:
    """Read a sweep by the name of its file, with other values than the file's, and see what was stopped of it.

    Raises ConfigError for a sweep that is not there or cannot be run, as `read_sweep` and `plan_sweep` do.
    """
    file = find_sweep(name)
    plans, halving = plan_sweep(read_sweep(file, overrides)), read_grid(file).halving
    return OpenedSweep(file, halving, plans, stopped_runs(results, plans[0].config.experiment, halving))


def rungs(halving: Halving, epochs: int) -> list[int]:
    """The epochs at which settings are compared: first, first * reduction, ... below `epochs`."""
    found, epoch = [], halving.first
    while epoch < epochs:
        found.append(epoch)
        epoch *= halving.reduction
    return found


def check_halving(configs: Sequence[RunConfig], halving: Halving) -> None:
    """ConfigError, in one sentence, where these runs cannot be halved, or Optuna is not there."""
    for name in SAME:
        if len({repr(getattr(config, name)) for config in configs}) > 1:
            raise ConfigError(
                f"Halving compares settings on the same cells at the same epoch, and {name!r} differs between these "
                "runs: make a sweep of each value, or take `halving` out of the file."
            )
    if not rungs(halving, configs[0].epochs):
        raise ConfigError(
            f"Halving would first look after {halving.first} epochs, and runs have {configs[0].epochs}: lower `first`."
        )
    _optuna()


def run_halving(
    configs: Sequence[RunConfig],
    halving: Halving,
    connect: Callable[[], Client],
    *,
    results: Path = RESULTS,
    work: Path = WORK,
    retries: int = 0,
    say: Callable[[str], None] = print,
    do: Callable[..., object] = train,
) -> TaskCounts:
    """Do the runs of the settings that are not stopped, on the workers of `run_sweep`; return how the last round went.

    At each rung a setting goes on where its mean score is among the best 1/reduction of those before it in the grid
    and its own (Optuna's `SuccessiveHalvingPruner`); the setting that leads is never stopped.
    What is stopped keeps its checkpoint, and is written to `STOPPED` in the experiment's folder of records.
    Raises ConfigError before anything is started, and RunError at the end where runs failed.
    """
    check_halving(configs, halving)
    optuna = _optuna()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=halving.first, reduction_factor=halving.reduction)
    study = optuna.create_study(direction="maximize", pruner=pruner)
    settings = settings_of(plan_sweep(configs))
    trials = {name: study.ask() for name in settings}
    places: dict[str, Any] = {"results": results, "work": work, "retries": retries, "say": say}
    failed: dict[str, str] = {}
    stopped: dict[str, dict] = {}
    alive = dict(settings)
    for until in rungs(halving, configs[0].epochs):
        say(f"\nto epoch {until}: {len(alive)} of {len(settings)} settings")
        runs = [plan.config for plans in alive.values() for plan in plans]
        failed |= run_sweep(runs, connect, do=do, until=until, strict=False, **places).failed
        for name, plans in list(alive.items()):
            scores = [_score(plan, until, results, work) for plan in plans]
            mean = math.nan if None in scores else sum(scores) / len(scores)
            trials[name].report(mean, until)
            if trials[name].should_prune():
                del alive[name]
                note = {"epoch": until, CHOSEN_BY: None if math.isnan(mean) else mean}
                stopped |= {plan.run_id: note | {"history": paused_history(plan.run_id, work)} for plan in plans}
                say(f"stopped: {name} ({'a run failed' if math.isnan(mean) else f'{CHOSEN_BY} {mean:.4f}'})")
        _write(Path(results) / configs[0].experiment, halving, stopped)
    counts = TaskCounts(0)
    if alive:
        say(f"\nto the end: {len(alive)} of {len(settings)} settings")
        runs = [plan.config for plans in alive.values() for plan in plans]
        counts = run_sweep(runs, connect, do=do, strict=False, **places)
    counts.total, counts.failed = len(configs), failed | counts.failed
    raise_for_failures(counts, work, say)
    return counts


def stopped_runs(results: Path, experiment: str, halving: Halving | None) -> dict[str, dict]:
    """What was stopped by these rules: {run_id: {epoch, score, history}}; empty where nothing was."""
    if halving is None:
        return {}
    try:
        note = _Note.model_validate_json((Path(results) / experiment / STOPPED).read_bytes())
    except (OSError, ValidationError):
        return {}
    same = (note.first, note.reduction) == (halving.first, halving.reduction)
    return note.model_dump()["stopped"] if same else {}


def settings_of(plans: Sequence[PlannedRun]) -> dict[str, list[PlannedRun]]:
    """The runs by what they are repeats of: all that differs between them, but for folds and seeds."""
    names = [name for name in varying(plans) if name not in REPEATS]
    settings: dict[str, list[PlannedRun]] = {}
    for plan in plans:
        words = " ".join(f"{name}={value}" for name, value in values_of(plan, names).items())
        settings.setdefault(words or "all runs", []).append(plan)
    return settings


def _score(plan: PlannedRun, until: int, results: Path, work: Path) -> float | None:
    """The validation score that a run has to show at an epoch, of the weights that it would report; None for none."""
    record = record_of(plan, results)
    history = record.history if record else paused_history(plan.run_id, work)
    if not record and len(history) < until:
        return None
    scores = [entry[CHOSEN_BY] for entry in history[:until]]
    return scores[-1] if plan.config.report == "last" else max(scores)


def _write(folder: Path, halving: Halving, stopped: dict[str, dict]) -> None:
    write_file(folder / STOPPED, json.dumps(halving.model_dump() | {"stopped": stopped}, indent=1) + "\n")


def _optuna():
    """The module, which only halving needs; ConfigError where it is not installed."""
    try:
        import optuna
    except ImportError:
        raise ConfigError(
            "Halving needs Optuna, which is not installed: `pip install 'cgrecnet[search]'`, or take `halving` out of "
            "the file to do all runs."
        ) from None
    return optuna
