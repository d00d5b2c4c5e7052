"""Runs that differ in one thing: a dial, class shares, the split, a learning rate, a reading, an option, a seed.

Each function gives what is there of its runs, by that thing; what was not run is left out. Real and simulated cells
never stand together.
"""

from __future__ import annotations

from pathlib import Path

from cgrecnet.data.cytometer import CytometerOptions
from cgrecnet.paths import RESULTS, SWEEP_FILES
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import SWEEPS, experiment
from cgrecnet.runs.run_record import RunRecord

PAIR = ("resnet50", "cg_recnet")
#: The networks of the ablation, in the order of growing systems.
NETWORKS = ("resnet50", "rescmnet", "resgdnet", "cg_recnet")
#: Dial of the simulation -> parts of the book whose runs have it at some setting, all else as calibrated.
DIALS = {"noise": ("noise",), "debris": ("noise", "debris")}
#: Settings of the other dial at which a dose series is taken.
CALIBRATED = {"noise": 1.0, "debris": 0.2}
#: The sweeps that the learning rates come from.
RATE_PARTS = ("learning rate", "noise")
#: How a simulated cell meets the test -> the part of the book; and what is done with its grey levels.
SPLITS = {"random": "shortcut, random split", "grouped": "shortcut, grouped split"}
INTENSITIES = {"none": "grey levels as they are", "standardise": "each image standardised"}
#: Data set -> the part of the book that has the first seed of the same runs.
FIRST_SEED = {"jurkat": "ablation", "cytometer": "noise", "zhu": "ablation"}

Shares = tuple[float, ...]


def records_of(data: str, *parts: str, results: Path = RESULTS) -> list[RunRecord]:
    """The records of these parts of the book on one data set, one part after the other."""
    found = [experiment(part, data, results) for part in parts]
    return [record for runs in found if runs for record in runs.records]


def dose_response_runs(dial: str, results: Path = RESULTS) -> dict[float, dict[str, RunRecord]]:
    """Setting of a dial -> model -> run, lowest setting first; the other dial as calibrated.

    dial: `noise` or `debris`; KeyError for another.
    """
    found: dict[float, dict[str, RunRecord]] = {}
    for record in records_of("cytometer", *DIALS[dial], results=results):
        (other,) = CALIBRATED.keys() - {dial}
        options = record.data["options"]
        if options[other] == CALIBRATED[other]:
            found.setdefault(options[dial], {})[record.config["model"]] = record
    return {level: {name: found[level][name] for name in NETWORKS if name in found[level]} for level in sorted(found)}


def imbalance_runs(results: Path = RESULTS) -> dict[Shares, dict[tuple[str, bool], RunRecord]]:
    """Class shares, the most even first -> (model, with class weights) -> run.

    The paper's shares without weights are the first setting of the noise series.
    """
    found: dict[Shares, dict[tuple[str, bool], RunRecord]] = {}
    for record in records_of("cytometer", "imbalance", "noise", results=results):
        model, options = record.config["model"], record.data["options"]
        if model in PAIR and options["noise"] == CALIBRATED["noise"]:
            found.setdefault(tuple(options["shares"]), {})[model, record.config["class_weights"]] = record
    return {shares: found[shares] for shares in sorted(found, key=max)}


def planned_shares() -> list[Shares]:
    """The class shares that the sweeps have, the most even first; the paper's are the simulation's own."""
    asked = {CytometerOptions(**c.data_options).shares for c in _sweep("simulated-imbalance")}
    return sorted(asked | {CytometerOptions().shares}, key=max)


def shares_text(shares: Shares) -> str:
    """`27 / 13 / 60 %`."""
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"


def shortcut_runs(results: Path = RESULTS) -> dict[tuple[str, str, float], RunRecord]:
    """(split, treatment of the grey levels, confounding) -> run."""
    return {
        (split, record.config["intensity"], record.data["options"]["confounding"]): record
        for split, part in SPLITS.items()
        for record in records_of("cytometer", part, results=results)
    }


def planned_settings() -> list[tuple[str, float]]:
    """(treatment of the grey levels, confounding) of every gap between splits that the sweeps can give."""
    (name,) = SWEEPS[SPLITS["random"]]["cytometer"]
    return [(c.intensity, c.data_options["confounding"]) for c in _sweep(name)]


def rate_runs(results: Path = RESULTS) -> dict[float, dict[str, RunRecord]]:
    """Learning rate -> model -> simulated run; the project's own rate comes from the noise series at 1."""
    found: dict[float, dict[str, RunRecord]] = {}
    for record in records_of("cytometer", *RATE_PARTS, results=results):
        if record.config["model"] in PAIR and record.data["options"]["noise"] == CALIBRATED["noise"]:
            found.setdefault(record.config["learning_rate"], {})[record.config["model"]] = record
    return {rate: found[rate] for rate in sorted(found)}


def planned_rates() -> list[float]:
    """Every learning rate that was planned, the project's own included."""
    sweeps = ("simulated-learning-rate", "simulated-noise")
    return sorted({config.learning_rate for name in sweeps for config in _sweep(name)})


def reading_runs(results: Path = RESULTS) -> dict[str, RunRecord]:
    """Reading -> run of CG-RecNet on the first fold of Jurkat, and `baseline`."""
    found = {}
    for record in records_of("jurkat", "ablation", "presets", results=results):
        model, preset, fold = (record.config[name] for name in ("model", "preset", "fold"))
        if fold == 0 and (model == "cg_recnet" or (model, preset) == ("resnet50", "recovered")):
            found["baseline" if model == "resnet50" else preset] = record
    return found


def option_runs(results: Path = RESULTS) -> dict[str, RunRecord]:
    """`option = value` -> simulated run of CG-RecNet with that one change, and `recovered` and `baseline`."""
    calm = dose_response_runs("noise", results).get(CALIBRATED["noise"], {})
    names = {"resnet50": "baseline", "cg_recnet": "recovered"}
    found = {names[model]: record for model, record in calm.items() if model in names}
    base = found["recovered"].config["model_options"] if "recovered" in found else {}
    for record in records_of("cytometer", "presets", results=results):
        changed = {k: v for k, v in record.config["model_options"].items() if base.get(k) != v and k != "stage_stride"}
        found[", ".join(f"{name} = {value}" for name, value in changed.items())] = record
    return {name: found[name] for name in sorted(found, key=lambda name: ("=" in name, name))}


def planned_options() -> list[str]:
    """The single options that were planned, as `option_runs` names them."""
    sweep = _sweep("simulated-presets")
    return [f"{name} = {value}" for c in sweep for name, value in c.model_options.items() if name != "stage_stride"]


def seed_runs(data: str, results: Path = RESULTS) -> dict[str, list[RunRecord]]:
    """Model -> its runs that have all in common but the seed (and the sweep's name), two or more, ordered by seed."""
    later = records_of(data, "seeds", results=results)
    wanted = {_but_the_seed(record) for record in later}
    found: dict[str, list[RunRecord]] = {record.config["model"]: [] for record in later}
    for record in sorted(seed_records(data, results), key=lambda record: record.config["seed"]):
        if _but_the_seed(record) in wanted:
            found[record.config["model"]].append(record)
    return {model: runs for model, runs in found.items() if len(runs) > 1}


def seed_records(data: str, results: Path = RESULTS) -> list[RunRecord]:
    """Every record that `seed_runs` chooses from; none where no run of the sweep of seeds is there."""
    later = records_of(data, "seeds", results=results)
    return [*records_of(data, FIRST_SEED[data], results=results), *later] if later else []


def _but_the_seed(record: RunRecord) -> str:
    config = {name: value for name, value in record.config.items() if name not in ("seed", "experiment")}
    return repr(sorted(config.items())) + record.data["fingerprint"] + str(record.split.get("manifest"))


def _sweep(name: str) -> list:
    return read_sweep(SWEEP_FILES / f"{name}.yaml")
