"""Contrasts judged by the analysis plan's rule: p-values corrected together in a family, then the outcome of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from statsmodels.stats.multitest import multipletests

from cgrecnet.errors import ConfigError
from cgrecnet.evaluation.analysis_plan import Outcome, Plan, Question, load_plan, outcome_of
from cgrecnet.evaluation.counts import McNemar, mcnemar
from cgrecnet.evaluation.paired import Comparison, corrected_resampled_t

Pair = tuple[str, str]


def holm(p_values: Sequence[float], planned: int | None = None) -> list[float]:
    """Holm's corrected p-values, in the order given.

    The smallest of m is multiplied by m, the next by m - 1, ...; none may come out below one that was smaller.
    A corrected value below alpha keeps the chance of any false finding in the whole family at alpha or less.
    planned: how many contrasts the family has; those without a result count with p = 1, so that a missing run makes no
        other contrast look surer. None: as many as there are p-values.
    Raises ValueError for no p-value, one outside 0 to 1, or fewer planned than there are.
    Source: Holm 1979, Scandinavian Journal of Statistics 6, 65-70; statsmodels' multipletests.
    """
    values = np.asarray(p_values, dtype=float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("Holm's correction needs a list of one or more p-values, each between 0 and 1.")
    missing = 0 if planned is None else planned - len(values)
    if missing < 0:
        raise ValueError(f"The family has {planned} contrasts as planned, and {len(values)} results were given.")
    return multipletests(np.append(values, np.ones(missing)), method="holm")[1][: len(values)].tolist()


class Result(Protocol):
    """What a contrast must have: a difference in percentage points, its intervals, its p-value."""

    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    p_value: float


@dataclass(frozen=True)
class JudgedContrast:
    """One contrast of a family: what came out, the p-value corrected by Holm within the family, and the outcome."""

    name: str
    result: Result
    p_corrected: float
    outcome: Outcome

    @property
    def words(self) -> str:
        """What that says of the first side: ahead, behind, undecided, or no difference beyond the margin."""
        if self.outcome is Outcome.DIFFERENCE:
            return "ahead" if self.result.difference > 0 else "behind"
        return "undecided" if self.outcome is Outcome.UNDECIDED else "no difference beyond the margin"


def judge_family(
    results: Mapping[str, Result], margin: float, alpha: float, planned: int | None = None
) -> list[JudgedContrast]:
    """All contrasts of a family, judged by the rule of the plan; none for an empty family.

    margin: in percentage points, as the differences; alpha: level of the corrected tests.
    planned: how many contrasts the family has, as `holm` takes it. Raises what that raises.
    """
    if not results:
        return []
    corrected = holm([result.p_value for result in results.values()], planned)
    return [
        JudgedContrast(name, result, p_value, outcome_of(p_value, result.interval90, margin, alpha))
        for (name, result), p_value in zip(results.items(), corrected, strict=True)
    ]


@dataclass(frozen=True)
class Decision(JudgedContrast):
    """One planned contrast, judged, named `first − second`.

    result: differences and intervals in percentage points of the question's measure, first minus second.
    family_size: planned contrasts of the family, those without a result included.
    """

    question: str
    contrast: Pair
    family_size: int


def over_folds(
    question: Question, scores: Mapping[str, Sequence[float]], test_share: float
) -> dict[Pair, Comparison]:
    """The corrected resampled t-test of each of the question's contrasts whose two sides are in `scores`.

    scores: name -> score per fold (shares), folds in the same order; test_share: test cells over training cells.
    Raises ConfigError where the plan pairs something else than folds, ValueError as `corrected_resampled_t`.
    """
    require_unit(question, "folds")
    return {
        (first, second): corrected_resampled_t(scores[first], scores[second], test_share)
        for first, second in question.contrasts
        if first in scores and second in scores
    }


def over_cells(
    question: Question, labels: Sequence[int], predicted: Mapping[str, np.ndarray]
) -> dict[Pair, McNemar]:
    """McNemar's test of each of the question's contrasts whose two sides are in `predicted`.

    labels: true classes; predicted: name -> predicted classes of the same cells in the same order.
    Raises ConfigError where the plan pairs something else than cells, or asks for another measure than accuracy;
    ValueError as `mcnemar`.
    """
    require_unit(question, "cells")
    if question.measure != "accuracy":
        raise ConfigError(
            f"McNemar's test compares accuracies, and {question.id} of the plan asks: {question.measure}."
        )
    return {
        (first, second): mcnemar(labels, predicted[first], predicted[second])
        for first, second in question.contrasts
        if first in predicted and second in predicted
    }


def decide(results: Mapping[str, Mapping[Pair, Comparison | McNemar]], plan: Plan | None = None) -> list[Decision]:
    """The decisions on planned contrasts, in the order of the plan.

    results: id of a question -> contrast -> its test. Holm's correction runs over the whole family as planned: a
    contrast of the family that has no result yet counts with p = 1, so that a missing run makes no other look surer.
    Raises ConfigError for a question or contrast that is not planned.
    """
    plan = plan or load_plan()
    for name, tests in results.items():
        if unplanned := set(tests) - set(plan[name].contrasts):
            raise ConfigError(f"{name} of the analysis plan has no contrast {sorted(unplanned)[0]}: it is exploratory.")
    decisions = []
    for family in dict.fromkeys(question.family for question in plan.questions):
        planned = [(q, contrast) for q in plan.questions if q.family == family for contrast in q.contrasts]
        found = [results.get(question.id, {}).get(contrast) for question, contrast in planned]
        if not any(found):
            continue
        there = [(*entry, result) for entry, result in zip(planned, found, strict=True) if result is not None]
        corrected = holm([result.p_value for *_, result in there], len(planned))
        for (question, contrast, result), p_value in zip(there, corrected, strict=True):
            outcome = outcome_of(p_value, result.interval90, question.margin, plan.alpha)
            name = " − ".join(contrast)
            decisions.append(Decision(name, result, p_value, outcome, question.id, contrast, len(planned)))
    place = {question.id: number for number, question in enumerate(plan.questions)}
    return sorted(decisions, key=lambda decision: place[decision.question])


def require_unit(question: Question, unit: str) -> None:
    """ConfigError where the plan pairs something else than `unit` for this question."""
    if question.unit != unit:
        raise ConfigError(f"{question.id} of the analysis plan pairs {question.unit}, not {unit}.")
