"""A study of explanations as a page shows it: its numbers, the cells that it kept, its tables, where it comes from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from cgrecnet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from cgrecnet.evaluation.counts import wilson
from cgrecnet.explain.cam_methods import TITLES
from cgrecnet.explain.sanity import WITHOUT_NETWORK
from cgrecnet.explain.scores import difference
from cgrecnet.figures.cells import draw_absent
from cgrecnet.figures.provenance import Provenance, commit_text, data_text, hardware_text
from cgrecnet.figures.tables import wide_table
from cgrecnet.paths import RESULTS
from cgrecnet.runs.explain_record import EXPLAIN, PROTOCOLS, ExplainConfig, ExplainRecord, find_explain

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


def all_studies(results: Path = RESULTS) -> list[Study]:
    """The newest study of each experiment."""
    names = sorted({path.parent.parent.name for path in Path(results).glob(f"*/*/{EXPLAIN}")})
    return [study for name in names if (study := load_study(name, results))]


def draw_where_run(draw: Callable[[Study], object], study: Study | None) -> None:
    """`draw(study)`; where the study was not run, the page says so in place of the picture."""
    if study is None:
        draw_absent("The study was not run here.")
    else:
        draw(study)


def accuracy_table(study: Study) -> str:
    """HTML of a table: how well each network does on its test cells; floor: always naming the largest class."""
    rows = []
    for name, test in ((name, facts["test"]) for name, facts in study.record.networks.items()):
        floor = max(one["support"] for one in test["per_class"]) / test["n"]
        accuracy = f"{test['accuracy']:.3f} (floor {floor:.3f})"
        others = f"{test['balanced_accuracy']:.3f}", f"{test['macro']['f1']:.3f}", str(test["n"])
        rows.append((network_title(name), accuracy, *others))
    headers = ("network", "accuracy", "balanced accuracy", "macro F1", "test cells")
    return wide_table(headers, rows, "Test of each network")


def provenance_of_study(study: Study | None, command: str = COMMAND) -> Provenance:
    """Data, run, seed, commit, code, hardware and time of a study; for None, how it is made (by `command`)."""
    if study is None:
        return Provenance((("Runs", f"none here; {command.splitlines()[-1]} makes them"),))
    record = study.record
    kept = "trained" in record.config
    typed = f".venv/bin/cgrecnet explain {'--kept ' if kept else ''}book/experiments/{record.experiment}.yaml"
    trained = ", ".join(facts["run_id"] for facts in record.networks.values()) if kept else ""
    weights = record.weights.get("source")
    code = "the same as now" if study.is_current() else f"has changed since; {typed} brings the numbers up to date"
    return Provenance(
        (
            ("Data", "; ".join(map(_cells, record.data))),
            ("Runs", record.run_id),
            ("Networks", f"{len(record.networks)}, {record.config['image_size']} px, {record.config['epochs']} epochs, "
                         f"weights at the start: {weights or 'random'}" + (f"; trained by {trained}" if kept else "")),
            ("Seeds", f"{record.config['seed']} ({'of the study' if kept else 'one seed each'})"),
            ("Commit", commit_text(record.commit)),
            ("Code", code),
            ("Hardware", hardware_text(record.hardware)),
            ("Time", f"{record.wall_seconds / 60:.0f} min"),
        ),
        runs=(record.run_id,),
        sets=tuple(dict.fromkeys(one["name"] for one in record.data)),
    )  # fmt: skip


def _cells(data: Mapping) -> str:
    level = data["options"].get("confounding")
    return data_text(data) + ("" if level is None else f", confounding {level:g}")


def title_of(kind: str) -> str:
    """`gradcam@stage3` as a figure names it; controls too."""
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


def score_table(study: Study, rows: Sequence[tuple[str, str]], scores: Sequence[str]) -> str:
    """HTML of a table: one line per map, one column per score with its interval, and n of the first score."""
    found, lines = study.record.results["scores"], []
    for network, kind in rows:
        here = found[network][kind]
        cells = [
            _share(study.score(network, kind, score)) if score.startswith("pointing") else interval(here.get(score))
            for score in scores
        ]
        count = here[scores[0]]
        title = "none" if network == "no network" else network_title(network)
        empty = f" ({count['empty']} empty)" if count["empty"] else ""
        lines.append([title, title_of(kind), *cells, f"{count['n']}{empty}"])
    headers = ["network", "map", *scores, "n"]
    return wide_table(headers, lines, "Scores of maps, each with its interval")


def _share(hits: np.ndarray) -> str:
    """A share of cells with Wilson's interval, which stays between 0 and 1."""
    kept = hits[np.isfinite(hits)]
    if not len(kept):
        return "none"
    low, high = wilson(round(float(kept.sum())), len(kept))
    return f"{kept.mean():.2f} ({low:.2f} to {high:.2f})"


def minus(
    study: Study, one: tuple[str, str], other: tuple[str, str], what: str = "energy cell"
) -> dict[str, float | int | None] | None:
    """A score of one map minus that of another, paired by cell (see `explain.scores.difference`); None without one.

    one, other: network and kind of map.
    """
    mine, theirs = (study.score(*map_, what) for map_ in (one, other))
    n = min(len(mine), len(theirs))
    return difference(mine[:n], theirs[:n]) if n else None


#: What a study calls a network as it was trained for its task, and that network before its first step.
#: Its `untrained` networks have other weights than any network started from, so they do not speak of a start.
TRAINED, START = "honest", "start"
PATHS = ("network", "looked at in", "after training", "before training", "change against an even map")
STATES = {True: "dead", False: "alive", None: "not looked at"}


def path_rows(studies: Sequence[Study]) -> list[tuple[str, ...]]:
    """Rows under `PATHS`: each trained network with a fusion that a study looked into, and the spatial path there.

    The last column, for a path that is alive: how many times as much as an even map it changes the fusion's sum.
    """
    rows = []
    for study in studies:
        modules = study.record.results.get("modules", {})
        for name, inside in modules.items():
            training, _, model = name.partition(" ")
            if training == TRAINED and "dead" in inside:
                before = modules.get(f"{START} {model}", {}).get("dead")
                change = {} if inside["dead"] else inside.get("change", {})
                # an even map changes one part in the positions
                times = f"{change['mean'] * inside['positions']:.4f} times" if change else ""
                states = STATES[inside["dead"]], STATES[before]
                rows.append((MODELS.get(model, model), _place(study, model), *states, times))
    return rows


def _place(study: Study, model: str) -> str:
    """`explain-x-s1 (cytometer, simulated cells, seed 1)`."""
    record = study.record
    data = record.data[0]
    # A study of kept networks has a seed of its own; what it looked into is named by the run that trained it.
    kept = record.networks.get(f"{TRAINED} {model}", {}).get("run_id")
    origin = f"as trained by {kept}" if kept else f"seed {record.config['seed']}"
    return f"{record.run_id} ({data['name']}, {'simulated' if data['simulated'] else 'real'} cells, {origin})"
