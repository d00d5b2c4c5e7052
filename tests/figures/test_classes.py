"""Tables, claims and drawings of single classes: their numbers, and what they say where something is missing."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.metrics import f1_score, recall_score, roc_auc_score

from cgrecnet.evaluation.areas import areas
from cgrecnet.figures.class_claims import claim_rows
from cgrecnet.figures.class_drawings import draw_f1, draw_pooled_confusions, draw_roc
from cgrecnet.figures.classes import (
    area_table,
    clear,
    commonest_mistake,
    f1_table,
    gain_table,
    gains,
    paper_f1_table,
    recalls,
    signed,
    span,
)
from cgrecnet.paper.tables import load_tables
from cgrecnet.runs.pooled import Pooled

CLASSES = ("a", "b", "c")
TABLES = load_tables()


@pytest.fixture
def pooled(record) -> Pooled:
    """300 cells in two folds; CG-RecNet sees the class more clearly than the baseline."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [180, 80, 40])
    found = {}
    for model, strength in (("resnet50", 1.2), ("cg_recnet", 4.0)):
        raw = np.eye(3)[labels] * strength + rng.exponential(1.0, (300, 3))
        found[model] = raw / raw.sum(axis=1, keepdims=True)
    ids = np.array([f"cell-{i}" for i in range(300)])
    base = record.model_copy(update={"config": record.config | {"model": "resnet50"}})
    return Pooled(CLASSES, ids, labels, np.arange(300) % 2, found, (record, base), ())


def f1s(pooled, model):
    return f1_score(pooled.labels, pooled.predicted(model), average=None)


def test_intervals_and_differences_read_well():
    assert span((0.8123, 0.8491)) == "81.2 to 84.9" and span((-0.4, 0.02), 1, 1, sign=True) == "−0.4 to 0.0"
    assert signed(1.25, 2) == "+1.25" and signed(-0.04) == "0.0" and signed(-3) == "−3.0"
    assert clear({"x": (1, (0.1, 2)), "y": (1, (-0.1, 2)), "z": (-1, (-2, -0.5))}) == 2


def test_the_table_of_f1_has_scikit_learns_values_and_the_cells(pooled):
    html = f1_table(pooled, "F1")
    for model in pooled.models:
        for value in f1s(pooled, model):
            assert f">{100 * value:.1f}<br>(" in html
    assert ">180<" in html and ">CG-RecNet</th>" in html and ">Baseline</th>" in html


def test_the_paper_is_quoted_as_printed():
    html = paper_f1_table(TABLES["5"], "Table 5")
    for row in TABLES["5"].rows:
        for model in ("ViT", "Baseline", "CG-RecNet"):
            assert f">{TABLES['5'].cell(row, model).value}<" in html
    assert "improvement" not in html


def test_gains_are_first_less_second_on_the_same_cells(pooled):
    expected = 100 * (f1s(pooled, "cg_recnet") - f1s(pooled, "resnet50"))
    found = gains(pooled)
    assert [found[name, "resnet50"][0] for name in CLASSES] == pytest.approx(expected)
    assert len(found) == 3 and clear(found) >= 2 and expected.min() > 0
    html = gain_table(pooled, "gains")
    assert all(signed(value) in html for value in expected) and "minus Baseline" in html


def test_recalls_and_the_commonest_mistake(pooled):
    expected = recall_score(pooled.labels, pooled.predicted("resnet50"), average=None)
    for (hits, total, (low, high)), recall in zip(recalls(pooled, "resnet50"), expected, strict=True):
        assert hits / total == pytest.approx(recall) and low < recall < high
    counts = pooled.confusion("resnet50")
    true, guess, count, wrong = commonest_mistake(pooled, "resnet50")
    np.fill_diagonal(counts, 0)
    assert count == counts.max() == counts[CLASSES.index(true), CLASSES.index(guess)] and wrong == counts.sum()


def test_areas_stand_beside_the_mean_of_the_folds(pooled):
    by_model = {m: areas(pooled.labels, pooled.probabilities[m], 50) for m in pooled.models}
    html = area_table(pooled, by_model, "areas")
    for index in range(3):
        area = roc_auc_score(pooled.labels == index, pooled.probabilities["cg_recnet"][:, index])
        assert f">{area:.4f}<br>(" in html
    assert html.count(f">{pooled.records[0].test['macro']['auc']:.4f}<") == 2
    assert "macro, mean of the folds (n = 2 folds)" in html


def test_claims_name_both_sides_and_say_where_there_are_no_runs(pooled, record):
    by_model = {m: areas(pooled.labels, pooled.probabilities[m], 50) for m in pooled.models}
    rows = {row[0][:3]: row[1:] for row in claim_rows(pooled, by_model, TABLES["5"], TABLES["F7"])}
    assert list(rows) == ["C24", "C25", "C26", "C27", "C28", "C29"]
    gain = 100 * (f1s(pooled, "cg_recnet") - f1s(pooled, "resnet50"))[2]
    assert rows["C25"][0] == "+5.94 in Oligodendrocytes over Baseline"
    assert rows["C25"][1].startswith(f"{signed(gain, 2)} (") and "in c, the rarest class" in rows["C25"][1]
    assert "+2.55 in Oligodendrocytes over MobileNetV2" in rows["C26"][0]
    assert rows["C27"][0] == "Astrocytes 99 %\nOligodendrocytes 89 %\nNeurons 97 %"
    assert rows["C28"] == ["0.9979", rows["C28"][1]] and rows["C28"][1].startswith(
        f"{by_model['cg_recnet'].values[-1]:.4f}"
    )
    best = sum(by_model["cg_recnet"].values[:3] > by_model["resnet50"].values[:3])
    assert rows["C29"][1] == f"largest area in {best} of 3 classes, among 2 networks"
    empty = claim_rows(None, None, TABLES["5"], TABLES["F7"])
    assert [row[2] for row in empty] == ["no runs here"] * 6 and [row[1] for row in empty] == [
        r[0] for r in rows.values()
    ]


def test_drawings_show_every_model_and_class(pooled):
    f1 = draw_f1(pooled, TABLES["5"])
    ours, theirs = f1.axes
    assert [t.get_text() for t in ours.get_xticklabels()] == [*CLASSES]
    assert [t.get_text() for t in theirs.get_legend().get_texts()] == [*TABLES["5"].columns][1:-1]
    drawn = [line.get_ydata() for line in theirs.get_lines()]
    assert drawn[-1].tolist() == [98.34, 89.75, 96.99]
    low, high = ours.get_ylim()
    assert low <= 100 * min(f1s(pooled, "resnet50")) and high >= 98.34

    confusions = draw_pooled_confusions(pooled)
    texts = [text.get_text() for text in confusions.axes[1].texts]
    counts = pooled.confusion("cg_recnet")
    assert any(text.startswith(f"{counts[0, 0]:,}\n{counts[0, 0] / 180:.1%}\n(") for text in texts)

    by_model = {m: areas(pooled.labels, pooled.probabilities[m], 50) for m in pooled.models}
    roc = draw_roc(pooled, by_model, resamples=20)
    assert len(roc.axes) == 4 and all(len(a.get_lines()) == 3 for a in roc.axes[:3])
    assert [t.get_text() for t in roc.axes[3].get_xticklabels()] == [*CLASSES, "macro"]
    plt.close("all")
