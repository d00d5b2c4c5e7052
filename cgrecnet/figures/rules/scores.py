"""Claims on accuracies and F1s: do the printed scores of one model go together?"""

from __future__ import annotations

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Outcome, Verdict, verdict_of
from cgrecnet.figures.audited import CLASSES, COMPARATORS, AuditedPaper
from cgrecnet.figures.rules.shared import WAITS, Judge
from cgrecnet.paper.audit.attainable import accuracy_range
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.standard_deviations import common_sd
from cgrecnet.paper.claims import Claim


def _attainable(paper: AuditedPaper, names: list[str]) -> str:
    reach = {m: paper.accuracy_checks[m].attainable for m in names}
    return "; ".join(f"{m} {found.low:.2f} to {found.high:.2f} %" for m, found in reach.items())


def _gaps(paper: AuditedPaper, names: list[str]) -> str:
    return ", ".join(f"{m} by {paper.accuracy_checks[m].gap:.2f}" for m in names)


def accuracy(paper: AuditedPaper, claim: Claim) -> Outcome:
    models = {"C16": ["CG-RecNet"], "C18": ["Baseline"], "C22": ["MobileNetV2"], "C23": list(COMPARATORS[1:])}
    names = [m for m in models[claim.id] if m in paper.accuracy_checks]
    apart, value = [m for m in names if not paper.accuracy_checks[m].fits], _attainable(paper, names)
    if apart:
        return Outcome(verdict_of([m not in apart for m in names], unchecked=1), value,
                       "No confusion matrix with the class F1s of Table 5 reaches the printed accuracy: "
                       f"{_gaps(paper, apart)} percentage points short.")
    # where the claim is also one of arithmetic, that part was checked; elsewhere it only does not speak against it
    word = verdict_of([True], unchecked=1) if "arithmetic" in claim.kinds else Verdict.CANNOT_BE_TESTED_HERE
    return Outcome(word, value,
                   f"The class F1s of Table 5 allow the printed accuracy, but {WAITS}.")


def class_scores(paper: AuditedPaper, claim: Claim) -> Outcome:
    """C24: the class F1s of every model, each a part of the claim."""
    checks = paper.accuracy_checks
    apart, fit = [m for m in checks if not checks[m].fits], [m for m in checks if checks[m].fits]
    reasons = []
    if fit:
        reasons.append(f"The F1s allow the accuracy printed for {' and '.join(fit)}")
    if apart:
        reasons.append(f"no confusion matrix with the F1s of the others reaches theirs ({_gaps(paper, apart)} "
                       "percentage points short)")
    return Outcome(verdict_of([checks[m].fits for m in checks], unchecked=1), _attainable(paper, list(checks)),
                   "; ".join([*reasons, "the F1s themselves need the paper's images"]) + ".")


def weighted_averages(paper: AuditedPaper, claim: Claim) -> Outcome:
    recall, hits = claim.value("recall"), paper.known("4/CG-RecNet/accuracy")
    same = Interval.printed(recall.printed).overlaps(Interval.printed(hits.value))
    sd = common_sd(recall.sd, hits.sd)
    if not same or sd is None:
        return Outcome(Verdict.CANNOT_BE_RECONCILED, f"recall {recall.printed} ± {recall.sd}",
                       f"Weighted recall equals accuracy, which is printed as {hits.value} ± {hits.sd}.")
    return Outcome(
        verdict_of([same], unchecked=1), f"common SD {sd.low:.3f} to {sd.high:.3f}",
        f"Weighted recall equals accuracy, as printed; their SDs {recall.sd} and {hits.sd} agree only if both are "
        f"roundings of that value; the rest needs the paper's images.",
    )


def diagonal(paper: AuditedPaper, claim: Claim) -> Outcome:
    f1 = [Interval.printed(x).scaled(0.01) for x in paper.class_f1("CG-RecNet")]
    recall = [Interval.printed(paper.printed(f"F7/{name}/recall")).scaled(0.01) for name in CLASSES]
    printed = Interval.printed(paper.printed("4/CG-RecNet/accuracy"))
    try:
        reach = accuracy_range(paper.supports, f1, recall).scaled(100)
    except ConfigError as error:
        return Outcome(Verdict.CANNOT_BE_RECONCILED, "none", str(error))
    fits = reach.overlaps(printed)
    return Outcome(verdict_of([fits], unchecked=1 if fits else 0), f"accuracy {reach.low:.3f} to {reach.high:.3f} %",
                   f"That is what the diagonal and the class F1s allow together, where {printed.middle:.2f} is printed"
                   + (f"; {WAITS}." if fits else "."))


JUDGES: dict[str, Judge] = {
    "C16": accuracy,
    "C18": accuracy,
    "C22": accuracy,
    "C23": accuracy,
    "C24": class_scores,
    "C17": weighted_averages,
    "C27": diagonal,
}
