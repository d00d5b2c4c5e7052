"""How runs on the paper's own cells decide the claims that need them; the tolerances are those of claims.yaml.

Where a claim is also one of arithmetic and its printed numbers cannot be reconciled with each other, no run can mend
that: it stays a part that fails. A claim about a difference has a tolerance for the difference of two printed numbers;
for a measured one, the tolerances of the two accuracies are added as squares, as claims.yaml says in C31.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot

import numpy as np

from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t
from cgrecnet.evaluation.verdicts import Outcome, Verdict, verdict_of
from cgrecnet.figures.audited import CLASSES, COMPARATORS, AuditedPaper
from cgrecnet.figures.paper_runs import PaperRuns
from cgrecnet.figures.rules import JUDGES, LEVEL
from cgrecnet.paper.claims import Claim

RunJudge = Callable[[AuditedPaper, Claim, PaperRuns], Outcome | None]


def accuracy(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C16, C18, C22, C23: accuracies (and an F1) of one or more models."""
    parts = {
        "C16": {"accuracy": ("CG-RecNet", "accuracy")},
        "C18": {"accuracy": ("Baseline", "accuracy")},
        "C22": {"accuracy": ("MobileNetV2", "accuracy"), "F1": ("MobileNetV2", "weighted", "f1")},
        "C23": {name: (name, "accuracy") for name in COMPARATORS[1:]},
    }[claim.id]
    checks, texts = [], []
    for value, (model, *path) in parts.items():
        if runs.has(model):
            found = runs.scores(model, *path)
            checks.append(claim.allows(claim.value(value), found.mean()))
            texts.append(f"{model} {mean_and_sd(found)}")
    return _decide(paper, claim, checks, len(parts) - len(checks), "; ".join(texts))


def weighted(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C17: weighted precision, recall and F1 of CG-RecNet."""
    if not runs.has("CG-RecNet"):
        return None
    found = {name: runs.scores("CG-RecNet", "weighted", name.lower()) for name in ("precision", "recall", "F1")}
    checks = [claim.allows(claim.value(name), scores.mean()) for name, scores in found.items()]
    return _decide(paper, claim, checks, 0, "; ".join(f"{name} {mean_and_sd(s)}" for name, s in found.items()))


def attention_only(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C19: ResCMNet; the rows of the two single-module models may be exchanged, so both are looked at."""
    if not runs.has("ResCMNet", "ResGDNet"):
        return None
    found = {name: runs.scores(name, "accuracy") for name in ("ResCMNet", "ResGDNet")}
    own, other = (claim.allows(claim.value("accuracy"), scores.mean()) for scores in found.values())
    text = "; ".join(f"{name} {mean_and_sd(s)}" for name, s in found.items())
    if other and not own:
        return Outcome(Verdict.HOLDS_IN_PART, text, "Only the other single-module model lies within the tolerance.")
    return _decide(paper, claim, [own], 0, text)


def gain(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C20: the gain over the baseline, its size and the paper's paired test over folds."""
    if not runs.has("CG-RecNet", "Baseline"):
        return None
    first, second = runs.scores("CG-RecNet", "accuracy"), runs.scores("Baseline", "accuracy")
    printed, bound = claim.value("gain").number, claim.value("p below").number
    width = hypot(*(_width(paper, name) for name in ("C16", "C18")))
    p, corrected = _paired_p(first, second), _corrected_p(first, second, runs.test_share("CG-RecNet"))
    difference = (first - second).mean()
    checks = [abs(difference - printed) <= width, difference > 0 and p < bound]
    text = f"{difference:+.2f} percentage points, p {p:.2g} (n = {len(first)} folds)"
    return _decide(paper, claim, checks, 0, text, f"corrected for overlapping folds, p is {corrected:.2g}")


def each_module(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C21: each step of the ablation, paired over folds, at the paper's level."""
    steps = (("ResCMNet", "Baseline"), ("ResGDNet", "Baseline"), ("CG-RecNet", "ResCMNet"), ("CG-RecNet", "ResGDNet"))
    if not runs.has("CG-RecNet", "ResCMNet", "ResGDNet", "Baseline"):
        return None
    checks, texts = [], []
    for one, other in steps:
        first, second = runs.scores(one, "accuracy"), runs.scores(other, "accuracy")
        p, difference = _paired_p(first, second), (first - second).mean()
        checks.append(difference > 0 and p < LEVEL)
        texts.append(f"{one} over {other} {difference:+.2f} (p {p:.2g})")
    return _decide(paper, claim, checks, 0, "; ".join(texts) + f", n = {len(first)} folds")


def class_f1(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C24: the F1 of every class and model in Table 5."""
    checks, missing = [], 0
    for value in claim.values:
        model, _, name = value.name.rpartition(" ")
        if runs.has(model):
            found = runs.class_scores(model, CLASSES.index(name.capitalize()), "f1")
            checks.append(claim.allows(value, found.mean()))
        else:
            missing += 1
    text = f"{sum(checks)} of {len(checks)} F1s within the tolerance"
    return _decide(paper, claim, checks, missing, text)


def gain_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C25: the gain in F1 on oligodendrocytes."""
    if not runs.has("CG-RecNet", "Baseline"):
        return None
    index = CLASSES.index("Oligodendrocytes")
    found = runs.class_scores("CG-RecNet", index, "f1") - runs.class_scores("Baseline", index, "f1")
    text = f"{found.mean():+.2f} ± {found.std(ddof=1):.2f} percentage points (mean ± SD, n = {len(found)} folds)"
    return _decide(paper, claim, [claim.allows(claim.values[0], found.mean())], 0, text)


def best_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C26: the F1 of CG-RecNet ahead of the best other model's in each class; a margin whose 95 % interval over folds
    (corrected) includes 0 is one that was not settled."""
    others = [name for name in ("Baseline", *COMPARATORS) if runs.has(name)]
    if not runs.has("CG-RecNet") or not others:
        return None
    checks, open_parts, texts = [], 5 - len(others), []
    for index, name in enumerate(CLASSES):
        own = runs.class_scores("CG-RecNet", index, "f1")
        rivals = {other: runs.class_scores(other, index, "f1") for other in others}
        best = max(rivals, key=lambda other: rivals[other].mean())
        margin = own - rivals[best]
        checks.append(margin.mean() > 0)
        open_parts += bool(checks[-1] and _corrected_p(own, rivals[best], runs.test_share("CG-RecNet")) >= LEVEL)
        texts.append(f"{margin.mean():+.2f} over {best} on {name.lower()}")
    text = "; ".join(texts) + f" (means of n = {len(margin)} folds)"
    return _decide(paper, claim, checks, open_parts, text)


def diagonal(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C27: the recall of each class."""
    if not runs.has("CG-RecNet"):
        return None
    found = [runs.class_scores("CG-RecNet", index, "recall") for index in range(len(CLASSES))]
    checks = [claim.allows(value, scores.mean()) for value, scores in zip(claim.values, found, strict=True)]
    return _decide(paper, claim, checks, 0, " / ".join(mean_and_sd(scores) for scores in found))


def macro_area(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C28: the macro-average area under the ROC curves."""
    if not runs.has("CG-RecNet"):
        return None
    found = runs.scores("CG-RecNet", "macro", "auc") / 100
    text = f"{found.mean():.4f} ± {found.std(ddof=1):.4f} (mean ± SD, n = {len(found)} folds)"
    return _decide(paper, claim, [claim.allows(claim.values[0], found.mean())], 0, text)


def over_xception(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Outcome | None:
    """C31: the margin over Zhu's network, trained on the same folds; on data the sampling error of C16 applies."""
    if not runs.has("CG-RecNet", "zhu_xception"):
        return None
    own, other = runs.scores("CG-RecNet", "accuracy"), runs.scores("zhu_xception", "accuracy")
    width = _width(paper, "C16")
    checks = [
        abs(other.mean() - claim.value("accuracy of the Xception").number) <= width,
        abs((own - other).mean() - claim.value("margin").number) <= width,
    ]
    text = f"Xception {mean_and_sd(other)}, margin {(own - other).mean():+.2f}"
    return _decide(paper, claim, checks, 0, text)


def mean_and_sd(scores: np.ndarray) -> str:
    """Scores over folds as text, with their n."""
    return f"{scores.mean():.2f} ± {scores.std(ddof=1):.2f} % (n = {len(scores)} folds)"


def _width(paper: AuditedPaper, name: str) -> float:
    claim = paper.claims[name]
    return claim.tolerance.half_width(claim.value("accuracy"))


def _paired_p(first: np.ndarray, second: np.ndarray) -> float:
    """p of the paper's paired t-test; 1 where the differences have no spread, so that nothing was shown."""
    try:
        return paired_t(first / 100, second / 100).p_value
    except ValueError:
        return 1.0


def _corrected_p(first: np.ndarray, second: np.ndarray, test_share: float) -> float:
    try:
        return corrected_resampled_t(first / 100, second / 100, test_share).p_value
    except ValueError:
        return 1.0


def _decide(
    paper: AuditedPaper, claim: Claim, checks: list[bool], missing: int, text: str, remark: str = ""
) -> Outcome | None:
    """The verdict from the parts that runs checked, and from the printed numbers where these contradict each other."""
    if not checks:
        return None
    parts = [bool(check) for check in checks]
    reason = f"On the paper's cells {sum(parts)} of {len(parts)} parts lie within the tolerance"
    if missing:
        reason += f", {missing} could not be settled by the runs at hand"
    if remark:
        reason += f"; {remark}"
    if _contradicted(paper, claim):
        parts.append(False)
        reason += "; the printed numbers contradict each other, which no run can change"
    return Outcome(verdict_of(parts, missing), text, reason + ".")


def _contradicted(paper: AuditedPaper, claim: Claim) -> bool:
    """Whether the printed numbers of a claim cannot be reconciled with each other, wholly or (C24) in part."""
    if claim.id == "C24":
        return not all(check.fits for check in paper.accuracy_checks.values())
    judge = JUDGES.get(claim.id)
    return judge is not None and judge(paper, claim).verdict is Verdict.CANNOT_BE_RECONCILED


RUN_JUDGES: dict[str, RunJudge] = {
    "C16": accuracy,
    "C17": weighted,
    "C18": accuracy,
    "C19": attention_only,
    "C20": gain,
    "C21": each_module,
    "C22": accuracy,
    "C23": accuracy,
    "C24": class_f1,
    "C25": gain_in_class,
    "C26": best_in_class,
    "C27": diagonal,
    "C28": macro_area,
    "C31": over_xception,
}
