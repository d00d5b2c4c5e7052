"""Parts of the book and the sweeps behind them."""

import shutil

import pytest

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import SWEEPS, command, experiment, needed, refuse_mixture, select_runs

RESULTS = REPOSITORY / "results"


def test_every_sweep_exists_is_named_after_its_experiment_and_is_of_its_data_set():
    for sets in SWEEPS.values():
        for data, names in sets.items():
            for name in names:
                configs = read_sweep(REPOSITORY / "sweeps" / f"{name}.yaml")
                assert {(config.experiment, config.data) for config in configs} == {(name, data)}


def test_what_has_not_been_run_is_none_and_what_is_unknown_is_refused(tmp_path):
    assert experiment("ablation", "zhu", tmp_path) is None
    assert command("comparison", "zhu").count("cgrecnet sweep") == 2
    with pytest.raises(ConfigError, match="No sweep is known"):
        experiment("ablation", "cytometer")


def test_records_are_found_by_their_parameters_and_a_mixture_is_refused():
    found = experiment("ablation", "jurkat")
    assert found is not None and found.planned == 20
    record = found.one(model="cg_recnet", fold=0)
    assert record.config["fold"] == 0 and record in found.of(model="cg_recnet")
    with pytest.raises(RunError, match="have model=vgg16, not one"):
        found.one(model="vgg16")
    simulated = record.model_copy(update={"data": record.data | {"simulated": True}})
    with pytest.raises(RunError, match="different data sets"):
        refuse_mixture([record, simulated])
    assert tuple(select_runs("jurkat-ablation", results=RESULTS)) == found.records
    assert select_runs("jurkat-ablation", results=RESULTS, model="cg_recnet", fold=0) == [record]


def test_runs_of_several_sweeps_stand_in_the_order_asked_for_and_a_sweep_without_runs_adds_none():
    names = "jurkat-presets", "nothing", "jurkat-ablation"
    found = select_runs(*names, results=RESULTS)
    assert list(dict.fromkeys(record.experiment for record in found)) == ["jurkat-presets", "jurkat-ablation"]
    assert select_runs("nothing", results=RESULTS) == []


def test_a_page_that_needs_runs_says_which_are_missing_and_what_makes_them(tmp_path):
    assert needed("ablation", "jurkat", ("resnet50", "cg_recnet")) == experiment("ablation", "jurkat")
    made_by = r"make them with \.venv/bin/cgrecnet sweep sweeps/jurkat-ablation\.yaml\.$"
    with pytest.raises(RunError, match="'ablation' on jurkat, and none of them has a record: " + made_by):
        needed("ablation", "jurkat", results=tmp_path)
    first = select_runs("jurkat-ablation", model="resnet50")[0]
    folder = tmp_path / "jurkat-ablation"
    shutil.copytree(RESULTS / "jurkat-ablation" / first.run_id, folder / first.run_id)
    assert len(needed("ablation", "jurkat", results=tmp_path).records) == 1
    with pytest.raises(RunError, match="no fold has a record of both resnet50 and cg_recnet: " + made_by):
        needed("ablation", "jurkat", ("resnet50", "cg_recnet"), results=tmp_path)
    with pytest.raises(RunError, match="only 1 of 20 have a record: " + made_by):
        needed("ablation", "jurkat", complete=True, results=tmp_path)
