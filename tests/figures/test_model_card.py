"""The model card says what the records say."""

import pytest
from fabricated_runs import fabricate

from cgrecnet.figures.model_card import SCORE_HEADERS, cost_rows, data_rows, identity_rows, score_rows
from cgrecnet.runs.pooled import pool
from cgrecnet.training.config import RunConfig


@pytest.fixture
def records(tmp_path):
    """One fold of a network that has 80 % of 200 cells right."""
    settings = {"experiment": "e", "model": "cg_recnet", "data": "jurkat", "split": "folds", "folds": 5, "fold": 2}
    config = RunConfig.from_mapping(settings, "a test")
    return [fabricate(tmp_path, config, 0.8)]


@pytest.fixture
def pooled(records, tmp_path):
    return pool(records, ["cg_recnet"], tmp_path)


def test_the_model_is_named_with_its_settings(records):
    said = dict(identity_rows(records))
    config = records[0].config
    assert said["networks"] == "1, one for each of the folds 2 of 5" and "CG-RecNet" in said["model"]
    assert f"{config['epochs']} epochs" in said["training"] and f"batch {config['batch_size']}" in said["training"]
    assert said["output"].endswith("G1, S+G2, M") and said["class weights"] == "no"


def test_real_cells_are_called_real(records):
    assert dict(data_rows(records))["data set"].startswith("jurkat, real cells")
    simulated = records[0].model_copy(update={"data": records[0].data | {"simulated": True}})
    assert "simulated cells" in dict(data_rows([simulated]))["data set"]


def test_scores_are_those_of_the_predictions(pooled, records):
    rows = score_rows(pooled)
    assert all(len(row) == len(SCORE_HEADERS) for row in rows) and [row[0] for row in rows] == ["G1", "S+G2", "M"]
    assert sum(int(row[1]) for row in rows) == 200
    for row, one in zip(rows, records[0].test["per_class"], strict=True):
        assert row[2] == f"{100 * one['precision']:.1f}"
        assert row[3].startswith(f"{100 * one['recall']:.1f} (") and row[4].startswith(f"{100 * one['f1']:.1f} (")
        low, _, high = row[4].split("(")[1].rstrip(")").partition(" to ")
        assert float(low) <= 100 * one["f1"] <= float(high)


def test_a_class_that_is_never_named_has_no_precision(pooled):
    pooled.probabilities["cg_recnet"][:] = [0.8, 0.1, 0.1]
    assert [row[2] for row in score_rows(pooled)][1:] == ["never named", "never named"]


def test_the_cost_is_that_of_all_runs(records):
    said = dict(cost_rows([records[0], records[0].model_copy(update={"wall_seconds": 180})]))
    assert said["time"] == "4 min in all; 1 to 3 min for each of n = 2 runs" and "Some CPU" in said["hardware"]
