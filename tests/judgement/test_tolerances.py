"""A verdict that compares something needs a tolerance that was set before."""

import pytest

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import load_plan
from cgrecnet.evaluation.verdicts import Judgement, Verdict
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.claims import COMPARING, has_tolerance, verdicts
from cgrecnet.judgement.runs import RULES
from cgrecnet.paper.claims import load_claims

CLAIMS = load_claims()
UNPLANNED = "C29"  # rule none, and no question of the plan is about it


def test_a_rule_or_a_planned_margin_is_a_tolerance():
    assert has_tolerance(CLAIMS["C16"])
    assert CLAIMS["C08"].tolerance.rule == "none" and has_tolerance(CLAIMS["C08"])  # P5 has a margin for it
    assert CLAIMS[UNPLANNED].tolerance.rule == "none" and not has_tolerance(CLAIMS[UNPLANNED])
    only = load_plan().model_copy(update={"questions": (load_plan()["P1"],)})
    assert not has_tolerance(CLAIMS["C08"], only)


@pytest.mark.parametrize("word", list(Verdict))
def test_a_verdict_without_one_is_refused(word):
    outcome = {UNPLANNED: Judgement(word, "1", "Measured.")}
    if word in COMPARING:
        with pytest.raises(ConfigError, match=f"{UNPLANNED} is said to be '{word}', but no tolerance was set"):
            verdicts(AuditedPaper.load(), outcome)
    else:
        assert verdicts(AuditedPaper.load(), outcome)[UNPLANNED].verdict is word


def test_runs_judge_no_claim_without_a_tolerance():
    assert [name for name in RULES if not has_tolerance(CLAIMS[name])] == []
