"""How the audit decides each claim that arithmetic can speak to; claims not named here wait for code or data."""

from __future__ import annotations

from collections.abc import Callable

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.verdicts import Outcome, Verdict, verdict_of
from cgrecnet.figures.audited import CLASSES, COMPARATORS, GIGA, SIDE_OF_CHANNELS, AuditedPaper
from cgrecnet.paper.audit.attainable import accuracy_range
from cgrecnet.paper.audit.complexity import additivity, increase, increase_of
from cgrecnet.paper.audit.cost import TORCHVISION_GMACS, protocol_cost
from cgrecnet.paper.audit.counting import fusion_macs, resnet50_parameters, vgg16_macs, vgg16_parameters
from cgrecnet.paper.audit.interval import Interval
from cgrecnet.paper.audit.schedule import first_lost_epoch, last_useful_epoch, left_shares
from cgrecnet.paper.audit.split import largest_share_difference
from cgrecnet.paper.audit.spread import common_sd, variance_ratio_p
from cgrecnet.paper.claims import Claim

Judge = Callable[[AuditedPaper, Claim], Outcome]
JUDGES: dict[str, Judge] = {}

LEVEL = 0.05  # section 2.5
LAPTOP_FLOPS = 3e12  # an assumption: about a third of the card's peak in float32
WAITS = "its value needs the paper's images"


def judges(*ids: str) -> Callable[[Judge], Judge]:
    """Enter a function as the judge of these claims."""

    def enter(judge: Judge) -> Judge:
        JUDGES.update(dict.fromkeys(ids, judge))
        return judge

    return enter


def _no_fit(paper: AuditedPaper) -> Outcome:
    tried = paper.as_labelled.tried + paper.exchanged.tried
    return Outcome(Verdict.CANNOT_BE_RECONCILED, "no fit", f"None of {tried:,} combinations gives the printed rows.")


@judges("C02")
def split(paper: AuditedPaper, claim: Claim) -> Outcome:
    good = [o for o in paper.splits if o.matches]
    bad = [o for o in paper.splits if not o.matches]
    return Outcome(
        verdict_of([bool(good)]),
        " / ".join(f"{n:,}" for n in (good or paper.splits)[0].test),
        f"{len(good)} of {len(paper.splits)} split rules give the printed test supports"
        + (f"; these do not: {', '.join(o.rule for o in bad)}." if bad else "."),
    )


@judges("C43")
def shares(paper: AuditedPaper, claim: Claim) -> Outcome:
    good = [o for o in paper.splits if o.matches]
    if not good:
        return Outcome(verdict_of([False]), "no rule", "No split rule gives the printed supports.")
    worst = max(largest_share_difference(o) for o in good)
    return Outcome(
        verdict_of([worst <= claim.tolerance.absolute]), f"{worst:.1e}",
        "That is the largest difference of a class share between subsets, over the rules that fit C02.",
    )


@judges("C09")
def placement(paper: AuditedPaper, claim: Claim) -> Outcome:
    fits = paper.as_labelled.fits or paper.exchanged.fits
    if not fits:
        return _no_fit(paper)
    exchanged = not paper.as_labelled.fits
    row = "ResCMNet" if exchanged else "ResGDNet"  # the printed row that holds the gate alone
    added = Interval.printed(paper.printed("3/CG-RecNet/gflops")) - Interval.printed(paper.printed(f"3/{row}/gflops"))
    near = [f for f in fits if added.contains(
        fusion_macs(f.fusion, SIDE_OF_CHANNELS[f.fusion.channels]) / GIGA)]
    places = {f.fusion.channels for f in near} | {f.gate.dim for f in near}
    return Outcome(
        verdict_of([places == {512}]), " and ".join(f"{c} channels" for c in sorted(places)) or "none",
        f"{len(near)} of {len(fits)} fits to the parameter counts also add the printed {added.middle:.2f} GFLOPs"
        + (", with the single-module rows exchanged." if exchanged else "."),
    )


@judges("C10", "C11", "C12")
def variant_parameters(paper: AuditedPaper, claim: Claim) -> Outcome:
    fit = paper.recovered
    if fit is None:
        return _no_fit(paper)
    value = claim.values[0]
    total = {"CG-RecNet": fit.both, "ResCMNet": fit.attention_only, "ResGDNet": fit.gate_only}[value.name]
    labelled, swapped = len(paper.as_labelled.fits), len(paper.exchanged.fits)
    return Outcome(
        verdict_of([claim.allows(value, total / 1e6)]), f"{total / 1e6:.4f} M",
        f"Of {paper.exchanged.tried:,} combinations {labelled} fit the rows as labelled and {swapped} with the two "
        f"single-module rows exchanged; the value is that of the fit nearest to the public defaults.",
    )


@judges("C13")
def baseline_parameters(paper: AuditedPaper, claim: Claim) -> Outcome:
    counts = [resnet50_parameters(*head) / 1e6 for head in ((3,), (1000,), (1000, 3))]
    table = additivity(*(paper.printed(f"3/{m}/parameters") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    return Outcome(
        verdict_of([any(claim.allows(claim.values[0], n) for n in counts)]),
        " or ".join(f"{n:.2f}" for n in counts) + " M",
        f"ResNet50 has these counts with 3, 1000 and 1000-then-3 outputs, and the other three rows imply "
        f"{table.implied.middle:.2f} ± {table.implied.half_width:.3f} M.",
    )


@judges("C14")
def gflops(paper: AuditedPaper, claim: Claim) -> Outcome:
    fit = paper.recovered
    if fit is None:
        return _no_fit(paper)
    best, name, whole = -1, "", False
    for per_token in (True, False):
        for factor in (1, 2):
            counted = paper.gmacs(fit, per_token)
            hits = [claim.allows(v, factor * counted[v.name]) for v in claim.values]
            if sum(hits) > best:
                best, whole = sum(hits), all(hits)
                name = f"{'per token' if per_token else 'once per layer'}, times {factor}"
    table = additivity(*(paper.printed(f"3/{m}/gflops") for m in ("ResCMNet", "ResGDNet", "CG-RecNet", "Baseline")))
    counted = paper.gmacs(fit)
    return Outcome(
        verdict_of([whole]), " / ".join(f"{counted[v.name]:.2f}" for v in claim.values) + " GMAC",
        f"No way of counting gives all four rows (the best, {name}, gives {best}), and three rows imply a backbone of "
        f"{table.implied.middle:.2f} where {table.printed.middle:.2f} is printed."
        if not whole else f"Counted {name}, all four rows agree.",
    )


@judges("C15")
def ratios(paper: AuditedPaper, claim: Claim) -> Outcome:
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
    return Outcome(verdict_of(checks), " and ".join(texts) + " %",
                   f"The ratios of the printed numbers are these; the recovered architecture gives {recount}.")


@judges("C42")
def attention_cost(paper: AuditedPaper, claim: Claim) -> Outcome:
    fit = paper.recovered
    if fit is None:
        return _no_fit(paper)
    counted = paper.gmacs(fit)
    fusion, gate = (counted[m] - counted["Baseline"] for m in ("ResCMNet", "ResGDNet"))
    return Outcome(
        verdict_of([claim.allows(claim.values[0], k * fusion) for k in (1, 2)]), f"{fusion:.2f} GMAC",
        f"That is the recovered fusion module, {2 * fusion:.2f} if every multiply-add counts as two operations; "
        f"the gated block has {gate:.2f} GMAC.",
    )


@judges("C16", "C18", "C22", "C23", "C24")
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


@judges("C17")
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


@judges("C27")
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


@judges("C20")
def gain_over_baseline(paper: AuditedPaper, claim: Claim) -> Outcome:
    test = paper.comparison("Baseline")
    bound = claim.value("p below").number
    checks = [claim.allows(claim.value("gain"), test.difference), test.with_rounding.high < bound]
    return Outcome(
        verdict_of(checks, unchecked=1), f"{test.difference:+.2f}, p at most {test.with_rounding.high:.1e}",
        "The difference follows from the printed means; p is the largest over every fold correlation and every "
        "rounding; the accuracies themselves need the paper's images.",
    )


@judges("C21")
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


@judges("C25")
def oligodendrocytes(paper: AuditedPaper, claim: Claim) -> Outcome:
    row = "5/Oligodendrocytes"
    gain = paper.known(f"{row}/CG-RecNet").number - paper.known(f"{row}/Baseline").number
    same = abs(gain - claim.values[0].number) <= 0.01 + 1e-9
    return Outcome(verdict_of([same], unchecked=1), f"{gain:+.2f} percentage points",
                   "The difference follows from the two printed F1s, which need the paper's images themselves.")


@judges("C26")
def best_in_every_class(paper: AuditedPaper, claim: Claim) -> Outcome:
    margins = {}
    for name in CLASSES:
        others = [paper.known(f"5/{name}/{m}").number for m in (*COMPARATORS, "Baseline")]
        margins[name] = paper.known(f"5/{name}/CG-RecNet").number - max(others)
    return Outcome(
        verdict_of([m > 0 for m in margins.values()], unchecked=1),
        ", ".join(f"{m:+.2f} on {name.lower()}" for name, m in margins.items()),
        "These are the printed margins over the best other model; whether they exceed chance needs the paper's images.",
    )


@judges("C30")
def lower_variance(paper: AuditedPaper, claim: Claim) -> Outcome:
    own = float(paper.scores["CG-RecNet"].sd)
    p = {m: variance_ratio_p(own, float(paper.scores[m].sd), 5) for m in COMPARATORS if m in paper.scores}
    checks = [all(own < float(paper.scores[m].sd) for m in p), all(x < LEVEL for x in p.values())]
    return Outcome(verdict_of(checks, unchecked=1), ", ".join(f"{m} p {x:.2f}" for m, x in p.items()),
                   "The printed SD is the smallest; these are one-sided F tests of five folds each, before any "
                   "correction for several comparisons.")


@judges("C31")
def over_xception(paper: AuditedPaper, claim: Claim) -> Outcome:
    before = claim.value("accuracy of the Xception")
    margin = paper.known("4/CG-RecNet/accuracy").number - before.number
    return Outcome(verdict_of([claim.allows(claim.value("margin"), margin)], unchecked=1), f"{margin:+.1f}",
                   "The difference follows from the printed numbers, which come from two different test sets.")


@judges("C32")
def convergence(paper: AuditedPaper, claim: Claim) -> Outcome:
    rates, limit = paper.rates, claim.tolerance.absolute
    spent = last_useful_epoch(rates, limit)
    lost = [first_lost_epoch(lr * rates) for lr in (1e-4, 1e-3)]
    half = left_shares(rates)[len(rates) // 2 - 1]
    checks = [spent <= len(rates), half > limit]
    return Outcome(
        verdict_of(checks, unchecked=1), f"{100 * (1 - limit):.1f} % spent by epoch {spent}",
        f"The schedule brings training to rest, but a decline all through {len(rates)} epochs cannot come from it: for "
        f"first rates of 1e-4 and 1e-3 usual updates are rounded away from epochs {lost[0]} and {lost[1]}.",
    )


@judges("C33")
def seeds(paper: AuditedPaper, claim: Claim) -> Outcome:
    test = paper.comparison("Baseline", runs=3)
    return Outcome(
        Verdict.CANNOT_BE_TESTED_HERE, f"p {test.uncorrelated.p:.4f}, at most {test.highest_p:.4f}",
        "No SD over seeds is printed, and three seeds on the paper's images are not at hand; with the printed SDs and "
        "three runs this is p for uncorrelated scores and its largest value.",
    )


@judges("C36")
def vgg(paper: AuditedPaper, claim: Claim) -> Outcome:
    count = vgg16_parameters() / 1e6
    own = paper.known("3/CG-RecNet/parameters").number, paper.known("3/CG-RecNet/gflops").number
    checks = [claim.allows(claim.values[0], count), own[0] < count, own[1] < vgg16_macs() / GIGA]
    return Outcome(verdict_of(checks), f"{count:.2f} M and {vgg16_macs() / GIGA:.2f} GMAC",
                   f"That is VGG-16 with 1000 outputs, against the printed {own[0]:.2f} M and {own[1]:.2f} GFLOPs.")


@judges("C39")
def second_best(paper: AuditedPaper, claim: Claim) -> Outcome:
    means = {m: float(s.mean) for m, s in paper.scores.items() if m != "CG-RecNet"}
    among = max((m for m in means if m in COMPARATORS), key=means.get)
    overall = max(means, key=means.get)
    return Outcome(verdict_of([among == "MobileNetV2", overall == "MobileNetV2"]), f"{among}; {overall}",
                   f"Second in Table 4 is {among} ({means[among]:.2f}), second over Tables 3 and 4 is {overall} "
                   f"({means[overall]:.2f}).")


@judges("C40")
def over_baselines(paper: AuditedPaper, claim: Claim) -> Outcome:
    gains = {m: paper.comparison(m).difference for m in ("Baseline", *COMPARATORS) if m in paper.scores}
    reached = [gain >= claim.values[0].number - claim.tolerance.absolute - 1e-9 for gain in gains.values()]
    return Outcome(verdict_of(reached), ", ".join(f"{g:+.2f} over {m}" for m, g in gains.items()),
                   f"{sum(reached)} of {len(reached)} printed differences reach the claimed improvement.")


@judges("C41")
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


@judges("C44")
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
