"""Run the notebook of an explanation study with papermill, and trust nothing but its record.

A study trains its networks, or takes those that a sweep trained and whose weights were kept.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from cgrecnet.paths import EXPERIMENTS, RESULTS, WORK
from cgrecnet.runs.environment import commit
from cgrecnet.runs.explain_record import (
    EXPLAIN,
    PROTOCOLS,
    ExplainConfig,
    ExplainRecord,
    KeptConfig,
)
from cgrecnet.runs.kept import with_kept_weights
from cgrecnet.runs.notebook import begin_run, only_one_process, run_notebook, write_yaml
from cgrecnet.runs.run_id import PlannedRun, resolve_weights, run_name, weights_identity
from cgrecnet.runs.run_record import RECORD, RunRecord, read_record

EXPLAIN_NOTEBOOK, KEPT_NOTEBOOK = EXPERIMENTS / "explain.py", EXPERIMENTS / "explain_kept.py"


def plan_study(config: ExplainConfig | KeptConfig) -> PlannedRun:
    """Name the study that `config` describes. ConfigError: no such weights file."""
    decisive = config.model_dump(mode="json", exclude={"experiment", "seed", "weights"}) | {"protocols": PROTOCOLS}
    weights = None
    if isinstance(config, ExplainConfig):
        weights = resolve_weights(config.weights)
        decisive |= {"weights": weights_identity(weights)}
    return PlannedRun(config, run_name(config.experiment, decisive, config.seed), None, weights, commit())


def explain_study(
    config: ExplainConfig | KeptConfig,
    *,
    results: Path = RESULTS,
    work: Path = WORK,
    say: Callable[[str], None] = print,
    bar: bool = False,
) -> ExplainRecord:
    """Do the study that `config` describes, unless its record exists; return the record.

    A study that was stopped goes on: finished networks lie in `work/RUN/`, an unfinished one in its checkpoint.
    Raises RunError, in one sentence, where it fails, and RunBusy where another process is doing it.
    """
    plan, kept = plan_study(config), isinstance(config, KeptConfig)
    record = Path(results) / config.experiment / plan.run_id / EXPLAIN
    if record.exists():
        say(f"{plan.run_id}: done already, see {record}")
        return read_record(record, ExplainRecord)
    networks = f"{len(config.runs)} kept" if kept else f"{len(config.networks())} new"
    folder = begin_run(plan, results, work, f"{networks} networks", say)
    with only_one_process(folder / "lock", plan.run_id) as lock:
        parameters = write_yaml(folder, config.model_dump(mode="json"), results, work)
        run_notebook(KEPT_NOTEBOOK if kept else EXPLAIN_NOTEBOOK, parameters, plan.run_id, lock, say, bar=bar)
    return read_record(record, ExplainRecord)


def kept_network(config: KeptConfig, run_id: str, results: Path, work: Path) -> tuple[nn.Module, RunRecord]:
    """A network of a study, and its run's record. Raises RunError where the record or the weights are missing."""
    record = read_record(Path(results) / config.trained / run_id / RECORD)
    return with_kept_weights(record, work).to(memory_format=torch.channels_last), record
