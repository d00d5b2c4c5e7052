"""How runs on the paper's own cells decide the claims that need them; the tolerances are those of claims.yaml.

A claim about a difference has a tolerance for the difference of two printed numbers; for a measured one, the tolerances
of the two accuracies are added as squares, as claims.yaml says in C31.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import hypot

import numpy as np

from cgrecnet.evaluation.paired import corrected_resampled_t, paired_t
from cgrecnet.evaluation.verdicts import verdict_of
from cgrecnet.judgement.audited import CLASSES, COMPARATORS, LEVEL, AuditedPaper
from cgrecnet.judgement.paper_runs import PaperRuns
from cgrecnet.judgement.reasons import Finding
from cgrecnet.paper.claims import Claim

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


@dataclass(frozen=True)
class Parts:
    """The parts of a claim as runs found them: each in words, and whether it lies within the tolerance.

    checks: None for what is shown and decides nothing. folds: n of each. unsettled: parts that the runs leave open.
    """

    checks: Mapping[str, bool | None]
    folds: int
    unsettled: int = 0

    def finding(self, contradicted: bool) -> Finding:
        """The verdict, with the parts for its sentence; contradicted: a further part fails, the printed numbers'."""
        parts = self.checks | ({CONTRADICTED: False} if contradicted else {})
        checks = [within for within in parts.values() if within is not None]
        counts = {"within": sum(checks), "checked": len(checks), "unsettled": self.unsettled, "folds": self.folds}
        return Finding(verdict_of(checks, self.unsettled), {"parts": "; ".join(parts), **counts})


CONTRADICTED = "the printed numbers contradict each other, which no run can change"
RunJudge = Callable[[AuditedPaper, Claim, PaperRuns], Parts | None]


def as_printed(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts | None:
    """The claims of `PRINTED`: the mean over folds of each score against its printed value; None without any run."""
    checks = {}
    for name, (model, *path) in PRINTED[claim.id].items():
        if runs.has(model):
            found, value = runs.scores(model, *path), claim.value(name)
            text = f"{model} {name.removeprefix(model).strip()}".strip()
            within = claim.allows(value, found.mean() / (100 if value.unit == "area" else 1))
            checks[f"{text} {mean_and_sd(found)}"] = within
    return Parts(checks, len(found), len(PRINTED[claim.id]) - len(checks)) if checks else None


def attention_only(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts:
    """C19: ResCMNet; the rows of the two single-module models may be exchanged, so both are looked at."""
    found = {name: runs.scores(name, "accuracy") for name in ("ResCMNet", "ResGDNet")}
    own, other = (claim.allows(claim.value("accuracy"), scores.mean()) for scores in found.values())
    texts = (f"{name} {mean_and_sd(scores)}" for name, scores in found.items())
    return Parts(dict(zip(texts, (own, None if own else other), strict=True)), len(found["ResCMNet"]))


def gain(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts:
    """C20: the gain over the baseline, its size and the paper's paired test over folds."""
    first, second = (runs.scores(name, "accuracy") for name in (OWN, "Baseline"))
    difference, p = (first - second).mean(), paired_p(first, second)
    corrected = paired_p(first, second, runs.test_share(OWN))
    width = hypot(*(width_of(paper, name) for name in ("C16", "C18")))
    near = abs(difference - claim.value("gain").number) <= width
    low = difference > 0 and p < claim.value("p below").number
    checks = {
        f"{difference:+.2f} percentage points": near,
        f"p {p:.2g}": low,
        f"p corrected for overlapping folds {corrected:.2g}": None,
    }
    return Parts(checks, len(first))


def each_module(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts:
    """C21: each step of the ablation, paired over folds, at the paper's level."""
    checks = {}
    for one, other in (("ResCMNet", "Baseline"), ("ResGDNet", "Baseline"), (OWN, "ResCMNet"), (OWN, "ResGDNet")):
        first, second = runs.scores(one, "accuracy"), runs.scores(other, "accuracy")
        p, difference = paired_p(first, second), (first - second).mean()
        checks[f"{one} over {other} {difference:+.2f} (p {p:.2g})"] = difference > 0 and p < LEVEL
    return Parts(checks, len(first))


def gain_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts:
    """C25: the gain in F1 on oligodendrocytes."""
    path = ("per_class", CLASSES.index("Oligodendrocytes"), "f1")
    found = runs.scores(OWN, *path) - runs.scores("Baseline", *path)
    text = f"{found.mean():+.2f} ± {found.std(ddof=1):.2f} percentage points"
    return Parts({text: claim.allows(claim.values[0], found.mean())}, len(found))


def best_in_class(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts | None:
    """C26: the F1 of CG-RecNet ahead of the best other model's in each class; None where no other model was run.

    A margin whose 95 % interval over folds (corrected) includes 0 is one that was not settled.
    """
    others = [name for name in RIVALS if runs.has(name)]
    if not others:
        return None
    checks, unsettled = {}, len(RIVALS) - len(others)
    for index, name in enumerate(CLASSES):
        own, *rivals = (runs.scores(model, "per_class", index, "f1") for model in (OWN, *others))
        best = max(range(len(others)), key=lambda place: rivals[place].mean())
        margin = (own - rivals[best]).mean()
        checks[f"{margin:+.2f} over {others[best]} on {name.lower()}"] = bool(margin > 0)
        unsettled += bool(margin > 0 and paired_p(own, rivals[best], runs.test_share(OWN)) >= LEVEL)
    return Parts(checks, len(own), unsettled)


def over_xception(paper: AuditedPaper, claim: Claim, runs: PaperRuns) -> Parts:
    """C31: the margin over Zhu's network, trained on the same folds; on data the sampling error of C16 applies."""
    other = runs.scores("zhu_xception", "accuracy")
    margin = (runs.scores(OWN, "accuracy") - other).mean()
    texts = (f"Xception {mean_and_sd(other)}", f"margin {margin:+.2f}")
    off = (other.mean() - claim.value("accuracy of the Xception").number, margin - claim.value("margin").number)
    within = (abs(by) <= width_of(paper, "C16") for by in off)
    return Parts(dict(zip(texts, within, strict=True)), len(other))


def mean_and_sd(scores: np.ndarray) -> str:
    """Scores over folds as text."""
    return f"{scores.mean():.2f} ± {scores.std(ddof=1):.2f} %"


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
