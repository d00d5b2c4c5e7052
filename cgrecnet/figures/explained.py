"""A study of explanations as a page shows it: its numbers, the cells that it kept, and where it comes from.

torch is imported where cells or maps are shown, not before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.provenance import SHOWN, Provenance, hardware_text
from cgrecnet.figures.tables import wide_table
from cgrecnet.paths import RESULTS
from cgrecnet.runs.explain_config import ExplainConfig
from cgrecnet.runs.explain_record import PROTOCOLS, ExplainRecord, find_explain

COMMAND = ".venv/bin/cgrecnet explain book/experiments/explain-simulated.yaml"
KEPT_COMMAND = (
    ".venv/bin/cgrecnet sweep sweeps/jurkat-ablation.yaml --keep-weights\n"
    ".venv/bin/cgrecnet explain --kept book/experiments/explain-jurkat.yaml"
)
#: Places in the network, as a figure names them.
PLACES = {"last": "last stage", "stage3": "stage 3", "stage2": "stage 2"}
TRAININGS = {
    "honest": "trained",
    "shuffled": "trained on shuffled labels",
    "shortcut": "trained on the shortcut",
    "start": "at the start (ImageNet)",
    "untrained": "untrained",
}
MODELS = {"cg_recnet": "CG-RecNet", "resnet50": "Baseline", "rescmnet": "ResCMNet", "resgdnet": "ResGDNet"}


@dataclass(frozen=True)
class Study:
    """A record with its arrays. Networks are named as in the record, `TRAINING MODEL`."""

    record: ExplainRecord
    arrays: Mapping[str, np.ndarray]

    @cached_property
    def config(self) -> ExplainConfig:
        """The parameters of a study that trained its networks."""
        return ExplainConfig.from_mapping(self.record.config, "the record")

    @property
    def shown(self) -> int:
        """How many cells are kept with their maps."""
        return self.record.cells["shown"]

    def score(self, network: str, kind: str, what: str) -> np.ndarray:
        """A score of every explained cell; empty where the study has none."""
        return self.arrays.get(f"score/{network}/{kind}/{what}", np.array([]))

    def image(self, pictures: str = "honest") -> np.ndarray:
        """Kept cells as the networks see them, back on the scale where white is 1, (shown, S, S)."""
        from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD

        return self.arrays[f"image/{pictures}"].astype(float) * IMAGENET_STD[0] + IMAGENET_MEAN[0]

    def mask(self, part: str = "cell") -> np.ndarray:
        """Masks of the kept cells, boolean (shown, S, S)."""
        size = self.record.config["image_size"]
        bits = np.unpackbits(self.arrays[f"mask/{part}"])[: self.shown * size * size]
        return bits.reshape(self.shown, size, size).astype(bool)

    def map(self, network: str, kind: str) -> np.ndarray | None:
        """Raw maps of the kept cells, (shown, h, w), or None."""
        found = self.arrays.get(f"map/{network}/{kind}")
        return None if found is None else found.astype(float)

    def right(self, network: str) -> np.ndarray:
        """Whether the network named the class of each explained cell."""
        return self.arrays[f"target/{network}"] == self.arrays["label"]

    def is_current(self) -> bool:
        """Whether the study would give the same numbers now: training and explanation by the same protocols."""
        return self.record.protocols == PROTOCOLS


def load_study(experiment: str = "explain-simulated", results: Path = RESULTS) -> Study | None:
    """The newest study of an experiment, or None where there is none."""
    found = find_explain(results, experiment)
    return Study(*found) if found else None


def draw_where_run(draw: Callable[..., Figure], study: Study | None, *arguments: object) -> None:
    """`draw(study, ...)`; where the study was not run, the page says so in place of the picture."""
    if study is None:
        draw_absent("The study was not run here.")
    else:
        draw(study, *arguments)


def accuracy_table(study: Study) -> str:
    """HTML of a table: how well each network of a study does on its test cells."""
    rows = [
        (network_title(name), f"{test['accuracy']:.3f}", f"{test['macro']['f1']:.3f}", str(test["n"]))
        for name, test in ((name, facts["test"]) for name, facts in study.record.networks.items())
    ]
    return wide_table(("network", "accuracy", "macro F1", "test cells"), rows, "Test of each network")


def provenance_of_study(study: Study | None, command: str = COMMAND) -> Provenance:
    """Data, run, seed, commit, code, hardware and time of a study; for None, how it is made (by `command`)."""
    if study is None:
        return Provenance((("Runs", f"none here; {command.splitlines()[-1]} makes them"),))
    record = study.record
    kept = "trained" in record.config
    typed = f".venv/bin/cgrecnet explain {'--kept ' if kept else ''}book/experiments/{record.experiment}.yaml"
    trained = ", ".join(facts["run_id"] for facts in record.networks.values()) if kept else ""
    data = "; ".join(
        f"{one['name']} ({'simulated' if one['simulated'] else 'real'} cells)"
        + (f", confounding {one['options']['confounding']:g}" if one["simulated"] else "")
        + f", {one['cells']:,} cells, sha256 {one['fingerprint'][:SHOWN]}"
        for one in record.data
    )
    head, plus, _ = record.commit.partition("+")
    weights = record.weights.get("source")
    code = "the same as now" if study.is_current() else f"has changed since; {typed} brings the numbers up to date"
    return Provenance(
        (
            ("Data", data),
            ("Runs", record.run_id),
            ("Networks", f"{len(record.networks)}, {record.config['image_size']} px, {record.config['epochs']} epochs, "
                         f"weights at the start: {weights or 'random'}" + (f"; trained by {trained}" if kept else "")),
            ("Seeds", f"{record.config['seed']} ({'of the study' if kept else 'one seed each'})"),
            ("Commit", head[:SHOWN] + (" with uncommitted changes" if plus else "")),
            ("Code", code),
            ("Hardware", hardware_text(record.hardware)),
            ("Time", f"{record.wall_seconds / 60:.0f} min"),
        ),
        runs=(record.run_id,),
        sets=tuple(dict.fromkeys(one["name"] for one in record.data)),
    )  # fmt: skip


def title_of(kind: str) -> str:
    """`gradcam@stage3` as a figure names it; controls too."""
    from cgrecnet.explain.methods import TITLES
    from cgrecnet.explain.sanity import WITHOUT_NETWORK

    for prefix, words in (("moved ", ", moved at random"), ("swapped ", " of another cell")):
        if kind.startswith(prefix):
            return title_of(kind.removeprefix(prefix)) + words
    method, _, place = kind.partition("@")
    name = TITLES.get(method) or WITHOUT_NETWORK.get(method, method)
    return f"{name}, {PLACES.get(place, place)}" if place else name


def network_title(network: str) -> str:
    """`shortcut resnet50` in words."""
    training, _, model = network.partition(" ")
    return f"{MODELS.get(model, model)}, {TRAININGS[training]}"


#: Fewer numbers than this get no interval: Student's t from three cells says nothing that a reader could use.
LEAST = 5


def interval(found: Mapping | None, digits: int = 2, percent: bool = False) -> str:
    """A summary as text: mean (95 % interval); the mean alone for fewer than `LEAST`, `none` where nothing was one."""
    if not found or found["mean"] is None:
        return "none"
    factor, unit = (100, " %") if percent else (1, "")
    mean = _number(factor * found["mean"], digits) + unit
    if found["low"] is None or found["n"] < LEAST:
        return mean
    return f"{mean} ({_number(factor * found['low'], digits)} to {_number(factor * found['high'], digits)})"


def _number(value: float, digits: int) -> str:
    """A number with a true minus sign, and none before zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")
