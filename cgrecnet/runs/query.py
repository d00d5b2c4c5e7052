"""Which runs there are: the one of a plan, those of a sweep by their settings, those of a part of the book.

A part of the book (`ablation`, `comparison`, ...) is shown for each data set apart: the real cells that come with
the project's records, and the paper's own, whose column fills when somebody has run `make reproduce`.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.data import made_on_the_spot
from cgrecnet.data.base import kind_of_cells
from cgrecnet.errors import ConfigError, RunError
from cgrecnet.models import list_models
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.run_id import PlannedRun
from cgrecnet.runs.run_record import RECORD, RunRecord, read_record
from cgrecnet.training.protocol import PROTOCOL

#: Part of the book -> data set -> the sweep files that belong to it.
SWEEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "ablation": {"jurkat": ("jurkat-ablation",), "zhu": ("ablation",)},
    "comparison": {"jurkat": ("jurkat-comparison",), "zhu": ("comparison", "comparison-zhu")},
    "seeds": {"jurkat": ("jurkat-seeds",), "zhu": ("seeds",), "cytometer": ("simulated-seeds",)},
    "presets": {"jurkat": ("jurkat-presets",), "zhu": ("presets",), "cytometer": ("simulated-presets",)},
    "precision": {"jurkat": ("jurkat-precision",)},
    "learning rate": {
        "jurkat": ("jurkat-learning-rate",), "zhu": ("learning-rate",), "cytometer": ("simulated-learning-rate",),
    },
    "noise": {"cytometer": ("simulated-noise",)},
    "debris": {"cytometer": ("simulated-debris",)},
    "imbalance": {"cytometer": ("simulated-imbalance",)},
    "shortcut, random split": {"cytometer": ("simulated-shortcut-random",)},
    "shortcut, grouped split": {"cytometer": ("simulated-shortcut-grouped",)},
}  # fmt: skip


def record_paths(results: Path, sweep: str) -> list[Path]:
    """Where the records of a sweep are, by name; empty where there is none."""
    folder = Path(results) / sweep
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    return [path for name in names if (path := folder / name / RECORD).exists()]


def select_runs(*sweeps: str, results: Path = RESULTS, **config) -> list[RunRecord]:
    """The records of these sweeps, one after the other, whose configuration has these values; empty where none has.

    Those of a sweep stand in the order of model (as in the registry), fold and seed.
    Raises RunError where a record is damaged, of a model that is not known, or of the same settings as another one.
    """
    found = [record for sweep in sweeps for record in _in_order(Path(results) / sweep)]
    return [record for record in found if all(record.config[name] == value for name, value in config.items())]


def record_of(plan: PlannedRun, results: Path = RESULTS) -> RunRecord | None:
    """The record of a planned run, or None where it is not done.

    A run is done where its record says so: the right one, in its place, of these settings and these cells.
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


def as_recorded(plan: PlannedRun) -> dict:
    """The settings of a run as its record has them: a weights file by its name, wherever it lies."""
    config = plan.config.model_dump()
    if plan.weights not in (None, "imagenet"):
        config["weights"] = Path(plan.weights).name
    return config


@dataclass(frozen=True)
class Experiment:
    """The records of one part of the book on one data set.

    records: in the order of model, fold and seed; planned: how many runs the sweep files describe.
    """

    part: str
    data: str
    sweeps: tuple[str, ...]
    records: tuple[RunRecord, ...]
    planned: int

    @property
    def complete(self) -> bool:
        """Whether every planned run has its record; means are shown only then, or with their n."""
        return len(self.records) >= self.planned

    def of(self, **config) -> list[RunRecord]:
        """The records whose configuration has these values."""
        return [r for r in self.records if all(r.config[name] == value for name, value in config.items())]

    def one(self, **config) -> RunRecord:
        """The only record with these values; RunError where there is none or more than one."""
        found = self.of(**config)
        if len(found) != 1:
            words = ", ".join(f"{name}={value}" for name, value in config.items())
            raise RunError(
                f"{len(found)} runs of {self.part!r} on {self.data} have {words}, not one: run "
                f"{' and '.join(f'sweeps/{name}.yaml' for name in self.sweeps)} to its end."
            )
        return found[0]


def experiment(part: str, data: str, results: Path = RESULTS) -> Experiment | None:
    """What there is of a part of the book on a data set; None where none of its runs has a record.

    Raises ConfigError for an unknown part or data set, RunError where records are damaged or of several data sets.
    """
    if part not in SWEEPS or data not in SWEEPS[part]:
        known = ", ".join(f"{name} ({' '.join(sets)})" for name, sets in SWEEPS.items())
        raise ConfigError(f"No sweep is known for {part!r} on {data!r}; there are {known}.")
    names = SWEEPS[part][data]
    records = select_runs(*names, results=results)
    if not records:
        return None
    refuse_mixture(records)
    planned = sum(len(read_sweep(SWEEP_FILES / f"{name}.yaml")) for name in names)
    return Experiment(part, data, names, tuple(records), planned)


def needed(
    part: str, data: str, models: Sequence[str] = (), complete: bool = False, results: Path = RESULTS
) -> Experiment:
    """`experiment`, for a page that cannot be shown without it.

    models: networks that need a run on one and the same fold; complete: whether every planned run is needed.
    Raises RunError where these are not there: what is missing, and which command makes it.
    """
    found = experiment(part, data, results)
    if found is None:
        lacking = "none of them has a record"
    elif complete and not found.complete:
        lacking = f"only {len(found.records)} of {found.planned} have a record"
    elif models and not set.intersection(*({run.config["fold"] for run in found.of(model=name)} for name in models)):
        lacking = f"no fold has a record of both {' and '.join(models)}"
    else:
        return found
    commands = command(part, data).replace("\n", " and ")
    raise RunError(f"This page shows the runs of {part!r} on {data}, and {lacking}: make them with {commands}.")


def refuse_mixture(records: Sequence[RunRecord]) -> None:
    """RunError where records of different data sets, or of real and simulated cells, would stand in one table."""
    kinds = {(record.data["name"], record.data["simulated"], record.data["task"]) for record in records}
    if len(kinds) > 1:
        words = "; ".join(f"{name} ({kind_of_cells(name, simulated)}, {task})" for name, simulated, task in kinds)
        raise RunError(f"These records are of different data sets ({words}): show each in a table of its own.")


def command(part: str, data: str) -> str:
    """What a reader types to get the missing runs of a part."""
    return "\n".join(f".venv/bin/cgrecnet sweep sweeps/{name}.yaml" for name in SWEEPS[part][data])


def _in_order(folder: Path) -> list[RunRecord]:
    """All records of a sweep's folder; RunError for two of one configuration, or a model that is not known."""
    records = [read_record(path) for path in record_paths(folder.parent, folder.name)]
    _refuse_twins(folder, records)
    place = {name: number for number, name in enumerate(list_models())}
    if foreign := [record for record in records if str(record.config.get("model")) not in place]:
        raise RunError(
            f"The record {folder / foreign[0].run_id} is of the model {foreign[0].config.get('model')!r}, which this "
            "version does not know: move it away, or read it with the version that made it."
        )
    return sorted(records, key=lambda r: (place[r.config["model"]], r.config["fold"], r.config["seed"], r.run_id))


def _refuse_twins(folder: Path, records: list[RunRecord]) -> None:
    """Two records of one configuration, made by different code, must not both enter a table."""
    seen: dict[str, RunRecord] = {}
    for record in sorted(records, key=lambda r: r.started):
        older = seen.setdefault(json.dumps(record.config, sort_keys=True), record)
        if older is not record:
            raise RunError(
                f"{older.run_id} and {record.run_id} are records of the same configuration: delete the one that is "
                f"out of date, {folder / older.run_id}."
            )
