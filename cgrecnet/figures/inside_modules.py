"""What fusion and gate do in the networks of a study (C07, C08): the table, and where the spatial path is dead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cgrecnet.figures.explained import MODELS, Study, interval, load_study, network_title, provenance_of_study
from cgrecnet.figures.provenance import Provenance
from cgrecnet.figures.tables import wide_table
from cgrecnet.paths import RESULTS
from cgrecnet.runs.explain_record import EXPLAIN

#: What a study calls a network as it was trained for its task, and that network before its first step.
#: Its `untrained` networks have other weights than any network started from, so they do not speak of a start.
TRAINED, START = "honest", "start"
HEADERS = ("network", "looked at in", "spatial path of its fusion")
_BEFORE = {True: ", and before training", False: ", though not before training", None: " (its start was not looked at)"}
_COLUMNS = (
    "network", "change of LA + XCA by the CAFM", "1/N", "gate on the cell", "gate off it", "channels wider on it",
    "length behind / before, on", "the same, off", "on - off", "n",
)  # fmt: skip


def module_rows(study: Study) -> str:
    """HTML of a table: what fusion and gate do in each network that has them."""
    lines = []
    for name, found in study.record.results["modules"].items():
        gate = found.get("gate", {})
        change = interval(found.get("change"), 2, percent=True) + (" (spatial path dead)" if found.get("dead") else "")
        start = f"{100 / found['positions']:.2f} %" if "positions" in found else "none"
        cells = [interval(gate.get(key)) for key in ("value_on", "value_off")]
        cells += [interval(gate.get("wider"), 0, percent=True)]
        cells += [interval(gate.get(key)) for key in ("length_on", "length_off", "length on - off")]
        count = (found.get("change") or gate["value_on"])["n"]
        lines.append([network_title(name), change, start, *cells, str(count)])
    return wide_table(_COLUMNS, lines, "Fusion and gate on the cell and off it")


def all_studies(results: Path = RESULTS) -> list[Study]:
    """The newest study of each experiment."""
    names = sorted({path.parent.parent.name for path in Path(results).glob(f"*/*/{EXPLAIN}")})
    return [study for name in names if (study := load_study(name, results))]


def path_rows(studies: Sequence[Study]) -> list[tuple[str, str, str]]:
    """Rows under HEADERS: each trained network with a fusion that a study looked into, and what its path does there."""
    rows = []
    for study in studies:
        modules = study.record.results.get("modules", {})
        for name, inside in modules.items():
            training, _, model = name.partition(" ")
            if training == TRAINED and "dead" in inside:
                before = modules.get(f"{START} {model}", {}).get("dead")
                rows.append((MODELS.get(model, model), _place(study, model), _state(inside, before)))
    return rows


def _state(inside: Mapping, before: bool | None) -> str:
    """What a path does in a trained network; before: whether it was dead at the start, None where nobody looked."""
    if inside["dead"]:
        return f"dead after training{_BEFORE[before]}"
    if "change" not in inside:
        return "alive"
    return f"alive: changes the sum {times_even(inside):.4f} times as much as an even map would"


def _place(study: Study, model: str) -> str:
    """`explain-x-s1 (cytometer, simulated cells, seed 1)`."""
    record = study.record
    data = record.data[0]
    # A study of kept networks has a seed of its own; what it looked into is named by the run that trained it.
    kept = record.networks.get(f"{TRAINED} {model}", {}).get("run_id")
    origin = f"as trained by {kept}" if kept else f"seed {record.config['seed']}"
    return f"{record.run_id} ({data['name']}, {'simulated' if data['simulated'] else 'real'} cells, {origin})"


def times_even(inside: Mapping) -> float:
    """The CAFM's change of the sum over that by an even map, which is one part in the number of positions."""
    return inside["change"]["mean"] * inside["positions"]


def sources(studies: Sequence[Study]) -> list[Provenance]:
    """One block for each study that was looked at, whether or not a path of it is dead."""
    return [provenance_of_study(study) for study in studies]
