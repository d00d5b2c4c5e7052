"""Claims on accuracies and F1s, held against each other: do the printed scores of one model go together, what do the
modules gain over the baseline, and how does CG-RecNet compare with the other architectures?
"""

from __future__ import annotations

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Judgement, Verdict, verdict_in_print, verdict_of
from cgrecnet.judgement.audited import CLASSES, COMPARATORS, LEVEL, AuditedPaper, Judge
from cgrecnet.paper.audit.attainable import accuracy_range
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.standard_deviations import common_sd, variance_ratio_p
from cgrecnet.paper.claims import Claim

WAITS = "its value needs the paper's images"


def _attainable(paper: AuditedPaper, names: list[str]) -> str:
    reach = {m: paper.accuracy_checks[m].attainable for m in names}
    return "; ".join(f"{m} {found.low:.2f} to {found.high:.2f} %" for m, found in reach.items())


def _gaps(paper: AuditedPaper, names: list[str]) -> str:
    return ", ".join(f"{m} by {paper.accuracy_checks[m].discrepancy:.2f}" for m in names)


def accuracy(paper: AuditedPaper, claim: Claim) -> Judgement:
    models = {"C16": ["CG-RecNet"], "C18": ["Baseline"], "C22": ["MobileNetV2"], "C23": list(COMPARATORS[1:])}
    names = [m for m in models[claim.id] if m in paper.accuracy_checks]
    apart, value = [m for m in names if not paper.accuracy_checks[m].fits], _attainable(paper, names)
    if apart:
        return Judgement(verdict_of([m not in apart for m in names], unchecked=1), value,
                       "No confusion matrix with the class F1s of Table 5 reaches the printed accuracy: "
                       f"{_gaps(paper, apart)} percentage points short.")
    # where the claim is also one of arithmetic, that part was checked; elsewhere it only does not speak against it
    word = verdict_of([True], unchecked=1) if "arithmetic" in claim.kinds else Verdict.CANNOT_BE_TESTED_HERE
    return Judgement(word, value,
                   f"The class F1s of Table 5 allow the printed accuracy, but {WAITS}.")


def class_scores(paper: AuditedPaper, claim: Claim) -> Judgement:
    """C24: the class F1s of every model, each a part of the claim."""
    checks = paper.accuracy_checks
    apart, fit = [m for m in checks if not checks[m].fits], [m for m in checks if checks[m].fits]
    reasons = []
    if fit:
        reasons.append(f"The F1s allow the accuracy printed for {' and '.join(fit)}")
    if apart:
        reasons.append(f"no confusion matrix with the F1s of the others reaches theirs ({_gaps(paper, apart)} "
                       "percentage points short)")
    return Judgement(verdict_of([checks[m].fits for m in checks], unchecked=1), _attainable(paper, list(checks)),
                   "; ".join([*reasons, "the F1s themselves need the paper's images"]) + ".")


def weighted_averages(paper: AuditedPaper, claim: Claim) -> Judgement:
    recall, hits = claim.value("recall"), paper.known("4/CG-RecNet/accuracy")
    same = Interval.printed(recall.printed).overlaps(Interval.printed(hits.value))
    sd = common_sd(recall.sd, hits.sd)
    if not same or sd is None:
        return Judgement(Verdict.CANNOT_BE_RECONCILED, f"recall {recall.printed} ± {recall.sd}",
                       f"Weighted recall equals accuracy, which is printed as {hits.value} ± {hits.sd}.")
    return Judgement(
        verdict_of([same], unchecked=1), f"common SD {sd.low:.3f} to {sd.high:.3f}",
        f"Weighted recall equals accuracy, as printed; their SDs {recall.sd} and {hits.sd} agree only if both are "
        f"roundings of that value; the rest needs the paper's images.",
    )


def diagonal(paper: AuditedPaper, claim: Claim) -> Judgement:
    f1 = [Interval.printed(x).scaled(0.01) for x in paper.class_f1("CG-RecNet")]
    recall = [Interval.printed(paper.printed(f"F7/{name}/recall")).scaled(0.01) for name in CLASSES]
    printed = Interval.printed(paper.printed("4/CG-RecNet/accuracy"))
    try:
        reach = accuracy_range(paper.supports, f1, recall).scaled(100)
    except ConfigError as error:
        return Judgement(Verdict.CANNOT_BE_RECONCILED, "none", str(error))
    fits = reach.overlaps(printed)
    return Judgement(verdict_of([fits], unchecked=1 if fits else 0), f"accuracy {reach.low:.3f} to {reach.high:.3f} %",
                   f"That is what the diagonal and the class F1s allow together, where {printed.middle:.2f} is printed"
                   + (f"; {WAITS}." if fits else "."))


def gain_over_baseline(paper: AuditedPaper, claim: Claim) -> Judgement:
    test = paper.comparison("Baseline")
    bound = claim.value("p below").number
    checks = [claim.allows(claim.value("gain"), test.difference), test.with_rounding.high < bound]
    return Judgement(
        verdict_in_print(checks), f"{test.difference:+.2f}, p at most {test.with_rounding.high:.1e}",
        "The difference follows from the printed means; p is the largest over every fold correlation and every "
        "rounding; the accuracies themselves need the paper's images.",
    )


def each_module(paper: AuditedPaper, claim: Claim) -> Judgement:
    step = paper.comparison("ResCMNet")
    first = paper.comparison("Baseline", first="ResCMNet")
    checks = [first.difference > 0 and step.difference > 0, first.with_rounding.high < LEVEL,
              step.highest_p < LEVEL]
    lost = "" if "ResGDNet" in paper.scores else ", and the accuracy of ResGDNet is lost"
    return Judgement(
        verdict_of(checks, unchecked=1),
        f"{first.difference:+.2f}, {step.difference:+.2f} (p {step.lowest_p:.3f} to {step.highest_p:.2f})",
        f"The printed means rise with each module, but p of the last step is {step.uncorrelated.p:.2f} for "
        f"uncorrelated folds and below {LEVEL} only for strongly correlated ones{lost}.",
    )


def oligodendrocytes(paper: AuditedPaper, claim: Claim) -> Judgement:
    row = "5/Oligodendrocytes"
    gain = paper.known(f"{row}/CG-RecNet").number - paper.known(f"{row}/Baseline").number
    same = abs(gain - claim.values[0].number) <= 0.01 + 1e-9
    return Judgement(verdict_in_print([same]), f"{gain:+.2f} percentage points",
                   "The difference follows from the two printed F1s, which need the paper's images themselves.")


def seeds(paper: AuditedPaper, claim: Claim) -> Judgement:
    test = paper.comparison("Baseline", runs=3)
    return Judgement(
        Verdict.CANNOT_BE_TESTED_HERE, f"p {test.uncorrelated.p:.4f}, at most {test.highest_p:.4f}",
        "No SD over seeds is printed, and our sweep over seeds decides no claim; with the printed SDs and three runs "
        "this is p for uncorrelated scores and its largest value.",
    )


def best_in_every_class(paper: AuditedPaper, claim: Claim) -> Judgement:
    margins = {}
    for name in CLASSES:
        others = [paper.known(f"5/{name}/{m}").number for m in (*COMPARATORS, "Baseline")]
        margins[name] = paper.known(f"5/{name}/CG-RecNet").number - max(others)
    return Judgement(
        verdict_in_print([m > 0 for m in margins.values()]),
        ", ".join(f"{m:+.2f} on {name.lower()}" for name, m in margins.items()),
        "These are the printed margins over the best other model; whether they exceed chance needs the paper's images.",
    )


def lower_variance(paper: AuditedPaper, claim: Claim) -> Judgement:
    own = float(paper.scores["CG-RecNet"].sd)
    p = {m: variance_ratio_p(own, float(paper.scores[m].sd), 5) for m in COMPARATORS if m in paper.scores}
    checks = [all(own < float(paper.scores[m].sd) for m in p), all(x < LEVEL for x in p.values())]
    return Judgement(verdict_of(checks, unchecked=1), ", ".join(f"{m} p {x:.2f}" for m, x in p.items()),
                   "The printed SD is the smallest; these are one-sided F tests of five folds each, before any "
                   "correction for several comparisons.")


def over_xception(paper: AuditedPaper, claim: Claim) -> Judgement:
    before = claim.value("accuracy of the Xception")
    margin = paper.known("4/CG-RecNet/accuracy").number - before.number
    return Judgement(verdict_in_print([claim.allows(claim.value("margin"), margin)]), f"{margin:+.1f}",
                   "The difference follows from the printed numbers; the older one is quoted for comparable test data, "
                   "not for the same test set.")


def second_best(paper: AuditedPaper, claim: Claim) -> Judgement:
    means = {m: float(s.mean) for m, s in paper.scores.items() if m != "CG-RecNet"}
    among = max((m for m in means if m in COMPARATORS), key=means.get)
    overall = max(means, key=means.get)
    return Judgement(verdict_of([among == "MobileNetV2", overall == "MobileNetV2"]), f"{among}; {overall}",
                   f"Second in Table 4 is {among} ({means[among]:.2f}), second over Tables 3 and 4 is {overall} "
                   f"({means[overall]:.2f}).")


def over_baselines(paper: AuditedPaper, claim: Claim) -> Judgement:
    gains = {m: paper.comparison(m).difference for m in ("Baseline", *COMPARATORS) if m in paper.scores}
    reached = [gain >= claim.values[0].number - claim.tolerance.absolute - 1e-9 for gain in gains.values()]
    return Judgement(verdict_of(reached), ", ".join(f"{g:+.2f} over {m}" for m, g in gains.items()),
                   f"{sum(reached)} of {len(reached)} printed differences reach the claimed improvement.")


def best_in_every_metric(paper: AuditedPaper, claim: Claim) -> Judgement:
    checks, lost = [], 0
    for column in paper.tables["4"].columns:
        own = paper.find(f"4/CG-RecNet/{column}")
        for model in COMPARATORS:
            other = paper.find(f"4/{model}/{column}")
            if own is None or other is None:
                lost += 1
            else:
                checks.append(own.number > other.number)
    return Judgement(verdict_of(checks, unchecked=lost), f"{sum(checks)} of {len(checks) + lost} comparisons",
                   f"CG-RecNet is ahead in {sum(checks)} of the {len(checks)} comparisons whose cells are known; "
                   f"{lost} have a lost cell.")


#: Claim -> how arithmetic judges it.
RULES: dict[str, Judge] = {
    "C16": accuracy,
    "C17": weighted_averages,
    "C18": accuracy,
    "C20": gain_over_baseline,
    "C21": each_module,
    "C22": accuracy,
    "C23": accuracy,
    "C24": class_scores,
    "C25": oligodendrocytes,
    "C26": best_in_every_class,
    "C27": diagonal,
    "C30": lower_variance,
    "C31": over_xception,
    "C33": seeds,
    "C39": second_best,
    "C40": over_baselines,
    "C41": best_in_every_metric,
}
