"""Parts of the book and the sweeps behind them."""

import pytest

from cgrecnet.errors import ConfigError, RunError
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep
from cgrecnet.runs.query import SWEEPS, command, experiment, refuse_mixture, select_runs

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
