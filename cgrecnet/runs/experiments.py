"""Which sweeps answer which part of the book, for each data set, and what of them is there.

A part of the book (`ablation`, `comparison`, ...) is shown for each data set apart: the real cells that come with
the project's records, and the paper's own, whose column fills when somebody has run `make reproduce`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.record import RunRecord, load_records

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
    names, records, planned = SWEEPS[part][data], [], 0
    for name in names:
        planned += len(read_sweep(SWEEP_FILES / f"{name}.yaml"))
        if (Path(results) / name).is_dir():
            records += load_records(results, name)
    if not records:
        return None
    refuse_mixture(records)
    return Experiment(part, data, names, tuple(records), planned)


def refuse_mixture(records: Sequence[RunRecord]) -> None:
    """RunError where records of different data sets, or of real and simulated cells, would stand in one table."""
    kinds = {(record.data["name"], record.data["simulated"], record.data["task"]) for record in records}
    if len(kinds) > 1:
        words = "; ".join(f"{name} ({'simulated' if simulated else 'real'}, {task})" for name, simulated, task in kinds)
        raise RunError(f"These records are of different data sets ({words}): show each in a table of its own.")


def command(part: str, data: str) -> str:
    """What a reader types to get the missing runs of a part."""
    return "\n".join(f".venv/bin/cgrecnet sweep sweeps/{name}.yaml" for name in SWEEPS[part][data])
