"""Claims on CG-RecNet against the other architectures."""

from __future__ import annotations

from cgrecnet.evaluation.verdicts import Outcome, verdict_in_print, verdict_of
from cgrecnet.figures.audited import CLASSES, COMPARATORS, AuditedPaper
from cgrecnet.figures.rules.shared import LEVEL, Judge
from cgrecnet.paper.audit.standard_deviations import variance_ratio_p
from cgrecnet.paper.claims import Claim


def best_in_every_class(paper: AuditedPaper, claim: Claim) -> Outcome:
    margins = {}
    for name in CLASSES:
        others = [paper.known(f"5/{name}/{m}").number for m in (*COMPARATORS, "Baseline")]
        margins[name] = paper.known(f"5/{name}/CG-RecNet").number - max(others)
    return Outcome(
        verdict_in_print([m > 0 for m in margins.values()]),
        ", ".join(f"{m:+.2f} on {name.lower()}" for name, m in margins.items()),
        "These are the printed margins over the best other model; whether they exceed chance needs the paper's images.",
    )


def lower_variance(paper: AuditedPaper, claim: Claim) -> Outcome:
    own = float(paper.scores["CG-RecNet"].sd)
    p = {m: variance_ratio_p(own, float(paper.scores[m].sd), 5) for m in COMPARATORS if m in paper.scores}
    checks = [all(own < float(paper.scores[m].sd) for m in p), all(x < LEVEL for x in p.values())]
    return Outcome(verdict_of(checks, unchecked=1), ", ".join(f"{m} p {x:.2f}" for m, x in p.items()),
                   "The printed SD is the smallest; these are one-sided F tests of five folds each, before any "
                   "correction for several comparisons.")


def over_xception(paper: AuditedPaper, claim: Claim) -> Outcome:
    before = claim.value("accuracy of the Xception")
    margin = paper.known("4/CG-RecNet/accuracy").number - before.number
    return Outcome(verdict_in_print([claim.allows(claim.value("margin"), margin)]), f"{margin:+.1f}",
                   "The difference follows from the printed numbers; the older one is quoted for comparable test data, "
                   "not for the same test set.")


def second_best(paper: AuditedPaper, claim: Claim) -> Outcome:
    means = {m: float(s.mean) for m, s in paper.scores.items() if m != "CG-RecNet"}
    among = max((m for m in means if m in COMPARATORS), key=means.get)
    overall = max(means, key=means.get)
    return Outcome(verdict_of([among == "MobileNetV2", overall == "MobileNetV2"]), f"{among}; {overall}",
                   f"Second in Table 4 is {among} ({means[among]:.2f}), second over Tables 3 and 4 is {overall} "
                   f"({means[overall]:.2f}).")


def over_baselines(paper: AuditedPaper, claim: Claim) -> Outcome:
    gains = {m: paper.comparison(m).difference for m in ("Baseline", *COMPARATORS) if m in paper.scores}
    reached = [gain >= claim.values[0].number - claim.tolerance.absolute - 1e-9 for gain in gains.values()]
    return Outcome(verdict_of(reached), ", ".join(f"{g:+.2f} over {m}" for m, g in gains.items()),
                   f"{sum(reached)} of {len(reached)} printed differences reach the claimed improvement.")


def best_in_every_metric(paper: AuditedPaper, claim: Claim) -> Outcome:
    checks, lost = [], 0
    for column in paper.tables["4"].columns:
        own = paper.find(f"4/CG-RecNet/{column}")
        for model in COMPARATORS:
            other = paper.find(f"4/{model}/{column}")
            if own is None or other is None:
                lost += 1
            else:
                checks.append(own.number > other.number)
    return Outcome(verdict_of(checks, unchecked=lost), f"{sum(checks)} of {len(checks) + lost} comparisons",
                   f"CG-RecNet is ahead in {sum(checks)} of the {len(checks)} comparisons whose cells are known; "
                   f"{lost} have a lost cell.")


JUDGES: dict[str, Judge] = {
    "C26": best_in_every_class,
    "C30": lower_variance,
    "C31": over_xception,
    "C39": second_best,
    "C40": over_baselines,
    "C41": best_in_every_metric,
}
