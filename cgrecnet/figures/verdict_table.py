"""Every claim with its verdict, computed live: no verdict is written down, each follows from the audit."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import Plan, load_plan
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.rules import JUDGES
from cgrecnet.paper.claims import Claim

COLUMNS = ("id", "title", "place", "printed", "tolerance", "verdict", "value", "reason")
#: Verdicts that say how something compares with a claim; the other two say that nothing was compared.
COMPARING = (
    Verdict.HOLDS, Verdict.HOLDS_IN_PART, Verdict.CONSISTENT_IN_PRINT, Verdict.CANNOT_BE_RECONCILED,
)  # fmt: skip

def verdicts(
    paper: AuditedPaper | None = None, measured: Mapping[str, Outcome] | None = None
) -> dict[str, Outcome]:
    """The outcome of every claim, by its id and in the file's order.

    paper: the packaged paper when None. measured: outcomes from code or runs (a model that was built, a record of
    training) that stand in place of the arithmetic for their claims. Raises ConfigError for an unknown claim, and for a
    verdict that compares something with a claim for which no tolerance was set.
    """
    paper = AuditedPaper.load() if paper is None else paper
    measured = measured or {}
    for name in measured:
        if name not in paper.claims:
            raise ConfigError(f"There is no claim {name!r} to give an outcome to; see claims.yaml for the ids.")
    found = {name: measured.get(name) or _judge(paper, claim) for name, claim in paper.claims.items()}
    for name, outcome in found.items():
        refuse_verdict_without_tolerance(paper.claims[name], outcome)
    return found


def _judge(paper: AuditedPaper, claim: Claim) -> Outcome:
    if claim.id in JUDGES:
        return JUDGES[claim.id](paper, claim)
    if claim.open_choices:
        titles = "; ".join(paper.choices[name].title.lower() for name in claim.open_choices)
        return Outcome(Verdict.NOT_SPECIFIED, "none", f"The text that we have leaves open: {titles}.")
    if "data" in claim.kinds:
        reason = "It takes runs on the paper's own images, which are not at hand."
    else:
        reason = "It takes running the code, and no outcome of that was given to this table."
    return Outcome(Verdict.CANNOT_BE_TESTED_HERE, "none", reason)


def verdict_table(
    paper: AuditedPaper | None = None, measured: Mapping[str, Outcome] | None = None
) -> pd.DataFrame:
    """One row per claim: id, title, place, printed, tolerance, verdict, value and reason."""
    paper = AuditedPaper.load() if paper is None else paper
    rows = []
    for name, outcome in verdicts(paper, measured).items():
        claim = paper.claims[name]
        rows.append((name, claim.title, claim.place, _printed(claim), claim.tolerance.reason,
                     str(outcome.verdict), outcome.value, outcome.reason))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _printed(claim: Claim) -> str:
    return "; ".join(
        f"{v.name} {v.printed}{f' ± {v.sd}' if v.sd else ''} {v.unit}" for v in claim.values if not v.derived
    )


def verdict_counts(outcomes: Mapping[str, Outcome]) -> dict[str, int]:
    """How many claims have each verdict, all six words in their order."""
    return {str(word): sum(outcome.verdict is word for outcome in outcomes.values()) for word in Verdict}


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
