"""Who misses which cells, and what these have in common: groups, samples and contrasts on made-up cells."""

import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.failures import (
    COMPARED,
    LEAST,
    contrasts,
    failure_frame,
    in_order,
    measured,
    nearer_to_neighbour,
    sample,
)
from cgrecnet.runs.pooled import Pooled

CLASSES = ("G1", "S+G2", "M")


def pooled(guesses: dict[str, list[int]], labels: list[int], ids: list[str], top=0.95) -> Pooled:
    rest = (1 - top) / 2
    found = {m: np.eye(3)[np.array(named)] * (top - rest) + rest for m, named in guesses.items()}
    return Pooled(CLASSES, np.array(ids), np.array(labels), np.zeros(len(ids), int), found, (), ())


IDS = [
    "e1-G1-CP0001-r00-c00", "e2-G1-CP0001-r00-c01", "e1-S-CP0001-r00-c00", "e1-G2-CP0003-r00-c00",
    "e1-Prophase-CP0001-r01-c00", "e1-Anaphase-CP0001-r01-c00",
]  # fmt: skip
LABELS = [0, 0, 1, 1, 2, 2]
GUESSES = {"resnet50": [1, 0, 0, 1, 0, 2], "cg_recnet": [1, 0, 1, 0, 1, 2]}


def test_every_cell_is_put_where_it_belongs():
    frame = failure_frame(pooled(GUESSES, LABELS, IDS))
    assert frame["missed"].tolist() == [2, 0, 1, 1, 2, 0]
    one_right = ["only CG-RecNet right", "only the baseline right"]
    sure = "both wrong, CG-RecNet sure"
    assert frame["group"].tolist() == [sure, "both right", *one_right, sure, "both right"]
    assert frame["stage"].tolist() == ["G1", "G1", "S", "G2", "Prophase", "Anaphase"]
    assert frame["stratum"].tolist() == ["G1", "G1, exp. 2", "S", "G2", "Prophase", "Anaphase"]
    assert frame["class_name"].tolist() == ["G1", "G1", "S+G2", "S+G2", "M", "M"]
    assert frame["named"].tolist() == ["S+G2", "G1", "S+G2", "G1", "S+G2", "M"]
    unsure = failure_frame(pooled(GUESSES, LABELS, IDS, top=0.8))
    assert unsure["group"].tolist()[0] == "both wrong, CG-RecNet unsure"


def test_other_cells_are_refused():
    with pytest.raises(ValueError, match="'n_1d1-7' is not the id of a Jurkat cell"):
        failure_frame(pooled({"resnet50": [0], "cg_recnet": [0]}, [0], ["n_1d1-7"]))


def test_strata_stand_in_the_order_of_the_cycle():
    assert in_order(["Prophase", "G2", "G1, exp. 2", "S", "G1", "G2"]) == [
        "G1", "G1, exp. 2", "S", "G2", "Prophase",
    ]  # fmt: skip


def stages(missed_g1=40, right_g1=90, missed_s=5, right_s=90) -> pd.DataFrame:
    """Cells of two strata, missed by both networks or by neither, and some missed by one."""
    rows = []
    for stratum, missed, right in (("G1", missed_g1, right_g1), ("S", missed_s, right_s)):
        rows += [(stratum, 2)] * missed + [(stratum, 0)] * right + [(stratum, 1)] * 30
    frame = pd.DataFrame(rows, columns=["stratum", "missed"])
    frame["cell_id"] = [f"cell-{i}" for i in frame.index]
    return frame.assign(class_name=frame["stratum"].replace("S", "S+G2"), experiment=1, named="M")


def test_a_sample_holds_as_many_as_asked_of_strata_that_are_large_enough():
    frame = stages()
    chosen = sample(frame, most=50)
    assert chosen.groupby(["stratum", "failed"]).size().to_dict() == {("G1", False): 50, ("G1", True): 40}
    assert (frame.loc[chosen.index, "missed"].eq(2) == chosen["failed"]).all()
    assert sample(frame, most=50).equals(chosen)
    assert set(sample(stages(missed_s=LEAST))["stratum"]) == {"G1", "S"}
    assert len(sample(stages(missed_g1=LEAST - 1))) == 0


def test_a_planted_trait_is_found_and_the_others_are_not():
    """Missed cells are made larger and nothing else about them differs."""
    rng = np.random.default_rng(0)
    chosen = sample(stages(missed_g1=60), most=60)
    rows, columns = np.mgrid[:40, :40] - 19.5
    images = []
    for failed in chosen["failed"]:
        radius = rng.normal(12 if failed else 9, 1.5)
        disc = 90.0 * (np.hypot(rows, columns) < radius)
        images.append(np.round(677 + disc + rng.normal(0, 8, (40, 40))).astype(np.uint16))
    table = pd.DataFrame({"cell_id": chosen["cell_id"].to_numpy(), "class_name": "G1", "group": "g"})
    cells = CellDataset(
        "jurkat", False, "cycle", CLASSES, images, np.zeros(len(images), int), table, (300, 1200), "f" * 64, "Made up."
    )
    numbers = measured(chosen, cells)
    found = {one.trait: one for one in contrasts(numbers, resamples=200)}
    assert set(found) == set(COMPARED)
    assert found["diameter"].found.probability > 0.8 and found["diameter"].corrected < 1e-4
    assert found["background"].corrected > 0.05 and found["background"].found.interval95[0] < 0.55
    assert all(one.corrected >= one.found.p_value for one in found.values())
    with pytest.raises(KeyError):
        measured(chosen.assign(cell_id="other"), cells)


def test_without_cells_to_compare_there_is_no_contrast():
    assert contrasts(sample(stages(missed_g1=1))) == []


def test_the_stain_of_missed_cells_is_held_against_both_medians():
    frame = pd.DataFrame(
        [(f"g{i}", "G1", 0, "G1", 1, 10.0) for i in range(10)]
        + [(f"s{i}", "S", 0, "S+G2", 1, 20.0) for i in range(10)]
        + [("a", "G1", 2, "S+G2", 1, 19.0), ("b", "G1", 2, "S+G2", 1, 11.0), ("c", "G1", 2, "M", 1, 19.0)]
        + [("d", "G1", 2, "S+G2", 2, 19.0), ("e", "S", 1, "G1", 1, 10.0), ("f", "Prophase", 2, "G1", 1, 10.0)]
        + [("g", "S", 2, "G1", 1, 14.0), ("h", "G2", 2, "G1", 1, 10.0)],
        columns=["cell_id", "stage", "missed", "named", "experiment", "stain"],
    )
    made = nearer_to_neighbour(frame, frame.set_index("cell_id")["stain"])
    assert [tuple(row) for row in made.itertuples(index=False)] == [
        ("G1", True, 2, 1), ("G1", False, 10, 0), ("S", True, 1, 1), ("S", False, 10, 0),
    ]  # fmt: skip
    none = nearer_to_neighbour(frame[frame["missed"] < 2], frame.set_index("cell_id")["stain"])
    assert none["cells"].tolist() == [0, 10, 0, 10]
