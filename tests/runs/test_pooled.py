"""Folds put together: every cell once, the same cells for every model, and a word where that is not so."""

import numpy as np
import pytest
from made_up_runs import CLASSES, bare_record

from cgrecnet.errors import RunError
from cgrecnet.runs.pooled import pool, with_folds_of


def run(folder, model, fold, ids, labels, predicted, seed=42, data="f" * 64):
    """Write a run whose predictions are certain; return its record."""
    config = {"model": model, "fold": fold, "seed": seed}
    described = {"fingerprint": data, "classes": list(CLASSES)}
    cells = ids, labels, np.eye(3)[predicted]
    return bare_record(folder, f"e-{model}{fold}-s{seed}", cells, config=config, data=described)


@pytest.fixture
def records(tmp_path):
    return [
        run(tmp_path, "resnet50", 0, ["u", "v"], [0, 1], [0, 2]),
        run(tmp_path, "resnet50", 1, ["w"], [2], [2]),
        run(tmp_path, "cg_recnet", 0, ["u", "v"], [0, 1], [1, 1]),
        run(tmp_path, "cg_recnet", 1, ["w"], [2], [2]),
    ]


def test_every_cell_is_there_once_for_every_model(records, tmp_path):
    pooled = pool(records, results=tmp_path)
    assert pooled.models == ("resnet50", "cg_recnet") and pooled.classes == CLASSES
    assert pooled.cell_ids.tolist() == ["u", "v", "w"] and pooled.labels.tolist() == [0, 1, 2]
    assert pooled.folds.tolist() == [0, 0, 1] and pooled.folds_in == (0, 1) and pooled.left_out == ()
    assert pooled.predicted("cg_recnet").tolist() == [1, 1, 2]
    assert pooled.right("resnet50").tolist() == [True, False, True]
    assert pooled.confusion("resnet50").tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 1]]
    assert len(pooled) == 3 and pooled.records == tuple(records)


def test_a_fold_that_a_model_lacks_is_left_out_and_named(records, tmp_path):
    pooled = pool(records[:3], results=tmp_path)
    assert pooled.cell_ids.tolist() == ["u", "v"] and pooled.left_out == (1,)
    assert len(pooled.records) == 2
    assert pool(records[1:3], results=tmp_path) is None
    assert pool(records, models=["vgg16"], results=tmp_path) is None


def test_of_several_seeds_the_smallest_is_taken(records, tmp_path):
    other = run(tmp_path, "cg_recnet", 1, ["w"], [2], [0], seed=7)
    assert pool([*records, other], results=tmp_path).predicted("cg_recnet").tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": ["x"]}, "not tested on the same cells"),
        ({"labels": [0]}, "not tested on the same cells"),
        ({"data": "0" * 64}, "different data"),
    ],
)
def test_what_does_not_belong_together_is_refused(records, tmp_path, change, message):
    given = {"ids": ["w"], "labels": [2], "predicted": [2]} | change
    with pytest.raises(RunError, match=message):
        pool([*records[:3], run(tmp_path, "cg_recnet", 1, **given)], results=tmp_path)


def test_a_cell_in_two_folds_is_refused(records, tmp_path):
    again = [run(tmp_path, model, 1, ["u"], [0], [0]) for model in ("resnet50", "cg_recnet")]
    with pytest.raises(RunError, match="tested in two folds"):
        pool([records[0], records[2], *again], results=tmp_path)


def test_a_model_that_lacks_a_fold_of_the_others_is_left_out(records):
    assert with_folds_of(records, "resnet50") == ["resnet50", "cg_recnet"]
    assert with_folds_of(records[:3], "resnet50") == ["resnet50"]
    assert with_folds_of(records[:3], "resnet50", "cg_recnet") == ["resnet50", "cg_recnet"]  # fold 0 is what both have
