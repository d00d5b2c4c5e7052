"""Claims on how the study was run: the split, the schedule, the time it takes."""

from __future__ import annotations

from cgrecnet.evaluation.verdicts import Outcome, Verdict, verdict_of
from cgrecnet.figures.audited import CLASSES, AuditedPaper
from cgrecnet.figures.rules.shared import LAPTOP_FLOPS, Judge
from cgrecnet.paper.audit.compute_time import TORCHVISION_GMACS, protocol_cost
from cgrecnet.paper.audit.schedule import first_lost_epoch, last_useful_epoch, left_shares
from cgrecnet.paper.audit.split import largest_share_difference
from cgrecnet.paper.claims import Claim


def split(paper: AuditedPaper, claim: Claim) -> Outcome:
    good = [o for o in paper.splits if o.matches]
    bad = [o for o in paper.splits if not o.matches]
    return Outcome(
        verdict_of([bool(good)]),
        " / ".join(f"{n:,}" for n in (good or paper.splits)[0].test),
        f"{len(good)} of {len(paper.splits)} split rules give the printed test supports"
        + (f"; these do not: {', '.join(o.rule for o in bad)}." if bad else "."),
    )


def shares(paper: AuditedPaper, claim: Claim) -> Outcome:
    good = [o for o in paper.splits if o.matches]
    if not good:
        return Outcome(verdict_of([False]), "no rule", "No split rule gives the printed supports.")
    worst = max(largest_share_difference(o) for o in good)
    return Outcome(
        verdict_of([worst <= claim.tolerance.absolute]), f"{worst:.1e}",
        "That is the largest difference of a class share between subsets, over the rules that fit C02.",
    )


def convergence(paper: AuditedPaper, claim: Claim) -> Outcome:
    rates, limit = paper.rates, claim.tolerance.absolute
    spent = last_useful_epoch(rates, limit)
    lost = [first_lost_epoch(lr * rates) for lr in (1e-4, 1e-3)]
    half = left_shares(rates)[len(rates) // 2 - 1]
    rests, declines = spent < len(rates), half > limit
    return Outcome(
        verdict_of([rests, declines], unchecked=1), f"{100 * (1 - limit):.1f} % spent by epoch {spent}",
        f"The schedule {'brings' if rests else 'does not bring'} training to rest"
        + (f", and leaves room for a decline all through {len(rates)} epochs." if declines else
           f", but a decline all through {len(rates)} epochs cannot come from it: for first rates of 1e-4 and 1e-3 "
           f"usual updates are rounded away from epochs {lost[0]} and {lost[1]}."),
    )


def laptop(paper: AuditedPaper, claim: Claim) -> Outcome:
    fit = paper.recovered
    own = paper.gmacs(fit) if fit else {}
    names = ("densenet121", "vgg16", "mobilenet_v2", "vit_b_16")
    models = {**own, **{m: TORCHVISION_GMACS[m] for m in names}}
    cells = sum(int(paper.known(f"1/{name}/count").number) for name in CLASSES)
    folds, epochs = (int(claim.value(n).number) for n in ("folds", "epochs"))
    days = protocol_cost(models, cells * (folds - 1) // folds, epochs, folds, 1, LAPTOP_FLOPS).days
    return Outcome(Verdict.CANNOT_BE_TESTED_HERE, f"{days:.0f} days for one seed",
                   f"The paper prints no training time; this is a lower bound for {len(models)} models in {folds} "
                   f"folds at an assumed {LAPTOP_FLOPS / 1e12:.0f} TFLOP/s.")


JUDGES: dict[str, Judge] = {
    "C02": split,
    "C43": shares,
    "C32": convergence,
    "C44": laptop,
}
