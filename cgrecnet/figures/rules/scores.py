"""Claims on accuracies and F1s: do the printed scores of one model go together?"""

from __future__ import annotations

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Outcome, Verdict
from cgrecnet.figures.audited import CLASSES, COMPARATORS, AuditedPaper
from cgrecnet.figures.rules.shared import WAITS, Judge
from cgrecnet.paper.audit.attainable import accuracy_range
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.spread import common_sd
from cgrecnet.paper.claims import Claim


def accuracy(paper: AuditedPaper, claim: Claim) -> Outcome:
    models = {"C16": ["CG-RecNet"], "C18": ["Baseline"], "C22": ["MobileNetV2"], "C23": list(COMPARATORS[1:])}
    names = [m for m in models.get(claim.id, list(paper.accuracy_checks)) if m in paper.accuracy_checks]
    apart = [m for m in names if not paper.accuracy_checks[m].fits]
    value = "; ".join(f"{m} {paper.accuracy_checks[m].attainable.low:.2f} to "
                      f"{paper.accuracy_checks[m].attainable.high:.2f} %" for m in names)
    if apart:
        gaps = ", ".join(f"{m} by {paper.accuracy_checks[m].gap:.2f}" for m in apart)
        return Outcome(Verdict.CANNOT_BE_RECONCILED, value,
                       f"No confusion matrix with the class F1s of Table 5 reaches the printed accuracy: {gaps} "
                       f"percentage points short.")
    return Outcome(Verdict.CANNOT_BE_TESTED_HERE, value,
                   f"The class F1s of Table 5 allow the printed accuracy, but {WAITS}.")


def weighted_averages(paper: AuditedPaper, claim: Claim) -> Outcome:
    recall, hits = claim.value("recall"), paper.known("4/CG-RecNet/accuracy")
    same = Interval.printed(recall.printed).overlaps(Interval.printed(hits.value))
    sd = common_sd(recall.sd, hits.sd)
    if not same or sd is None:
        return Outcome(Verdict.CANNOT_BE_RECONCILED, f"recall {recall.printed} ± {recall.sd}",
                       f"Weighted recall equals accuracy, which is printed as {hits.value} ± {hits.sd}.")
    return Outcome(
        Verdict.CANNOT_BE_TESTED_HERE, f"common SD {sd.low:.3f} to {sd.high:.3f}",
        f"Weighted recall equals accuracy, as printed, and their SDs {recall.sd} and {hits.sd} agree only in that "
        f"range; the rest needs the paper's images.",
    )


def diagonal(paper: AuditedPaper, claim: Claim) -> Outcome:
    f1 = [Interval.printed(x).scaled(0.01) for x in paper.class_f1("CG-RecNet")]
    recall = [Interval.printed(paper.printed(f"F7/{name}/recall")).scaled(0.01) for name in CLASSES]
    printed = Interval.printed(paper.printed("4/CG-RecNet/accuracy"))
    try:
        reach = accuracy_range(paper.supports, f1, recall).scaled(100)
    except ConfigError as error:
        return Outcome(Verdict.CANNOT_BE_RECONCILED, "none", str(error))
    word = Verdict.CANNOT_BE_TESTED_HERE if reach.overlaps(printed) else Verdict.CANNOT_BE_RECONCILED
    return Outcome(word, f"accuracy {reach.low:.3f} to {reach.high:.3f} %",
                   f"That is what the diagonal and the class F1s allow together, where {printed.middle:.2f} is printed"
                   + (f"; {WAITS}." if word is Verdict.CANNOT_BE_TESTED_HERE else "."))


JUDGES: dict[str, Judge] = {
    "C16": accuracy,
    "C18": accuracy,
    "C22": accuracy,
    "C23": accuracy,
    "C24": accuracy,
    "C17": weighted_averages,
    "C27": diagonal,
}
