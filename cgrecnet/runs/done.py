"""Is a run done? Its record says so: the right one, in its place, of these settings and these cells."""

from pathlib import Path

from cgrecnet.data import made_on_the_spot
from cgrecnet.paths import RESULTS
from cgrecnet.runs.plan import Plan
from cgrecnet.runs.record import RECORD, RunRecord, read_record, record_paths
from cgrecnet.training.protocol import PROTOCOL


def record_of(plan: Plan, results: Path = RESULTS) -> RunRecord | None:
    """The record of a planned run, or None where it is not done.

    Where the cells are not on this machine, so that the run's name cannot be known, its settings find it.
    Raises RunError for a record that is damaged or in another run's place.
    """
    path = Path(results) / plan.config.experiment / plan.run_id / RECORD
    if path.exists():
        return read_record(path)
    if plan.cells is not None or made_on_the_spot(plan.config.data):
        return None
    wanted = as_recorded(plan)
    for other in record_paths(results, plan.config.experiment):
        record = read_record(other)
        if record.config == wanted and record.protocol == PROTOCOL:
            return record
    return None


def as_recorded(plan: Plan) -> dict:
    """The settings of a run as its record has them: a weights file by its name, wherever it lies."""
    config = plan.config.model_dump()
    if plan.weights not in (None, "imagenet"):
        config["weights"] = Path(plan.weights).name
    return config
