"""How runs on the paper's own cells decide the claims that need them; the tolerances are those of claims.yaml.

A claim about a difference has a tolerance for the difference of two printed numbers; for a measured one, the tolerances
of the two accuracies are added as squares, as claims.yaml says in C31.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot

import numpy as np

from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t
from cgrecnet.evaluation.verdicts import Judgement, Verdict, verdict_of
from cgrecnet.judgement.audited import CLASSES, COMPARATORS, LEVEL, AuditedPaper
from cgrecnet.judgement.paper_runs import PaperRuns
from cgrecnet.paper.claims import Claim

RunJudge = Callable[[AuditedPaper, Claim, PaperRuns], Judgement | None]

OWN = "CG-RecNet"
RIVALS = ("Baseline", *COMPARATORS)

#: Claim -> its printed values, each with the model and where its score stands in a record's `test`.
PRINTED: dict[str, dict[str, tuple[str | int, ...]]] = {
    "C16": {"accuracy": (OWN, "accuracy")},
    "C17": {name: (OWN, "weighted", name.lower()) for name in ("precision", "recall", "F1")},
    "C18": {"accuracy": ("Baseline", "accuracy")},
    "C22": {"accuracy": ("MobileNetV2", "accuracy"), "F1": ("MobileNetV2", "weighted", "f1")},
    "C23": {name: (name, "accuracy") for name in COMPARATORS[1:]},
    "C24": {f"{model} {name.lower()}": (model, "per_class", index, "f1")
            for model in (OWN, *RIVALS) for index, name in enumerate(CLASSES)},
    "C27": {name.lower(): (OWN, "per_class", index, "recall") for index, name in enumerate(CLASSES)},
    "C28": {"AUC": (OWN, "macro", "auc")},
}  # fmt: skip


def as_printed(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement | None:
    """The claims of `PRINTED`: the mean over folds of each score against its printed value; None without any run."""
    checks, texts = [], []
    for name, (model, *path) in PRINTED[claim.id].items():
        if runs.has(model):
            found, value = runs.scores(model, *path), claim.value(name)
            checks.append(claim.allows(value, found.mean() / (100 if value.unit == "area" else 1)))
            texts.append(f"{model} {name} {mean_and_sd(found)}")
    return decide(checks, "; ".join(texts), missing=len(PRINTED[claim.id]) - len(checks)) if checks else None


def attention_only(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement:
    """C19: ResCMNet; the rows of the two single-module models may be exchanged, so both are looked at."""
    found = {name: runs.scores(name, "accuracy") for name in ("ResCMNet", "ResGDNet")}
    own, other = (claim.allows(claim.value("accuracy"), scores.mean()) for scores in found.values())
    text = "; ".join(f"{name} {mean_and_sd(scores)}" for name, scores in found.items())
    if other and not own:
        return Judgement(Verdict.HOLDS_IN_PART, text, "Only the other single-module model lies within the tolerance.")
    return decide([own], text)


def gain(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement:
    """C20: the gain over the baseline, its size and the paper's paired test over folds."""
    first, second = runs.scores("CG-RecNet", "accuracy"), runs.scores("Baseline", "accuracy")
    difference, p = (first - second).mean(), paired_p(first, second)
    width = hypot(*(width_of(paper, name) for name in ("C16", "C18")))
    checks = [
        abs(difference - claim.value("gain").number) <= width,
        difference > 0 and p < claim.value("p below").number,
    ]
    text = f"{difference:+.2f} percentage points, p {p:.2g} (n = {len(first)} folds)"
    corrected = paired_p(first, second, runs.test_share("CG-RecNet"))
    return decide(checks, text, remark=f"corrected for overlapping folds, p is {corrected:.2g}")


def each_module(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement:
    """C21: each step of the ablation, paired over folds, at the paper's level."""
    checks, texts = [], []
    for one, other in (("ResCMNet", "Baseline"), ("ResGDNet", "Baseline"), (OWN, "ResCMNet"), (OWN, "ResGDNet")):
        first, second = runs.scores(one, "accuracy"), runs.scores(other, "accuracy")
        p, difference = paired_p(first, second), (first - second).mean()
        checks.append(difference > 0 and p < LEVEL)
        texts.append(f"{one} over {other} {difference:+.2f} (p {p:.2g})")
    return decide(checks, "; ".join(texts) + f", n = {len(first)} folds")


def gain_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement:
    """C25: the gain in F1 on oligodendrocytes."""
    path = ("per_class", CLASSES.index("Oligodendrocytes"), "f1")
    found = runs.scores(OWN, *path) - runs.scores("Baseline", *path)
    text = f"{found.mean():+.2f} ± {found.std(ddof=1):.2f} percentage points (mean ± SD, n = {len(found)} folds)"
    return decide([claim.allows(claim.values[0], found.mean())], text)


def best_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement | None:
    """C26: the F1 of CG-RecNet ahead of the best other model's in each class; None where no other model was run.

    A margin whose 95 % interval over folds (corrected) includes 0 is one that was not settled.
    """
    others = [name for name in RIVALS if runs.has(name)]
    if not others:
        return None
    checks, missing, texts = [], len(RIVALS) - len(others), []
    for index, name in enumerate(CLASSES):
        own, *rivals = (runs.scores(model, "per_class", index, "f1") for model in (OWN, *others))
        best = max(range(len(others)), key=lambda place: rivals[place].mean())
        margin = (own - rivals[best]).mean()
        checks.append(margin > 0)
        missing += bool(margin > 0 and paired_p(own, rivals[best], runs.test_share(OWN)) >= LEVEL)
        texts.append(f"{margin:+.2f} over {others[best]} on {name.lower()}")
    return decide(checks, "; ".join(texts) + f" (means of n = {len(own)} folds)", missing)


def over_xception(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Judgement:
    """C31: the margin over Zhu's network, trained on the same folds; on data the sampling error of C16 applies."""
    other = runs.scores("zhu_xception", "accuracy")
    margin = (runs.scores(OWN, "accuracy") - other).mean()
    off = (other.mean() - claim.value("accuracy of the Xception").number, margin - claim.value("margin").number)
    checks = [abs(by) <= width_of(paper, "C16") for by in off]
    return decide(checks, f"Xception {mean_and_sd(other)}, margin {margin:+.2f}")


def decide(checks: list[bool], text: str, missing: int = 0, remark: str = "") -> Judgement:
    """The verdict from the parts that runs checked; missing: parts that they could not settle."""
    reason = f"On the paper's cells {sum(checks)} of {len(checks)} parts lie within the tolerance"
    reason += f", {missing} could not be settled by these runs" if missing else ""
    reason += f"; {remark}" if remark else ""
    return Judgement(verdict_of(checks, missing), text, reason + ".")


def mean_and_sd(scores: np.ndarray) -> str:
    """Scores over folds as text, with their n."""
    return f"{scores.mean():.2f} ± {scores.std(ddof=1):.2f} % (n = {len(scores)} folds)"


def width_of(paper: AuditedPaper, name: str) -> float:
    """The half-width of the tolerance of a claim's accuracy, in percentage points."""
    claim = paper.claims[name]
    return claim.tolerance.half_width(claim.value("accuracy"))


def paired_p(first: np.ndarray, second: np.ndarray, test_share: float | None = None) -> float:
    """p of the paper's paired t-test, or of the corrected one where the share of test cells is given.

    It is 1 where the differences have no spread, so that nothing was shown.
    """
    try:
        if test_share is None:
            return paired_t(first / 100, second / 100).p_value
        return corrected_resampled_t(first / 100, second / 100, test_share).p_value
    except ValueError:
        return 1.0


#: Claim -> the models that have to have been run, and how their runs judge it.
RULES: dict[str, tuple[tuple[str, ...], RunJudge]] = {
    **{name: ((), as_printed) for name in PRINTED},
    "C19": (("ResCMNet", "ResGDNet"), attention_only),
    "C20": ((OWN, "Baseline"), gain),
    "C21": ((OWN, "ResCMNet", "ResGDNet", "Baseline"), each_module),
    "C25": ((OWN, "Baseline"), gain_in_class),
    "C26": ((OWN,), best_in_class),
    "C31": ((OWN, "zhu_xception"), over_xception),
}
