"""Who misses which cells, and what these have in common: groups, samples, contrasts and drawings on made-up cells."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from cgrecnet.data.base import CellDataset
from cgrecnet.figures.failure_drawings import draw_contrasts, draw_shared, draw_stages
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


def title(panel) -> str:
    """The title, wherever the style puts it."""
    return panel.get_title() or panel.get_title(loc="left")


def pooled(guesses: dict[str, list[int]], labels: list[int], ids: list[str], top=0.95) -> Pooled:
    rest = (1 - top) / 2
    found = {m: np.eye(3)[np.array(named)] * (top - rest) + rest for m, named in guesses.items()}
    return Pooled(CLASSES, np.array(ids), np.array(labels), np.zeros(len(ids), int), found, (), ())


IDS = [
    "e1-G1-CP0001-r00-c00", "e2-G1-CP0001-r00-c01", "e1-S-CP0001-r00-c00", "e1-G2-CP0003-r00-c00",
    "e1-Prophase-CP0001-r01-c00", "e1-Anaphase-CP0001-r01-c00",
]  # fmt: skip
LABELS = [0, 0, 1, 1, 2, 2]
GUESSES = {"resnet50": [1, 0, 0, 1, 0, 2], "rescmnet": [1, 0, 1, 0, 1, 2], "cg_recnet": [1, 0, 1, 0, 1, 2]}


def test_every_cell_is_put_where_it_belongs():
    frame = failure_frame(pooled(GUESSES, LABELS, IDS))
    assert frame["missed"].tolist() == [3, 0, 1, 2, 3, 0]
    one_right = ["only CG-RecNet right", "only the baseline right"]
    assert frame["group"].tolist() == ["all wrong, sure", "all right", *one_right, "all wrong, sure", "all right"]
    assert frame["stage"].tolist() == ["G1", "G1", "S", "G2", "Prophase", "Anaphase"]
    assert frame["stratum"].tolist() == ["G1", "G1, exp. 2", "S", "G2", "Prophase", "Anaphase"]
    assert frame["class_name"].tolist() == ["G1", "G1", "S+G2", "S+G2", "M", "M"]
    assert frame["named"].tolist() == ["S+G2", "G1", "S+G2", "G1", "S+G2", "M"]
    unsure = failure_frame(pooled(GUESSES, LABELS, IDS, top=0.8))
    assert unsure["group"].tolist()[0] == "all wrong, unsure" and unsure["top"].tolist() == pytest.approx([0.8] * 6)


def test_what_is_between_has_its_groups_too():
    guesses = {"resnet50": [0, 1], "rescmnet": [1, 0], "cg_recnet": [0, 1]}
    frame = failure_frame(pooled(guesses, [0, 0], IDS[:2]))
    assert frame["group"].tolist() == ["both right", "both wrong"]


def test_other_cells_are_refused():
    with pytest.raises(ValueError, match="'n_1d1-7' is not the id of a Jurkat cell"):
        failure_frame(pooled({"resnet50": [0], "cg_recnet": [0]}, [0], ["n_1d1-7"]))


def test_strata_stand_in_the_order_of_the_cycle():
    assert in_order(["Prophase", "G2", "G1, exp. 2", "S", "G1", "G2"]) == [
        "G1", "G1, exp. 2", "S", "G2", "Prophase",
    ]  # fmt: skip


def stages(missed_g1=40, right_g1=90, missed_s=5, right_s=90) -> pd.DataFrame:
    """Cells of two strata, missed by all four networks or by none, and some missed by one."""
    rows = []
    for stratum, missed, right in (("G1", missed_g1, right_g1), ("S", missed_s, right_s)):
        rows += [(stratum, 4)] * missed + [(stratum, 0)] * right + [(stratum, 1)] * 30
    frame = pd.DataFrame(rows, columns=["stratum", "missed"])
    frame["cell_id"] = [f"cell-{i}" for i in frame.index]
    return frame.assign(class_name=frame["stratum"].replace("S", "S+G2"), experiment=1, named="M")


def test_a_sample_holds_as_many_as_asked_of_strata_that_are_large_enough():
    frame = stages()
    chosen = sample(frame, 4, most=50)
    assert chosen.groupby(["stratum", "failed"]).size().to_dict() == {("G1", False): 50, ("G1", True): 40}
    assert (frame.loc[chosen.index, "missed"].eq(4) == chosen["failed"]).all()
    assert sample(frame, 4, most=50).equals(chosen)
    assert set(sample(stages(missed_s=LEAST), 4)["stratum"]) == {"G1", "S"}
    assert len(sample(stages(missed_g1=LEAST - 1), 4)) == 0


def test_a_planted_trait_is_found_and_the_others_are_not():
    """Missed cells are made larger and nothing else about them differs."""
    rng = np.random.default_rng(0)
    chosen = sample(stages(missed_g1=60), 4, most=60)
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
    figure = draw_contrasts(list(found.values()), 0.05)
    drawn = [panel for panel in figure.axes if panel.axison]
    assert len(drawn) == len(COMPARED) and title(drawn[0]) == "diameter"
    fills = [panel.get_lines()[0].get_markerfacecolor() for panel in drawn]
    assert fills[0] != "white" and fills[COMPARED.index("background")] == "white"
    plt.close("all")
    with pytest.raises(KeyError):
        measured(chosen.assign(cell_id="other"), cells)


def test_without_cells_to_compare_there_is_no_contrast():
    assert contrasts(sample(stages(missed_g1=1), 4)) == []


def test_the_stain_of_missed_cells_is_held_against_both_medians():
    frame = pd.DataFrame(
        [(f"g{i}", "G1", 0, "G1", 1, 10.0) for i in range(10)]
        + [(f"s{i}", "S", 0, "S+G2", 1, 20.0) for i in range(10)]
        + [("a", "G1", 4, "S+G2", 1, 19.0), ("b", "G1", 4, "S+G2", 1, 11.0), ("c", "G1", 4, "M", 1, 19.0)]
        + [("d", "G1", 4, "S+G2", 2, 19.0), ("e", "S", 1, "G1", 1, 10.0), ("f", "Prophase", 4, "G1", 1, 10.0)]
        + [("g", "S", 4, "G1", 1, 14.0), ("h", "G2", 4, "G1", 1, 10.0)],
        columns=["cell_id", "stage", "missed", "named", "experiment", "stain"],
    )
    made = nearer_to_neighbour(frame, frame.set_index("cell_id")["stain"], 4)
    assert [tuple(row) for row in made.itertuples(index=False)] == [
        ("G1", True, 2, 1), ("G1", False, 10, 0), ("S", True, 1, 1), ("S", False, 10, 0),
    ]  # fmt: skip
    none = nearer_to_neighbour(frame[frame["missed"] < 4], frame.set_index("cell_id")["stain"], 4)
    assert none["cells"].tolist() == [0, 10, 0, 10]


def test_drawings_show_what_was_counted():
    many = pooled({m: g * 4 for m, g in GUESSES.items()}, LABELS * 4, IDS * 4)
    shared = draw_shared(many)
    assert [text.get_text() for text in shared.axes[0].texts][:4] == ["4", "0", "0", "4"]
    assert [title(panel) for panel in shared.axes] == [*CLASSES]
    staged = draw_stages(failure_frame(many), 3)
    (axes,) = staged.axes
    assert [t.get_text() for t in axes.get_yticklabels()][:2] == ["G1 (G1), n = 4", "G1, exp. 2 (G1), n = 4"]
    assert sorted(line.get_xdata()[0] for line in axes.get_lines() if line.get_marker() == "o") == [
        0,
        0,
        0,
        0,
        100,
        100,
    ]
    plt.close("all")


