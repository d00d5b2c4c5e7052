"""Run the notebook of an explanation study with papermill, and trust nothing but its record."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import yaml

from cgrecnet.errors import RunError
from cgrecnet.paths import EXPERIMENTS, RESULTS, WORK
from cgrecnet.runs.environment import commit
from cgrecnet.runs.explain_config import ExplainConfig, KeptConfig
from cgrecnet.runs.explain_record import EXPLAIN, PROTOCOLS, ExplainRecord, read_explain
from cgrecnet.runs.notebook import LOG, PROGRESS, execute_notebook, failure_reason, only_one_process, scratch
from cgrecnet.runs.progress import progress_bar
from cgrecnet.runs.run_id import need_file, resolve_weights, run_name, weights_identity
from cgrecnet.runs.run_record import check_writable, write_whole

EXPLAIN_NOTEBOOK, KEPT_NOTEBOOK = EXPERIMENTS / "explain.py", EXPERIMENTS / "explain_kept.py"


@dataclass(frozen=True)
class StudyPlan:
    """A validated study, before anything is loaded; fields as in `cgrecnet.runs.run_id.Plan`."""

    config: ExplainConfig | KeptConfig
    run_id: str
    weights: str | None
    commit: str


def plan_study(config: ExplainConfig | KeptConfig) -> StudyPlan:
    """Name the study that `config` describes. ConfigError: no such weights file."""
    decisive = config.model_dump(mode="json", exclude={"experiment", "seed", "weights"}) | {"protocols": PROTOCOLS}
    weights = None
    if isinstance(config, ExplainConfig):
        weights = resolve_weights(config.weights)
        decisive |= {"weights": weights_identity(weights)}
    return StudyPlan(config, run_name(config.experiment, decisive, config.seed), weights, commit())


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
        return read_explain(record)
    need_file(plan.weights)
    for folder, option in ((results, "--results"), (work, "--work")):
        check_writable(Path(folder), option)
    networks = f"{len(config.runs)} kept" if kept else f"{len(config.networks())} new"
    say(f"{plan.run_id}: {networks} networks")
    folder = Path(work) / plan.run_id
    say(f"log: {folder / LOG}")
    folder.mkdir(parents=True, exist_ok=True)
    with only_one_process(folder / "lock", plan.run_id) as lock:
        places = {"results_folder": str(Path(results).resolve()), "work_folder": str(Path(work).resolve())}
        text = yaml.safe_dump(config.model_dump(mode="json") | places, sort_keys=False)
        parameters, executed = write_whole(folder / "parameters.yaml", text), folder / "explain.ipynb"
        with scratch(folder) as temporary, progress_bar(folder / PROGRESS, bar):
            notebook = KEPT_NOTEBOOK if kept else EXPLAIN_NOTEBOOK
            code, tail = execute_notebook(notebook, parameters, executed, lock, say, temporary)
    if code != 0:
        raise RunError(f"Study {plan.run_id} failed: {failure_reason(executed, code, tail)}")
    return read_explain(record)
