"""Networks of a study whose fusion has a dead spatial path: a limit of what runs say on claims C07, C20 and C21."""

from __future__ import annotations

from collections.abc import Sequence
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
        record = self.study.record
        data = record.data[0]
        # A study of kept networks has a seed of its own; what it looked into is named by the run that trained it.
        kept = record.networks.get(f"{TRAINED} {self.model}", {}).get("run_id")
        origin = f"as trained by {kept}" if kept else f"seed {record.config['seed']}"
        when = {
            True: "before training and after",
            False: "after training, though not before",
            None: "after training (its start was not looked at)",
        }[self.before]
        return (
            f"{MODELS.get(self.model, self.model)} in {record.run_id} ({data['name']}, "
            f"{'simulated' if data['simulated'] else 'real'} cells, {origin}): {when}"
        )


def all_studies(results: Path = RESULTS) -> list[Study]:
    """The newest study of each experiment."""
    names = sorted({path.parent.parent.name for path in Path(results).glob(f"*/*/{EXPLAIN}")})
    return [study for name in names if (study := load_study(name, results))]


def dead_paths(results: Path = RESULTS) -> list[DeadPath]:
    """The trained networks with a dead spatial path, in the newest study of each experiment."""
    return [path for study in all_studies(results) for path in dead_paths_of(study)]


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
        "A look at every network with the fusion, and seeds at which the path starts alive; the chapter on the fusion "
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


def sources(paths: Sequence[DeadPath]) -> list[Provenance]:
    """Where these come from: one block for each study."""
    studies = {path.study.record.run_id: path.study for path in paths}
    return [provenance_of_study(study) for study in studies.values()]
