"""What a page shows of a study of explanations: its numbers come back, its figures draw them, its words follow them."""

from dataclasses import replace

import matplotlib.pyplot as plt
import pytest
from made_up_study import made_up

from cgrecnet.figures.explained import (
    PATHS,
    accuracy_table,
    all_studies,
    draw_where_run,
    interval,
    load_study,
    minus,
    network_title,
    path_rows,
    provenance_of_study,
    score_table,
    title_of,
)
from cgrecnet.runs.explain_record import EXPLAIN, write_explain

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
    draw_where_run(lambda made: plt.figure(), None)
    assert not plt.get_fignums() and "HTML" in capsys.readouterr().out
    draw_where_run(lambda made: plt.figure(), study)
    assert plt.get_fignums()


def test_the_table_of_accuracies_has_a_row_for_each_network(study):
    test = {"accuracy": 0.5, "balanced_accuracy": 0.4, "macro": {"f1": 0.25}, "n": 6, "per_class": [{"support": 4}]}
    told = replace(study, record=study.record.model_copy(update={"networks": {SUBJECT: {"test": test}}}))
    shown = ("CG-RecNet, trained", "0.500 (floor 0.667)", "0.400", "0.250", ">6<")
    assert all(text in accuracy_table(told) for text in shown)


def test_names_are_words():
    assert title_of("gradcam@stage3") == "Grad-CAM, stage 3" and title_of("sobel") == "edges (Sobel)"
    assert title_of("swapped gradcam@last") == "Grad-CAM, last stage of another cell"
    assert network_title("shortcut resnet50") == "Baseline, trained on the shortcut"
    assert interval({"mean": 0.5, "low": 0.4, "high": 0.6, "n": 9}) == "0.50 (0.40 to 0.60)"
    assert interval({"mean": 0.5, "low": -0.4, "high": 1.4, "n": 3}) == "0.50", "three numbers make no interval"
    assert interval({"mean": 0.5, "low": None, "high": None, "n": 1}, percent=True) == "50.00 %"
    assert interval({"mean": None}) == interval(None) == "none"


def test_a_map_on_the_cell_beats_a_uniform_one_and_a_random_one_does_not():
    one, uniform = (SUBJECT, "gradcam@last"), ("no network", "uniform")
    good = minus(made_up(on_cell=1.0), one, uniform)
    assert good["low"] > 0 and good["n"] == 6
    assert abs(minus(made_up(on_cell=0.0), one, uniform)["mean"]) < 0.1
    assert minus(made_up(), one, ("nobody", "uniform")) is None


def test_tables_give_n_and_intervals(study):
    rows = [(SUBJECT, "gradcam@last"), ("no network", "uniform")]
    text = score_table(study, rows, ("energy cell", "energy debris", "pointing cell"))
    mine, uniform = [line for line in text.splitlines() if line.startswith("<tr><td")]
    assert mine.count("<td") == uniform.count("<td") == text.count("<th") - 1 == 6
    assert "0.25 (0.25 to 0.25)" in uniform and "none" in uniform and ">6</span></td></tr>" in uniform
    assert "1.00 (0.61 to 1.00)" in mine, "Wilson's interval of six hits in six stays below 1"


# --- What studies found of the spatial path of trained fusions, dead or alive, each with its record. ---


@pytest.fixture
def written(tmp_path):
    """Write a study with these networks (name -> dead or not), simulated or real; return the folder of results."""

    def write(dead, name="explain-x", simulated=True):
        fields = made_up().record.model_dump(exclude={"arrays_sha256"})
        inside = fields["results"]["modules"]["honest cg_recnet"]
        fields["results"]["modules"] = {network: inside | {"dead": is_dead} for network, is_dead in dead.items()}
        fields |= {"experiment": name, "run_id": f"{name}-s42"}
        fields["data"] = [one | {"name": "cytometer" if simulated else "jurkat", "simulated": simulated}
                          for one in fields["data"]]  # fmt: skip
        write_explain(tmp_path / name / fields["run_id"], fields, {})
        return tmp_path

    return write


@pytest.mark.parametrize(
    "dead, before",
    [
        ({"honest cg_recnet": True, "start cg_recnet": True}, "dead"),
        ({"honest cg_recnet": True, "start cg_recnet": False}, "alive"),
        ({"honest cg_recnet": True}, "not looked at"),
        ({"honest cg_recnet": True, "untrained cg_recnet": True}, "not looked at"),
        ({"honest cg_recnet": True, "start rescmnet": True}, "not looked at"),
    ],
)
def test_a_dead_path_is_told_with_its_start_and_its_record(written, dead, before):
    """`untrained` networks have other weights than the trained one began with, so they do not count as its start."""
    (row,) = path_rows(all_studies(written(dead)))
    assert len(row) == len(PATHS) and row[2:] == ("dead", before, "")
    assert row[0] == "CG-RecNet" and row[1] == "explain-x-s42 (cytometer, simulated cells, seed 42)"


def test_a_living_path_is_told_with_its_distance_from_an_even_map(written):
    studies = all_studies(written({"honest cg_recnet": False, "start cg_recnet": True}))
    inside = studies[0].record.results["modules"]["honest cg_recnet"]
    ((_, _, after, before, change),) = path_rows(studies)
    assert (after, before) == ("alive", "dead")
    assert change == f"{inside['change']['mean'] * inside['positions']:.4f} times"


def test_without_records_or_trained_networks_there_is_no_row(tmp_path, written):
    assert all_studies(tmp_path) == [] and path_rows([]) == []
    assert path_rows(all_studies(written({"untrained cg_recnet": True}))) == []


def test_each_study_names_its_own_cells(written):
    written({"honest cg_recnet": True}, "explain-real", simulated=False)
    studies = all_studies(written({"honest cg_recnet": True}))
    assert [row[1] for row in path_rows(studies)] == [
        "explain-real-s42 (jurkat, real cells, seed 42)",
        "explain-x-s42 (cytometer, simulated cells, seed 42)",
    ]


def test_a_kept_network_is_named_by_its_run_because_the_study_has_a_seed_of_its_own(written):
    (study,) = all_studies(written({"honest cg_recnet": True}))
    study.record.networks["honest cg_recnet"]["run_id"] = "jurkat-seeds-1-s999"
    ((_, place, *_),) = path_rows([study])
    assert "as trained by jurkat-seeds-1-s999" in place and "seed 42" not in place


def test_only_studies_with_their_own_record_count(written):
    results = written({"honest cg_recnet": True, "start cg_recnet": True})
    (results / "explain-x" / "explain-x-s42" / EXPLAIN).unlink()
    assert all_studies(results) == []
