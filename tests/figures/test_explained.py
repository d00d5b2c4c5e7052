"""What a page shows of a study of explanations: its numbers come back, its figures draw them, its words follow them."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from made_up_study import made_up

from cgrecnet.figures.explained import (
    accuracy_table,
    draw_where_run,
    interval,
    load_study,
    network_title,
    provenance_of_study,
    title_of,
)
from cgrecnet.figures.grad_cam import draw_cells, draw_steps, four_sorts, stretched
from cgrecnet.figures.inside_modules import module_rows
from cgrecnet.figures.map_checks import better_than_random, cascade_rows, draw_agreement, draw_cascade, draw_curves
from cgrecnet.figures.map_scores import (
    beats,
    draw_energies,
    draw_shortcut,
    placement_rows,
    rows_of,
    score_table,
    told_apart,
)

SUBJECT = "honest cg_recnet"


@pytest.fixture(scope="module")
def study():
    return made_up()


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_masks_and_scores_come_back(study):
    assert study.mask().shape == (4, 32, 32) and study.mask()[0].sum() == 256 and study.mask()[0, 8, 8]
    assert study.map(SUBJECT, "gradcam@last").shape == (4, 6, 6) and study.map(SUBJECT, "other") is None
    assert study.right(SUBJECT).tolist() == [True, True, True, False, True, False]
    assert len(study.score(SUBJECT, "gradcam@last", "energy cell")) == 6 and not len(study.score("x", "y", "z"))


def test_a_study_that_is_missing_or_of_an_older_protocol_says_so(study, tmp_path):
    assert load_study("explain-simulated", tmp_path) is None
    assert "cgrecnet explain" in str(provenance_of_study(None))
    older = replace(study, record=study.record.model_copy(update={"protocols": {"training": 1, "explanation": 1}}))
    assert "the same as now" in str(provenance_of_study(study))
    said = str(provenance_of_study(older))
    assert "explain-x-s1" in said and "has changed since" in said and "with uncommitted changes" in said
    assert provenance_of_study(study).sets == ("cytometer",)


def test_where_a_study_is_missing_there_is_no_picture(study, capsys):
    draw_where_run(draw_cascade, None)
    assert not plt.get_fignums() and "HTML" in capsys.readouterr().out
    draw_where_run(draw_cascade, study)
    assert plt.get_fignums()


def test_the_table_of_accuracies_has_a_row_for_each_network(study):
    test = {"accuracy": 0.5, "macro": {"f1": 0.25}, "n": 6}
    told = replace(study, record=study.record.model_copy(update={"networks": {SUBJECT: {"test": test}}}))
    assert all(text in accuracy_table(told) for text in ("CG-RecNet, trained", "0.500", "0.250", ">6<"))


def test_names_are_words():
    assert title_of("gradcam@stage3") == "Grad-CAM, stage 3" and title_of("sobel") == "edges (Sobel)"
    assert title_of("swapped gradcam@last") == "Grad-CAM, last stage of another cell"
    assert network_title("shortcut resnet50") == "Baseline, trained on the shortcut"
    assert interval({"mean": 0.5, "low": 0.4, "high": 0.6, "n": 9}) == "0.50 (0.40 to 0.60)"
    assert interval({"mean": 0.5, "low": -0.4, "high": 1.4, "n": 3}) == "0.50", "three numbers make no interval"
    assert interval({"mean": 0.5, "low": None, "high": None, "n": 1}, percent=True) == "50.00 %"
    assert interval({"mean": None}) == interval(None) == "none"


def test_cells_are_sorted_by_answer_and_probability_alone(study):
    assert four_sorts(study, SUBJECT, each=1) == {"right, sure": [2], "right, unsure": [0], "wrong, sure": [3]}
    assert four_sorts(study, SUBJECT)["right, sure"] == [2, 1]


def test_the_gallery_has_a_column_for_each_cell_and_a_row_for_each_map(study):
    cells = four_sorts(study, SUBJECT)
    figure = draw_cells(study, SUBJECT, "honest resnet50", ("gradcam@last", "gradcam@stage3"), cells)
    assert len(figure.axes) == 4 * sum(map(len, cells.values()))
    assert any("stage 3" in axes.get_ylabel() for axes in figure.axes)


def test_the_steps_show_the_raw_values():
    figure = draw_steps(np.zeros((12, 12)), np.array([[-1.0, 0.25], [2.0, 0.0]]))
    assert [text.get_text() for text in figure.axes[1].texts][:4] == ["-1", "0.25", "2", "0"]
    assert stretched(np.array([1.0, 3.0])).tolist() == [0, 1] and stretched(np.ones(3)).tolist() == [0, 0, 0]


def test_the_overview_has_a_line_for_each_map(study):
    rows = rows_of(study, SUBJECT)
    assert rows[0] == (SUBJECT, "gradcam@last") and ("shuffled resnet50", "gradcam@last") in rows
    axes = draw_energies(study, SUBJECT).axes[0]
    assert len(axes.get_yticks()) == len(rows)
    points = [line for line in axes.lines if line.get_marker() == "o"]
    found = study.record.results["scores"][SUBJECT]["gradcam@last"]["energy cell"]["mean"]
    assert points[0].get_xdata()[0] == pytest.approx(found)


def test_a_map_on_the_cell_beats_a_uniform_one_and_a_random_one_does_not():
    against = [("no network", "uniform"), ("nobody", "uniform")]
    (_, _, good), = beats(made_up(on_cell=1.0), SUBJECT, "gradcam@last", against)
    assert good["low"] > 0 and good["n"] == 6
    (_, _, none), = beats(made_up(on_cell=0.0), SUBJECT, "gradcam@last", against)
    assert abs(none["mean"]) < 0.1


def test_maps_put_where_they_look_are_scored_beside_those_drawn(study):
    (row,) = placement_rows(study, [SUBJECT], ["gradcam@stage3", "other@stage3"])
    drawn, put = (float(text.split()[0]) for text in row[2:4])
    shown = np.nanmean(study.score(SUBJECT, "gradcam@stage3", "energy cell")[:4])
    assert row[-1] == "4", "the record keeps the maps of four cells"
    assert drawn == pytest.approx(shown, abs=0.01) and put != drawn
    stored = {f"score/{SUBJECT}/gradcam@stage3/energy cell aligned": np.full(6, 0.25)}
    (row,) = placement_rows(replace(study, arrays={**study.arrays, **stored}), [SUBJECT], ["gradcam@stage3"])
    assert row[3].startswith("0.25") and row[-1] == "6", "a record that has the scores has them of all cells"


def test_the_shortcut_is_told_apart_where_its_heat_leaves_the_cell():
    names = ("honest resnet50", "shortcut resnet50")
    seen = told_apart(made_up(1.0, 0.0), *names, "gradcam@last", "energy cell")
    assert seen == {"area": 1.0, "n": (6, 6)}
    unseen = told_apart(made_up(1.0, 1.0), *names, "gradcam@last", "energy cell")
    assert unseen["area"] < 1.0
    assert told_apart(made_up(), *names, "gradcam@last", "energy debris") is None


def test_tables_give_n_and_intervals(study):
    rows = [(SUBJECT, "gradcam@last"), ("no network", "uniform")]
    text = score_table(study, rows, ("energy cell", "energy debris", "pointing cell"))
    mine, uniform = [line for line in text.splitlines() if line.startswith("<tr><td")]
    assert mine.count("<td") == uniform.count("<td") == text.count("<th") - 1 == 6
    assert "0.25 (0.25 to 0.25)" in uniform and "none" in uniform and ">6</span></td></tr>" in uniform
    assert "1.00 (0.61 to 1.00)" in mine, "Wilson's interval of six hits in six stays below 1"
    module = module_rows(study)
    assert "6.25 %" in module and "spatial path dead" in module and "CG-RecNet, trained" in module


def test_the_other_figures_draw_what_the_record_says(study):
    left, right = draw_cascade(study).axes
    assert left.lines[0].get_ydata().tolist() == pytest.approx([0.5, 0.5])
    assert right.get_ylim() == (0, 1)
    assert left.lines[1].get_markerfacecolor() == "white", "a mean of three cells is hollow"
    deletion, insertion = draw_curves(study, "cg_recnet").axes
    assert deletion.lines[0].get_ydata().tolist() == [0.9, 0.5, 0.3] and len(insertion.lines) == 3
    numbers = [text.get_text() for text in draw_agreement(study, SUBJECT).axes[0].texts]
    assert numbers == ["0.50", "0.50"]
    cell, border = draw_shortcut(study, "honest resnet50", "shortcut resnet50", ("gradcam@last",)).axes
    assert cell.lines[0].get_xdata().mean() > cell.lines[0].get_ydata().mean()
    assert border.lines[0].get_xdata().mean() < border.lines[0].get_ydata().mean()


def test_orders_are_judged_against_a_random_one_cell_by_cell():
    made = made_up()
    base = np.linspace(0.3, 0.6, 6)
    curves = {"gradcam@last": (base + 0.1, base + 0.2), "uniform": (base, base), "mask": (base - 0.1, base)}
    for kind, (deletion, insertion) in curves.items():
        made.arrays[f"curve/{SUBJECT}/{kind}/deletion"] = deletion + np.arange(6) * 1e-3
        made.arrays[f"curve/{SUBJECT}/{kind}/insertion"] = insertion
    found = better_than_random(made, SUBJECT)
    assert found["deletion"] == ["the cell's mask"] and found["deletion lost"] == ["Grad-CAM, last stage"]
    assert found["insertion"] == ["Grad-CAM, last stage"] and found["insertion lost"] == []


def test_the_cascades_table_says_how_many_maps_were_left(study):
    text = cascade_rows(study)
    assert "| classes | stage 4 |" in text and "0.50, n = 3 of 3" in text
