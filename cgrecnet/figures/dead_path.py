"""Networks of a study whose fusion has a dead spatial path: a limit of what runs say on claims C07, C20 and C21."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cgrecnet.figures.explained import MODELS, Study, load_study, provenance_of_study
from cgrecnet.figures.provenance import Provenance
from cgrecnet.paths import RESULTS
from cgrecnet.runs.explain_record import EXPLAIN

#: What a study calls a network as it was trained for its task, and that network before its first step.
#: Its `untrained` networks have other weights than any network started from, so they do not speak of a start.
TRAINED, START = "honest", "start"


@dataclass(frozen=True)
class DeadPath:
    """A trained network whose spatial path is dead on the cells that the study looked at.

    before: whether it was dead before training too; None where the study did not look at the start.
    """

    study: Study
    model: str
    before: bool | None

    @property
    def text(self) -> str:
        """`CG-RecNet in explain-x-s1 (cytometer, simulated cells, seed 1): before training and after`."""
        when = {
            True: "before training and after",
            False: "after training, though not before",
            None: "after training (its start was not looked at)",
        }[self.before]
        return f"{_network(self.study, self.model)}: {when}"


def _network(study: Study, model: str) -> str:
    """`CG-RecNet in explain-x-s1 (cytometer, simulated cells, seed 1)`."""
    record = study.record
    data = record.data[0]
    # A study of kept networks has a seed of its own; what it looked into is named by the run that trained it.
    kept = record.networks.get(f"{TRAINED} {model}", {}).get("run_id")
    origin = f"as trained by {kept}" if kept else f"seed {record.config['seed']}"
    return (
        f"{MODELS.get(model, model)} in {record.run_id} ({data['name']}, "
        f"{'simulated' if data['simulated'] else 'real'} cells, {origin})"
    )


def all_studies(results: Path = RESULTS) -> list[Study]:
    """The newest study of each experiment."""
    names = sorted({path.parent.parent.name for path in Path(results).glob(f"*/*/{EXPLAIN}")})
    return [study for name in names if (study := load_study(name, results))]


def dead_paths(studies: Sequence[Study]) -> list[DeadPath]:
    """The trained networks with a dead spatial path in these studies."""
    return [path for study in studies for path in dead_paths_of(study)]


def dead_paths_of(study: Study) -> list[DeadPath]:
    """The trained networks with a dead spatial path in one study."""
    modules = study.record.results.get("modules", {})
    found = []
    for name, inside in modules.items():
        training, _, model = name.partition(" ")
        if training == TRAINED and inside.get("dead"):
            found.append(DeadPath(study, model, modules.get(f"{START} {model}", {}).get("dead")))
    return found


def dead_rows(paths: Sequence[DeadPath]) -> list[tuple[str, str, str]]:
    """The limit as a row; none unless a record has a path that was dead before training and after."""
    if not any(path.before for path in paths):
        return []
    return [(
        "The fusion's spatial path can be dead from the start and stay so. Found dead:\n"
        + "\n".join(f"{path.text}." for path in paths),
        "C07, C20 and C21: such a fusion is a plain sum of its two branches but for a constant, not a recalibration. "
        "Networks that no study looked into may be alike.",
        "A look at every network with the fusion, and one whose spatial map is not even; the chapter on the fusion "
        "shows how to tell.",
    )]  # fmt: skip


def dead_words(paths: Sequence[DeadPath]) -> str:
    """The same as a paragraph, for pages that speak of results of networks with the fusion; "" where none is dead."""
    if not paths:
        return ""
    return (
        "**A caveat to C07, C20 and C21.** On the cells of a study of explanations, the fusion's spatial path was "
        f"dead in {'; and in '.join(path.text for path in paths)}. "
        "Such a fusion is a plain sum of its two branches but for a constant ({doc}`/book/3_model/fusion`). "
        "So what our runs say of ResCMNet and CG-RecNet may be said of that sum, and not of a recalibration; "
        "networks that no study looked into may be alike."
    )


def times_even(inside: Mapping) -> float:
    """The CAFM's change of the sum over that by an even map, which is one part in the number of positions."""
    return inside["change"]["mean"] * inside["positions"]


def living_words(studies: Sequence[Study]) -> str:
    """Where the path of a trained network is alive, and how far its map is from an even one; "" where none is."""
    found = [
        f"{_network(study, name.split()[1])}, where the CAFM changes the sum {times_even(inside):.4f} times as much as "
        "an even map would"
        for study in studies
        for name, inside in study.record.results.get("modules", {}).items()
        if name.split()[0] == TRAINED and "change" in inside and not inside["dead"]
    ]
    return f"The path was alive in {'; and in '.join(found)}." if found else ""


def sources(studies: Sequence[Study]) -> list[Provenance]:
    """One block for each study that was looked at, whether or not a path of it is dead."""
    return [provenance_of_study(study) for study in studies]
