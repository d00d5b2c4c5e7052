"""Families of contrasts: corrected together, judged by the plan's rule."""

from dataclasses import dataclass

import pytest

from cgrecnet.evaluation.analysis_plan import Outcome
from cgrecnet.evaluation.planned_contrasts import judge_family


@dataclass(frozen=True)
class Made:
    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    p_value: float
    n: int = 100


def test_a_family_is_corrected_together():
    made = {"far": Made(10, (5, 15), (6, 14), 0.001), "near": Made(0.1, (-1, 1.2), (-0.8, 1.0), 0.03)}
    far, near = judge_family(made, margin=3, alpha=0.05)
    assert (far.name, far.p_corrected, far.outcome) == ("far", 0.002, Outcome.DIFFERENCE)
    assert near.p_corrected == 0.03 and near.outcome is Outcome.SMALL_DIFFERENCE
    alone = judge_family({"near": made["near"], "other": Made(0, (-9, 9), (-8, 8), 0.9)}, margin=3, alpha=0.05)
    assert [answer.outcome for answer in alone] == [Outcome.NO_DIFFERENCE, Outcome.UNDECIDED]


def test_what_is_missing_makes_the_rest_no_surer():
    made = {"far": Made(10, (5, 15), (6, 14), 0.001)}
    assert judge_family(made, 3, 0.05, planned=4)[0].p_corrected == 0.004
    with pytest.raises(ValueError, match="1 results were given"):
        judge_family(made, 3, 0.05, planned=0)


def test_no_contrast_has_no_answer():
    assert judge_family({}, 3, 0.05) == []
