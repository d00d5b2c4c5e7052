"""The analysis plan: it can be read, it refers to sweeps and claims that exist, its rule gives what it says."""

import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import FILE, Outcome, load_plan, outcome_of
from cgrecnet.paper.claims import load_claims
from cgrecnet.paths import REPOSITORY
from cgrecnet.runs.grid import read_sweep


def test_the_plan_names_sweeps_and_claims_that_exist():
    plan, claims = load_plan(), load_claims()
    for question in plan.questions:
        for name in question.sweeps:
            configs = read_sweep(REPOSITORY / "sweeps" / f"{name}.yaml")
            assert {config.experiment for config in configs} == {name}
            assert configs[0].data in question.data
        assert set(question.claims) <= set(claims)


def test_every_contrast_of_two_models_is_in_its_sweeps():
    for question in load_plan().questions:
        configs = [c for name in question.sweeps for c in read_sweep(REPOSITORY / "sweeps" / f"{name}.yaml")]
        known = {c.model for c in configs} | {c.preset for c in configs}
        for first, second in question.contrasts:
            if "split" not in first:
                assert {first, second} <= known, question.id


@pytest.mark.parametrize(
    ("p", "interval", "expected"),
    [
        (0.01, (0.5, 3.0), Outcome.DIFFERENCE),
        (0.01, (0.1, 0.9), Outcome.SMALL_DIFFERENCE),
        (0.30, (-0.5, 0.9), Outcome.NO_DIFFERENCE),
        (0.30, (-0.5, 1.1), Outcome.UNDECIDED),
        (0.05, (-1.1, 0.2), Outcome.UNDECIDED),
    ],
)
def test_the_rule(p, interval, expected):
    assert outcome_of(p, interval, margin=1.0, alpha=0.05) is expected


def test_a_mistake_is_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="no question 'P99'"):
        load_plan()["P99"]
    text = FILE.read_text(encoding="utf-8")
    for name, spoilt, message in [
        ("margin.yaml", text.replace("margin: 1.0", "margin: -1", 1), "questions.0.margin"),
        ("twice.yaml", text.replace("id: P2", "id: P1"), "two questions 'P1'"),
        ("broken.yaml", "alpha: [", "cannot be read"),
    ]:
        path = tmp_path / name
        path.write_text(spoilt, encoding="utf-8")
        with pytest.raises(ConfigError, match=message):
            load_plan(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_plan(tmp_path / "none.yaml")
