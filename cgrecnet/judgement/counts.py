"""Claims on what was done and what it costs, held against arithmetic: split, schedule, time; parameters and operations.

Do the printed counts follow from an architecture that the text allows?
"""

from __future__ import annotations

from cgrecnet.evaluation.verdicts import Judgement, Verdict, verdict_of
from cgrecnet.judgement.audited import CLASSES, GIGA, SIDE_OF_CHANNELS, AuditedPaper, Judge
from cgrecnet.paper.audit.complexity import additivity, increase, increase_of
from cgrecnet.paper.audit.compute_time import TORCHVISION_GMACS, protocol_cost
from cgrecnet.paper.audit.counting import fusion_macs, resnet50_parameters, vgg16_macs, vgg16_parameters
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.recovery import as_labelled_beyond_the_grid
from cgrecnet.paper.audit.schedule import first_lost_epoch, last_useful_epoch, left_shares
from cgrecnet.paper.audit.split import largest_share_difference
from cgrecnet.paper.claims import Claim

LAPTOP_FLOPS = 3e12  # an assumption: about a third of the card's peak in float32


def split(paper: AuditedPaper, claim: Claim) -> Judgement:
    good = [o for o in paper.splits if o.matches]
    bad = [o for o in paper.splits if not o.matches]
    return Judgement(
        verdict_of([bool(good)]),
        " / ".join(f"{n:,}" for n in (good or paper.splits)[0].test),
        f"{len(good)} of {len(paper.splits)} split rules give the printed test supports"
        + (f"; these do not: {', '.join(o.rule for o in bad)}." if bad else "."),
    )


def shares(paper: AuditedPaper, claim: Claim) -> Judgement:
    good = [o for o in paper.splits if o.matches]
    if not good:
        return Judgement(verdict_of([False]), "no rule", "No split rule gives the printed supports.")
    worst = max(largest_share_difference(o) for o in good)
    return Judgement(
        verdict_of([worst <= claim.tolerance.absolute]), f"{worst:.1e}",
        "That is the largest difference of a class share between subsets, over the rules that fit C02.",
    )


def convergence(paper: AuditedPaper, claim: Claim) -> Judgement:
    rates, limit = paper.rates, claim.tolerance.absolute
    spent = last_useful_epoch(rates, limit)
    lost = [first_lost_epoch(lr * rates) for lr in (1e-4, 1e-3)]
    half = left_shares(rates)[len(rates) // 2 - 1]
    rests, declines = spent < len(rates), half > limit
    return Judgement(
        verdict_of([rests, declines], unchecked=1), f"{100 * (1 - limit):.1f} % spent by epoch {spent}",
        f"The schedule {'brings' if rests else 'does not bring'} training to rest"
        + (f", and leaves room for a decline all through {len(rates)} epochs." if declines else
           f", but a decline all through {len(rates)} epochs cannot come from it: for first rates of 1e-4 and 1e-3 "
           f"usual updates are rounded away from epochs {lost[0]} and {lost[1]}."),
    )


def laptop(paper: AuditedPaper, claim: Claim) -> Judgement:
    fit = paper.recovered
    own = paper.gmacs(fit) if fit else {}
    names = ("densenet121", "vgg16", "mobilenet_v2", "vit_b_16")
    models = {**own, **{m: TORCHVISION_GMACS[m] for m in names}}
    cells = sum(int(paper.known(f"1/{name}/count").number) for name in CLASSES)
    folds, epochs = (int(claim.value(n).number) for n in ("folds", "epochs"))
    days = protocol_cost(models, cells * (folds - 1) // folds, epochs, folds, 1, LAPTOP_FLOPS).days
    return Judgement(Verdict.CANNOT_BE_TESTED_HERE, f"{days:.0f} days for one seed",
                   f"The paper prints no training time; this is a lower bound for {len(models)} models in {folds} "
                   f"folds at an assumed {LAPTOP_FLOPS / 1e12:.0f} TFLOP/s.")


def no_fit(paper: AuditedPaper) -> Judgement:
    """The outcome of a claim on an architecture when no candidate gives the printed rows."""
    tried = paper.as_labelled.tried + paper.exchanged.tried
    return Judgement(Verdict.CANNOT_BE_RECONCILED, "no fit", f"None of {tried:,} combinations gives the printed rows.")


def _channels(widths: set[int]) -> str:
    return f"{' or '.join(map(str, sorted(widths)))} channels" if widths else "none"


def placement(paper: AuditedPaper, claim: Claim) -> Judgement:
    fits = paper.as_labelled.fits or paper.exchanged.fits
    if not fits:
        return no_fit(paper)
    exchanged = not paper.as_labelled.fits
    row = "ResCMNet" if exchanged else "ResGDNet"  # the printed row that holds the gate alone
    added = Interval.printed(paper.printed("3/CG-RecNet/gflops")) - Interval.printed(paper.printed(f"3/{row}/gflops"))
    near = [f for f in fits if added.contains(
        fusion_macs(f.fusion, SIDE_OF_CHANNELS[f.fusion.channels]) / GIGA)]
    gates, fusions = {f.gate.dim for f in fits}, {f.fusion.channels for f in fits}
    return Judgement(
        verdict_of([gates == {512}, fusions == {512}]),
        f"gate {_channels(gates)}; fusion {_channels(fusions)}",
        f"The {len(fits)} fits to the parameter counts{', single-module rows exchanged,' if exchanged else ''} have "
        f"modules of these widths; of the fusion's, the printed {added.middle:.2f} GFLOPs between two rows leave "
        f"{_channels({f.fusion.channels for f in near})} ({len(near)} fits).",
    )


def variant_parameters(paper: AuditedPaper, claim: Claim) -> Judgement:
    fit = paper.recovered
    if fit is None:
        return no_fit(paper)
    value = claim.values[0]
    total = {"CG-RecNet": fit.both, "ResCMNet": fit.attention_only, "ResGDNet": fit.gate_only}[value.name]
    labelled, swapped = len(paper.as_labelled.fits), len(paper.exchanged.fits)
    fits = claim.allows(value, total / 1e6)
    # Where one reading gives the rows exchanged and another gives them as labelled, the text decides neither.
    open_to_reading = not fits and _gives_labelled(paper)
    return Judgement(
        Verdict.NOT_SPECIFIED if open_to_reading else verdict_of([fits]),
        f"{total / 1e6:.4f} M" + ", fitted" * fits,
        f"Of {paper.exchanged.tried:,} combinations tried {labelled} fit the rows as labelled and {swapped} with the "
        f"two single-module rows exchanged; the value is that of the fit nearest to the public defaults"
        + (", found by a search for it, so fitted." if fits else f"; {_beyond_the_grid(paper)}."),
    )


def _gives_labelled(paper: AuditedPaper) -> bool:
    """Whether the reading known outside the search gives all three rows as labelled."""
    rows = (paper.printed(f"3/{m}/parameters") for m in ("ResCMNet", "ResGDNet", "CG-RecNet"))
    return as_labelled_beyond_the_grid().gives(*rows)


def _beyond_the_grid(paper: AuditedPaper) -> str:
    """What is known of readings outside the search that give the rows as labelled."""
    if not _gives_labelled(paper):
        return "no other reading was looked for"
    beyond = as_labelled_beyond_the_grid()
    both, gate = (Interval.printed(paper.printed(f"3/{m}/gflops")) for m in ("CG-RecNet", "ResGDNet"))
    step = both - gate
    return (f"outside the search a reading fits as labelled, whose fusion costs {beyond.fusion_macs / GIGA:.2f} GMAC "
            f"where the rows differ by {step.middle:.2f} GFLOPs, but the exchanged reading misses a printed cost too")


def baseline_parameters(paper: AuditedPaper, claim: Claim) -> Judgement:
    counts = [resnet50_parameters(*head) / 1e6 for head in ((3,), (1000,), (1000, 3))]
    table = additivity(*(paper.printed(f"3/{m}/parameters") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    return Judgement(
        verdict_of([any(claim.allows(claim.values[0], n) for n in counts)]),
        " or ".join(f"{n:.2f}" for n in counts) + " M",
        f"ResNet50 has these counts with 3, 1000 and 1000-then-3 outputs, and the other three rows imply "
        f"{table.implied.middle:.2f} ± {table.implied.half_width:.3f} M.",
    )


def gflops(paper: AuditedPaper, claim: Claim) -> Judgement:
    fit = paper.recovered
    if fit is None:
        return no_fit(paper)
    best, name, all_rows = -1, "", False
    for per_token in (True, False):
        for factor in (1, 2):
            counted = paper.gmacs(fit, per_token)
            hits = [claim.allows(v, factor * counted[v.name]) for v in claim.values]
            if sum(hits) > best:
                best, all_rows = sum(hits), all(hits)
                name = f"{'per token' if per_token else 'once per layer'}, times {factor}"
    table = additivity(*(paper.printed(f"3/{m}/gflops") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    counted = paper.gmacs(fit)
    return Judgement(
        verdict_of([all_rows]), " / ".join(f"{counted[v.name]:.2f}" for v in claim.values) + " GMAC",
        f"None of four ways of counting gives all four rows (the best, {name}, gives {best}), and three rows imply a "
        f"backbone of {table.implied.middle:.2f} where {table.printed.middle:.2f} is printed."
        if not all_rows else f"Counted {name}, all four rows agree.",
    )


def ratios(paper: AuditedPaper, claim: Claim) -> Judgement:
    fit = paper.recovered
    checks, texts = [], []
    for value, column in zip(claim.values, ("parameters", "gflops"), strict=True):
        reach = increase(paper.printed(f"3/CG-RecNet/{column}"), paper.printed(f"3/Baseline/{column}"))
        checks.append(claim.allows(value, reach.middle))
        texts.append(f"{reach.middle:.2f}")
    again = []
    if fit is not None:
        counted = paper.gmacs(fit)
        again = [increase_of(fit.both, paper.bases[fit.backbone]),
                 increase_of(counted["CG-RecNet"], counted["Baseline"])]
        checks += [claim.allows(v, x) for v, x in zip(claim.values, again, strict=True)]
    recount = " and ".join(f"{x:.1f} %" for x in again) or "nothing, since none fits"
    return Judgement(verdict_of(checks), " and ".join(texts) + " %",
                   f"The ratios of the printed numbers are these; the recovered architecture gives {recount}.")


def attention_cost(paper: AuditedPaper, claim: Claim) -> Judgement:
    fit = paper.recovered
    if fit is None:
        return no_fit(paper)
    counted = paper.gmacs(fit)
    fusion, gate = (counted[m] - counted["Baseline"] for m in ("ResCMNet", "ResGDNet"))
    return Judgement(
        verdict_of([any(claim.allows(claim.values[0], k * fusion) for k in (1, 2))]), f"{fusion:.2f} GMAC",
        f"That is the recovered fusion module, {2 * fusion:.2f} if every multiply-add counts as two operations; "
        f"the gated block has {gate:.2f} GMAC.",
    )


def vgg(paper: AuditedPaper, claim: Claim) -> Judgement:
    count = vgg16_parameters() / 1e6
    own = paper.known("3/CG-RecNet/parameters").number, paper.known("3/CG-RecNet/gflops").number
    checks = [claim.allows(claim.values[0], count), own[0] < count, own[1] < vgg16_macs() / GIGA]
    return Judgement(verdict_of(checks), f"{count:.2f} M and {vgg16_macs() / GIGA:.2f} GMAC",
                   f"That is VGG-16 with 1000 outputs, against the printed {own[0]:.2f} M and {own[1]:.2f} GFLOPs.")


#: Claim -> how arithmetic judges it.
RULES: dict[str, Judge] = {
    "C02": split,
    "C09": placement,
    "C10": variant_parameters,
    "C11": variant_parameters,
    "C12": variant_parameters,
    "C13": baseline_parameters,
    "C14": gflops,
    "C15": ratios,
    "C32": convergence,
    "C36": vgg,
    "C42": attention_cost,
    "C43": shares,
    "C44": laptop,
}
