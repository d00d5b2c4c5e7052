"""Claims on what the modules gain over the baseline."""

from __future__ import annotations

from cgrecnet.evaluation.verdicts import Outcome, Verdict, verdict_in_print, verdict_of
from cgrecnet.figures.audited import AuditedPaper
from cgrecnet.figures.rules.shared import LEVEL, Judge
from cgrecnet.paper.claims import Claim


def gain_over_baseline(paper: AuditedPaper, claim: Claim) -> Outcome:
    test = paper.comparison("Baseline")
    bound = claim.value("p below").number
    checks = [claim.allows(claim.value("gain"), test.difference), test.with_rounding.high < bound]
    return Outcome(
        verdict_in_print(checks), f"{test.difference:+.2f}, p at most {test.with_rounding.high:.1e}",
        "The difference follows from the printed means; p is the largest over every fold correlation and every "
        "rounding; the accuracies themselves need the paper's images.",
    )


def each_module(paper: AuditedPaper, claim: Claim) -> Outcome:
    step = paper.comparison("ResCMNet")
    first = paper.comparison("Baseline", first="ResCMNet")
    checks = [first.difference > 0 and step.difference > 0, first.with_rounding.high < LEVEL,
              step.highest_p < LEVEL]
    lost = "" if "ResGDNet" in paper.scores else ", and the accuracy of ResGDNet is lost"
    return Outcome(
        verdict_of(checks, unchecked=1),
        f"{first.difference:+.2f}, {step.difference:+.2f} (p {step.lowest_p:.3f} to {step.highest_p:.2f})",
        f"The printed means rise with each module, but p of the last step is {step.uncorrelated.p:.2f} for "
        f"uncorrelated folds and below {LEVEL} only for strongly correlated ones{lost}.",
    )


def oligodendrocytes(paper: AuditedPaper, claim: Claim) -> Outcome:
    row = "5/Oligodendrocytes"
    gain = paper.known(f"{row}/CG-RecNet").number - paper.known(f"{row}/Baseline").number
    same = abs(gain - claim.values[0].number) <= 0.01 + 1e-9
    return Outcome(verdict_in_print([same]), f"{gain:+.2f} percentage points",
                   "The difference follows from the two printed F1s, which need the paper's images themselves.")


def seeds(paper: AuditedPaper, claim: Claim) -> Outcome:
    test = paper.comparison("Baseline", runs=3)
    return Outcome(
        Verdict.CANNOT_BE_TESTED_HERE, f"p {test.uncorrelated.p:.4f}, at most {test.highest_p:.4f}",
        "No SD over seeds is printed, and our sweep over seeds decides no claim; with the printed SDs and three runs "
        "this is p for uncorrelated scores and its largest value.",
    )


JUDGES: dict[str, Judge] = {
    "C20": gain_over_baseline,
    "C21": each_module,
    "C25": oligodendrocytes,
    "C33": seeds,
}
