"""Every claim with its verdict: none is written down, each is computed from arithmetic, code or runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import Plan, load_plan
from cgrecnet.evaluation.verdicts import Judgement, Verdict
from cgrecnet.judgement import code, counts, runs, scores
from cgrecnet.judgement.audited import AuditedPaper
from cgrecnet.judgement.memory import memory_outcomes
from cgrecnet.judgement.paper_runs import paper_runs
from cgrecnet.judgement.reasons import Finding, judged
from cgrecnet.paper.claims import Claim
from cgrecnet.paths import RESULTS

#: Claim -> how its printed numbers alone judge it; claims not named here wait for code or data.
ARITHMETIC = counts.RULES | scores.RULES
#: Verdicts that say how something compares with a claim; the other two say that nothing was compared.
COMPARING = (
    Verdict.HOLDS, Verdict.HOLDS_IN_PART, Verdict.CONSISTENT_IN_PRINT, Verdict.CANNOT_BE_RECONCILED,
)  # fmt: skip


def judge(paper: AuditedPaper | None = None, results: Path = RESULTS) -> dict[str, Judgement]:
    """The outcome of every claim from all that there is: runs before code, code before arithmetic.

    results: folder of the records. Takes seconds. Raises what `verdicts` and `run_outcomes` raise.
    """
    paper = AuditedPaper.load() if paper is None else paper
    own = run_outcomes(paper, results)
    return verdicts(paper, code.code_outcomes() | memory_outcomes(results) | own)


def verdicts(
    paper: AuditedPaper | None = None, measured: Mapping[str, Judgement] | None = None
) -> dict[str, Judgement]:
    """The outcome of every claim, by its id and in the file's order.

    paper: the packaged paper when None. measured: outcomes from code or runs that stand in place of the arithmetic for
    their claims. Raises ConfigError for an unknown claim, and for a verdict that compares something with a claim for
    which no tolerance was set.
    """
    paper = AuditedPaper.load() if paper is None else paper
    measured = measured or {}
    for name in measured:
        if name not in paper.claims:
            raise ConfigError(f"There is no claim {name!r} to give an outcome to; see claims.yaml for the ids.")
    found = {name: measured.get(name) or _by_arithmetic(paper, claim) for name, claim in paper.claims.items()}
    for name, outcome in found.items():
        if outcome.verdict in COMPARING and not has_tolerance(paper.claims[name]):
            raise ConfigError(
                f"{name} is said to be {str(outcome.verdict)!r}, but no tolerance was set for it beforehand: "
                "give it a rule in claims.yaml, or a question with a margin in the analysis plan, before it is judged."
            )
    return found


def run_outcomes(paper: AuditedPaper | None = None, results: Path = RESULTS) -> dict[str, Judgement]:
    """The outcomes of the claims that runs on the paper's own cells decide; {} where nothing is there that may judge.

    Only complete runs on the paper's real cells at the paper's settings judge its claims: neither simulated cells in
    its layout nor other cells do. Where the printed numbers of a claim contradict each other, no run can mend that: it
    stays a part that fails. Raises RunError where records are damaged or of several data sets.
    """
    paper = AuditedPaper.load() if paper is None else paper
    own, _ = paper_runs(paper, results)
    if own is None:
        return {}
    found = {}
    for name, (needed, rule) in runs.RULES.items():
        claim = paper.claims[name]
        parts = rule(paper, claim, own) if own.has(*needed) else None
        if parts:
            found[name] = judged(claim, parts.finding(_contradicted(paper, name)), "own runs")
    return found


def _contradicted(paper: AuditedPaper, name: str) -> bool:
    """Whether the printed numbers of a claim cannot be reconciled with each other, wholly or (C24) in part."""
    if name == "C24":
        return not all(check.fits for check in paper.accuracy_checks.values())
    rule = ARITHMETIC.get(name)
    return rule is not None and rule(paper, paper.claims[name]).verdict is Verdict.CANNOT_BE_RECONCILED


def _by_arithmetic(paper: AuditedPaper, claim: Claim) -> Judgement:
    if claim.id in ARITHMETIC:
        return judged(claim, ARITHMETIC[claim.id](paper, claim))
    if claim.open_choices:
        choices = "; ".join(paper.choices[name].title.lower() for name in claim.open_choices)
        return judged(claim, Finding(Verdict.NOT_SPECIFIED, {"choices": choices}), "open choices")
    return judged(claim, Finding(Verdict.CANNOT_BE_TESTED_HERE), "data" if "data" in claim.kinds else "machinery")


def verdict_counts(outcomes: Mapping[str, Judgement]) -> dict[str, int]:
    """How many claims have each verdict, all six words in their order."""
    return {str(word): sum(outcome.verdict is word for outcome in outcomes.values()) for word in Verdict}


def has_tolerance(claim: Claim, plan: Plan | None = None) -> bool:
    """Whether anything set beforehand says how near is near enough for a claim.

    plan: the packaged analysis plan when None; a planned question that names the claim gives its margin.
    """
    plan = load_plan() if plan is None else plan
    return claim.tolerance.rule != "none" or any(claim.id in question.claims for question in plan.questions)
