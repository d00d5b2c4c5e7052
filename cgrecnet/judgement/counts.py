"""Claims on what was done and what it costs, held against arithmetic: split, schedule, time; parameters and operations.

Do the printed counts follow from an architecture that the text allows?
"""

from __future__ import annotations

from cgrecnet.evaluation.verdicts import Verdict, verdict_of
from cgrecnet.judgement.audited import CLASSES, GIGA, SIDE_OF_CHANNELS, AuditedPaper, Judge
from cgrecnet.judgement.reasons import Finding
from cgrecnet.paper.audit.complexity import additivity, increase, increase_of
from cgrecnet.paper.audit.compute_time import TORCHVISION_GMACS, protocol_cost
from cgrecnet.paper.audit.counting import fusion_macs, resnet50_parameters, vgg16_macs, vgg16_parameters
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.recovery import as_labelled_beyond_the_grid
from cgrecnet.paper.audit.schedule import first_lost_epoch, last_useful_epoch, left_shares
from cgrecnet.paper.audit.split import largest_share_difference
from cgrecnet.paper.claims import Claim

LAPTOP_FLOPS = 3e12  # an assumption: about a third of the card's peak in float32
#: The outcome of a claim on an architecture when no candidate gives the printed rows.
NO_FIT = Finding(Verdict.CANNOT_BE_RECONCILED, as_written=False)


def split(paper: AuditedPaper, claim: Claim) -> Finding:
    good, bad = ([o for o in paper.splits if o.matches is fits] for fits in (True, False))
    values = dict(zip(CLASSES, (good or paper.splits)[0].test, strict=True))
    values |= {"fitting": len(good), "tried": len(paper.splits), "failing": "; ".join(o.rule for o in bad)}
    return Finding(verdict_of([bool(good)]), values, as_written=bool(good and bad))


def shares(paper: AuditedPaper, claim: Claim) -> Finding:
    good = [largest_share_difference(o) for o in paper.splits if o.matches]
    if not good:
        return Finding(Verdict.CANNOT_BE_RECONCILED, as_written=False)
    return Finding(verdict_of([max(good) <= claim.tolerance.absolute]), {"worst": max(good)})


def convergence(paper: AuditedPaper, claim: Claim) -> Finding:
    rates, limit = paper.rates, claim.tolerance.absolute
    last = last_useful_epoch(rates, limit)
    slow, fast = (first_lost_epoch(lr * rates) for lr in (1e-4, 1e-3))
    rests, declines = last < len(rates), left_shares(rates)[len(rates) // 2 - 1] > limit
    values = {"spent": 100 * (1 - limit), "last": last, "epochs": len(rates), "lost_slow": slow, "lost_fast": fast}
    return Finding(verdict_of([rests, declines], unchecked=1), values, as_written=rests and not declines)


def laptop(paper: AuditedPaper, claim: Claim) -> Finding:
    fit = paper.recovered
    own = paper.gmacs(fit) if fit else {}
    names = ("densenet121", "vgg16", "mobilenet_v2", "vit_b_16")
    models = {**own, **{m: TORCHVISION_GMACS[m] for m in names}}
    cells = sum(int(paper.known(f"1/{name}/count").number) for name in CLASSES)
    folds, epochs = (int(claim.value(n).number) for n in ("folds", "epochs"))
    days = protocol_cost(models, cells * (folds - 1) // folds, epochs, folds, 1, LAPTOP_FLOPS).days
    values = {"days": days, "models": len(models), "folds": folds, "teraflops": LAPTOP_FLOPS / 1e12}
    return Finding(Verdict.CANNOT_BE_TESTED_HERE, values)


def placement(paper: AuditedPaper, claim: Claim) -> Finding:
    exchanged = not paper.as_labelled.fits
    fits = paper.exchanged.fits if exchanged else paper.as_labelled.fits
    if not fits:
        return NO_FIT
    row = "ResCMNet" if exchanged else "ResGDNet"  # the printed row that holds the gate alone
    added = Interval.printed(paper.printed("3/CG-RecNet/gflops")) - Interval.printed(paper.printed(f"3/{row}/gflops"))
    near = [f for f in fits if added.contains(fusion_macs(f.fusion, SIDE_OF_CHANNELS[f.fusion.channels]) / GIGA)]
    gates = {f.gate.dim for f in fits}
    fusions, left = ({f.fusion.channels for f in found} for found in (fits, near))
    widths = {"gates": gates, "fusions": fusions, "left": left}
    values = {name: " or ".join(map(str, sorted(each))) for name, each in widths.items()}
    values |= {"fits": len(fits), "near": len(near), "added": added.middle}
    return Finding(verdict_of([gates == {512}, fusions == {512}]), values, as_written=exchanged and bool(near))


def parameters(paper: AuditedPaper, claim: Claim) -> Finding:
    """C10, and C11 and C12, the rows that may be exchanged."""
    fit = paper.recovered
    if fit is None:
        return NO_FIT
    value, beyond = claim.values[0], as_labelled_beyond_the_grid()
    total = {"CG-RecNet": fit.both, "ResCMNet": fit.attention_only, "ResGDNet": fit.gate_only}[value.name]
    rows = (paper.printed(f"3/{m}/parameters") for m in ("ResCMNet", "ResGDNet", "CG-RecNet"))
    both, gate = (Interval.printed(paper.printed(f"3/{m}/gflops")) for m in ("CG-RecNet", "ResGDNet"))
    step, counted = both - gate, paper.gmacs(fit)
    fits = claim.allows(value, total / 1e6)
    # Where one reading gives the rows exchanged and another gives them as labelled, the text decides neither.
    open_to_reading = not fits and beyond.gives(*rows)
    misses = not step.contains(counted["ResGDNet"] - counted["Baseline"])
    values = {
        "millions": total / 1e6, "tried": paper.exchanged.tried, "labelled": len(paper.as_labelled.fits),
        "exchanged": len(paper.exchanged.fits), "other_fusion": beyond.fusion_macs / GIGA, "step": step.middle,
    }  # fmt: skip
    verdict = Verdict.NOT_SPECIFIED if open_to_reading else verdict_of([fits])
    return Finding(verdict, values, as_written=fits if claim.id == "C10" else open_to_reading and misses)


def baseline_parameters(paper: AuditedPaper, claim: Claim) -> Finding:
    heads = {"head_3": (3,), "head_1000": (1000,), "head_1000_3": (1000, 3)}
    counts = {name: resnet50_parameters(*head) / 1e6 for name, head in heads.items()}
    table = additivity(*(paper.printed(f"3/{m}/parameters") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    verdict = verdict_of([any(claim.allows(claim.values[0], n) for n in counts.values())])
    return Finding(verdict, {**counts, "implied": table.implied.middle, "reach": table.implied.half_width})


def gflops(paper: AuditedPaper, claim: Claim) -> Finding:
    fit = paper.recovered
    if fit is None:
        return NO_FIT
    hits = {}
    for way, per_token in (("per token", True), ("once per layer", False)):
        counted = paper.gmacs(fit, per_token)
        for factor in (1, 2):
            hits[f"{way}, times {factor}"] = sum(claim.allows(v, factor * counted[v.name]) for v in claim.values)
    best = max(hits, key=hits.get)
    agree = hits[best] == len(claim.values)
    table = additivity(*(paper.printed(f"3/{m}/gflops") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    backbone = {"implied": table.implied.middle, "printed_backbone": table.printed.middle}
    values = {**paper.gmacs(fit), **backbone, "way": best, "best": hits[best]}
    return Finding(verdict_of([agree]), values, as_written=not agree and table.discrepancy > 0)


def ratios(paper: AuditedPaper, claim: Claim) -> Finding:
    fit = paper.recovered
    values = {
        value.name: increase(paper.printed(f"3/CG-RecNet/{column}"), paper.printed(f"3/Baseline/{column}")).middle
        for value, column in zip(claim.values, ("parameters", "gflops"), strict=True)
    }
    checks = [claim.allows(value, values[value.name]) for value in claim.values]
    if fit is not None:
        counted = paper.gmacs(fit)
        recounted = ((fit.both, paper.bases[fit.backbone]), (counted["CG-RecNet"], counted["Baseline"]))
        for value, pair in zip(claim.values, recounted, strict=True):
            values[f"recovered_{value.name}"] = increase_of(*pair)
            checks.append(claim.allows(value, increase_of(*pair)))
    return Finding(verdict_of(checks), values, as_written=fit is not None)


def attention_cost(paper: AuditedPaper, claim: Claim) -> Finding:
    fit = paper.recovered
    if fit is None:
        return NO_FIT
    counted = paper.gmacs(fit)
    fusion, gate = (counted[m] - counted["Baseline"] for m in ("ResCMNet", "ResGDNet"))
    verdict = verdict_of([any(claim.allows(claim.values[0], k * fusion) for k in (1, 2))])
    return Finding(verdict, {"fusion": fusion, "doubled": 2 * fusion, "gate": gate})


def vgg(paper: AuditedPaper, claim: Claim) -> Finding:
    count, macs = vgg16_parameters() / 1e6, vgg16_macs() / GIGA
    own, cost = (paper.known(f"3/CG-RecNet/{column}").number for column in ("parameters", "gflops"))
    checks = [claim.allows(claim.values[0], count), own < count, cost < macs]
    return Finding(verdict_of(checks), {"millions": count, "gmacs": macs, "own_millions": own, "own_gflops": cost})


#: Claim -> how arithmetic judges it.
RULES: dict[str, Judge] = {
    "C02": split,
    "C09": placement,
    "C10": parameters,
    "C11": parameters,
    "C12": parameters,
    "C13": baseline_parameters,
    "C14": gflops,
    "C15": ratios,
    "C32": convergence,
    "C36": vgg,
    "C42": attention_cost,
    "C43": shares,
    "C44": laptop,
}
