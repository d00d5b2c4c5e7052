"""Claims decided by runs on the paper's own cells: made-up records in a folder of the test's own."""

import pytest
from made_up_runs import write_record

from cgrecnet.evaluation.verdicts import Verdict
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import run_outcomes, verdicts
from cgrecnet.judgement.paper_runs import MODEL_OF, paper_runs
from cgrecnet.judgement.runs import RULES
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep

WIGGLE = (-0.0004, -0.0002, 0.0, 0.0002, 0.0004)
#: Accuracy and class F1s as printed (ResGDNet's are lost; any number will do).
PRINTED = {
    "resnet50": (0.9458, (0.9740, 0.8381, 0.9553)),
    "rescmnet": (0.9632, (0.98, 0.89, 0.97)),
    "resgdnet": (0.9600, (0.98, 0.89, 0.97)),
    "cg_recnet": (0.9640, (0.9834, 0.8975, 0.9699)),
    "mobilenet_v2": (0.9607, (0.9815, 0.8720, 0.9655)),
    "densenet121": (0.9604, (0.9813, 0.8645, 0.9633)),
    "vgg16": (0.9582, (0.9782, 0.8512, 0.9610)),
    "vit_b_16": (0.9427, (0.9580, 0.8115, 0.9460)),
    "zhu_xception": (0.9230, (0.95, 0.8, 0.94)),
}


@pytest.fixture(scope="module")
def paper():
    return AuditedPaper.load()


@pytest.fixture
def write(tmp_path):
    """Write the runs of the paper's ablation sweep (and its comparison), with changes."""

    def write(sweeps=("ablation",), accuracy=None, config=None, folds=range(5), **changes):
        for name in sweeps:
            for planned in read_sweep(REPOSITORY / "sweeps" / f"{name}.yaml"):
                if planned.fold in folds:
                    mean, f1s = PRINTED[planned.model]
                    mean = (accuracy or {}).get(planned.model, mean)
                    shift = WIGGLE[planned.fold] if planned.model != "resnet50" else WIGGLE[-1 - planned.fold]
                    given = {"f1s": f1s, "recalls": (0.99, 0.89, 0.97), **changes}
                    write_record(tmp_path, planned.model_dump() | (config or {}), mean + shift, **given)
        return tmp_path

    return write


def test_no_runs_no_outcomes(paper, tmp_path):
    assert run_outcomes(paper, tmp_path) == {}
    assert paper_runs(paper, tmp_path)[1].startswith("There are no runs on the paper's own cells")


def test_runs_that_give_the_printed_numbers(paper, write):
    results = write(weighted={"precision": 0.9638, "f1": 0.9639})
    found = run_outcomes(paper, results)
    assert {found[name].verdict for name in ("C16", "C17", "C18", "C19", "C20", "C25", "C27", "C28")} == {Verdict.HOLDS}
    assert "96.40 ± 0.03 % (n = 5 folds)" in found["C16"].value
    # models whose folds differ by the same amount have no spread to test; Table 5 stays in contradiction
    assert found["C21"].verdict is Verdict.HOLDS_IN_PART
    assert found["C24"].verdict is Verdict.HOLDS_IN_PART and "contradict each other" in found["C24"].value
    assert "C22" not in found and "C31" not in found
    merged = verdicts(paper, found)
    assert merged["C16"] is found["C16"] and merged["C22"].verdict is Verdict.CANNOT_BE_RECONCILED


def test_runs_that_give_other_numbers(paper, write):
    results = write(accuracy={"cg_recnet": 0.9300, "resnet50": 0.9300}, recalls=(0.9, 0.8, 0.9), auc=0.95)
    found = run_outcomes(paper, results)
    for name in ("C16", "C18", "C20", "C27", "C28"):
        assert found[name].verdict is Verdict.CANNOT_BE_RECONCILED, name
    assert "0 of 2 parts" in found["C20"].reason


def test_exchanged_rows_hold_in_part(paper, write):
    found = run_outcomes(paper, write(accuracy={"rescmnet": 0.95, "resgdnet": 0.9632}))
    assert found["C19"].verdict is Verdict.HOLDS_IN_PART and "1 of 2 parts" in found["C19"].reason


def test_the_comparison_decides_more(paper, write):
    results = write(sweeps=("ablation", "comparison", "comparison-zhu"), areas=(0.99, 0.98, 0.99))
    found = run_outcomes(paper, results)
    assert set(found) == set(RULES)
    assert found["C31"].verdict is Verdict.HOLDS
    # the printed accuracies were reproduced, yet the printed class F1s do not allow them
    assert found["C22"].verdict is found["C23"].verdict is Verdict.HOLDS_IN_PART
    assert found["C26"].value.startswith("+0.19 over MobileNetV2 on astrocytes")
    assert "C29" not in found  # no tolerance was set for it
    assert all(outcome.reason.endswith(".") and "\n" not in outcome.reason for outcome in found.values())


def test_simulated_cells_in_the_papers_layout_decide_nothing(paper, write):
    results = write(data={"simulated": True})
    assert run_outcomes(paper, results) == {}
    assert "simulated" in paper_runs(paper, results)[1]


@pytest.mark.parametrize(
    ("config", "data", "words"),
    [
        ({"epochs": 28}, None, "epochs 28, the paper 100"),
        ({"image_size": 64}, None, "image size 64, the paper 224"),
        ({"weights": None}, None, "random weights"),
        (None, {"cells": 3000}, "3,000 of 207,556 cells"),
        (None, {"task": "inducer"}, "task"),
    ],
)
def test_other_settings_decide_nothing(paper, write, config, data, words):
    results = write(config=config, data=data)
    assert run_outcomes(paper, results) == {} and words in paper_runs(paper, results)[1]


def test_models_with_a_missing_fold_decide_nothing(paper, write):
    results = write(folds=range(4))
    assert run_outcomes(paper, results) == {}
    assert "of no model are all 5 folds there" in paper_runs(paper, results)[1]


def test_every_model_of_the_paper_is_known(paper):
    rows = {*paper.tables["3"].rows, *paper.tables["4"].rows}
    assert rows == set(MODEL_OF)
    runs, sentence = paper_runs(paper)
    assert (runs is None) == (not sentence[0].isdigit())
