"""Claims on accuracies and F1s, held against each other: do the printed scores of one model go together, what do the
modules gain over the baseline, and how does CG-RecNet compare with the other architectures?
"""

from __future__ import annotations

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Verdict, verdict_in_print, verdict_of
from cgrecnet.judgement.audited import CLASSES, COMPARATORS, LEVEL, AuditedPaper, Judge
from cgrecnet.judgement.reasons import Finding
from cgrecnet.paper.audit.attainable import AccuracyCheck, accuracy_range
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.standard_deviations import common_sd, variance_ratio_p
from cgrecnet.paper.claims import Claim

#: Claim on accuracies -> the models it is about, and whether its sentence says that their F1s allow what is printed.
ACCURACIES = {
    "C16": (("CG-RecNet",), True),
    "C18": (("Baseline",), True),
    "C22": (("MobileNetV2",), False),
    "C23": (COMPARATORS[1:], False),
}


def _attainable(checks: dict[str, AccuracyCheck]) -> dict[str, object]:
    """What each model's class F1s allow, and by how much that falls short of its printed accuracy."""
    reach = {model: check.attainable for model, check in checks.items()}
    return reach | {f"short_{model}": check.discrepancy for model, check in checks.items()}


def accuracy(paper: AuditedPaper, claim: Claim) -> Finding:
    models, allowed = ACCURACIES[claim.id]
    checks = {m: paper.accuracy_checks[m] for m in models if m in paper.accuracy_checks}
    fit = [check.fits for check in checks.values()]
    verdict = verdict_of(fit, unchecked=1)
    if all(fit) and "arithmetic" not in claim.kinds:  # that the numbers do not speak against it is no part of the claim
        verdict = Verdict.CANNOT_BE_TESTED_HERE
    whole = len(checks) == len(models)
    return Finding(verdict, _attainable(checks), as_written=whole and all(one == allowed for one in fit))


def class_scores(paper: AuditedPaper, claim: Claim) -> Finding:
    """C24: the class F1s of every model, each a part of the claim."""
    checks = paper.accuracy_checks
    apart = {m for m in checks if not checks[m].fits}
    verdict = verdict_of([check.fits for check in checks.values()], unchecked=1)
    return Finding(verdict, _attainable(checks), as_written=apart == set(COMPARATORS))


def weighted_averages(paper: AuditedPaper, claim: Claim) -> Finding:
    recall, hits = claim.value("recall"), paper.known("4/CG-RecNet/accuracy")
    same = Interval.printed(recall.printed).overlaps(Interval.printed(hits.value))
    sd = common_sd(recall.sd, hits.sd)
    if not same or sd is None:
        return Finding(Verdict.CANNOT_BE_RECONCILED, as_written=False)
    return Finding(verdict_of([same], unchecked=1), {"sd": sd, "recall_sd": recall.sd, "accuracy_sd": hits.sd})


def diagonal(paper: AuditedPaper, claim: Claim) -> Finding:
    f1 = [Interval.printed(x).scaled(0.01) for x in paper.class_f1("CG-RecNet")]
    recall = [Interval.printed(paper.printed(f"F7/{name}/recall")).scaled(0.01) for name in CLASSES]
    printed = Interval.printed(paper.printed("4/CG-RecNet/accuracy"))
    try:
        reach = accuracy_range(paper.supports, f1, recall).scaled(100)
    except ConfigError:  # no confusion matrix has them
        return Finding(Verdict.CANNOT_BE_RECONCILED, as_written=False)
    fits = reach.overlaps(printed)
    return Finding(verdict_of([fits], unchecked=1), {"accuracy": reach, "printed_accuracy": printed.middle}, fits)


def gain_over_baseline(paper: AuditedPaper, claim: Claim) -> Finding:
    test = paper.comparison("Baseline")
    highest = test.with_rounding.high
    checks = [claim.allows(claim.value("gain"), test.difference), highest < claim.value("p below").number]
    return Finding(verdict_in_print(checks), {"difference": test.difference, "p": highest}, as_written=checks[0])


def each_module(paper: AuditedPaper, claim: Claim) -> Finding:
    step = paper.comparison("ResCMNet")
    first = paper.comparison("Baseline", first="ResCMNet")
    rise = first.difference > 0 and step.difference > 0
    values = {
        "first": first.difference, "second": step.difference, "lowest_p": step.lowest_p, "highest_p": step.highest_p,
        "p": step.uncorrelated.p, "level": LEVEL,
    }  # fmt: skip
    only_correlated = step.lowest_p < LEVEL <= step.uncorrelated.p
    return Finding(
        verdict_of([rise, first.with_rounding.high < LEVEL, step.highest_p < LEVEL], unchecked=1), values,
        as_written=rise and only_correlated and "ResGDNet" not in paper.scores,
    )


def oligodendrocytes(paper: AuditedPaper, claim: Claim) -> Finding:
    row = "5/Oligodendrocytes"
    gain = paper.known(f"{row}/CG-RecNet").number - paper.known(f"{row}/Baseline").number
    same = abs(gain - claim.values[0].number) <= 0.01 + 1e-9
    return Finding(verdict_in_print([same]), {"gain": gain}, as_written=same)


def seeds(paper: AuditedPaper, claim: Claim) -> Finding:
    test = paper.comparison("Baseline", runs=3)
    return Finding(Verdict.CANNOT_BE_TESTED_HERE, {"p": test.uncorrelated.p, "highest_p": test.highest_p})


def best_in_every_class(paper: AuditedPaper, claim: Claim) -> Finding:
    margins = {}
    for name in CLASSES:
        others = [paper.known(f"5/{name}/{m}").number for m in (*COMPARATORS, "Baseline")]
        margins[name] = paper.known(f"5/{name}/CG-RecNet").number - max(others)
    return Finding(verdict_in_print([m > 0 for m in margins.values()]), margins)


def lower_variance(paper: AuditedPaper, claim: Claim) -> Finding:
    own, *others = (float(paper.known(f"4/{m}/accuracy").sd) for m in ("CG-RecNet", *COMPARATORS))
    p = {m: variance_ratio_p(own, sd, 5) for m, sd in zip(COMPARATORS, others, strict=True)}
    checks = [own < min(others), all(x < LEVEL for x in p.values())]
    return Finding(verdict_of(checks, unchecked=1), p, as_written=checks[0])


def over_xception(paper: AuditedPaper, claim: Claim) -> Finding:
    before = claim.value("accuracy of the Xception")
    margin = paper.known("4/CG-RecNet/accuracy").number - before.number
    same = claim.allows(claim.value("margin"), margin)
    return Finding(verdict_in_print([same]), {"margin": margin}, as_written=same)


def second_best(paper: AuditedPaper, claim: Claim) -> Finding:
    means = {m: float(s.mean) for m, s in paper.scores.items() if m != "CG-RecNet"}
    among = max((m for m in means if m in COMPARATORS), key=means.get)
    overall = max(means, key=means.get)
    values = {"among": among, "overall": overall, "among_mean": means[among], "overall_mean": means[overall]}
    return Finding(verdict_of([among == "MobileNetV2", overall == "MobileNetV2"]), values)


def over_baselines(paper: AuditedPaper, claim: Claim) -> Finding:
    gains = {m: paper.comparison(m).difference for m in ("Baseline", *COMPARATORS)}
    reached = [gain >= claim.values[0].number - claim.tolerance.absolute - 1e-9 for gain in gains.values()]
    return Finding(verdict_of(reached), {**gains, "reached": sum(reached), "compared": len(reached)})


def best_in_every_metric(paper: AuditedPaper, claim: Claim) -> Finding:
    columns = paper.tables["4"].columns
    own = {column: paper.find(f"4/CG-RecNet/{column}") for column in columns}
    pairs = [(own[column], paper.find(f"4/{model}/{column}")) for column in columns for model in COMPARATORS]
    checks = [first.number > second.number for first, second in pairs if first and second]
    counts = {"ahead": sum(checks), "known": len(checks), "comparisons": len(pairs), "lost": len(pairs) - len(checks)}
    return Finding(verdict_of(checks, unchecked=counts["lost"]), counts)


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
