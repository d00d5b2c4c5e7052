"""No verdict without a tolerance that was set beforehand: the claim's own rule, or a margin of the analysis plan."""

from __future__ import annotations

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.plan import Plan, load_plan
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.paper.claims import Claim

#: Verdicts that say how something compares with a claim; the other two say that nothing was compared.
COMPARING = (
    Verdict.HOLDS, Verdict.HOLDS_IN_PART, Verdict.CONSISTENT_IN_PRINT, Verdict.CANNOT_BE_RECONCILED,
)  # fmt: skip


def has_tolerance(claim: Claim, plan: Plan | None = None) -> bool:
    """Whether anything set beforehand says how near is near enough for a claim.

    plan: the packaged analysis plan when None; a planned question that names the claim gives its margin.
    """
    plan = load_plan() if plan is None else plan
    return claim.tolerance.rule != "none" or any(claim.id in question.claims for question in plan.questions)


def refuse_verdict_without_tolerance(claim: Claim, outcome: Outcome) -> None:
    """Raises ConfigError where an outcome compares something with a claim for which no tolerance was set."""
    if outcome.verdict in COMPARING and not has_tolerance(claim):
        raise ConfigError(
            f"{claim.id} is said to be {str(outcome.verdict)!r}, but no tolerance was set for it beforehand: "
            "give it a rule in claims.yaml, or a question with a margin in the analysis plan, before it is judged."
        )
