"""A family of contrasts judged by the analysis plan's rule: p-values corrected together, then the outcome of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cgrecnet.evaluation.analysis_plan import Outcome, outcome_of
from cgrecnet.evaluation.multiple import holm_of_family


class Result(Protocol):
    """What a contrast must have: a difference in percentage points, its intervals, its p-value."""

    difference: float
    interval95: tuple[float, float]
    interval90: tuple[float, float]
    p_value: float


@dataclass(frozen=True)
class Answer:
    """One contrast of a family: what came out, the p-value corrected by Holm within the family, and the outcome."""

    name: str
    result: Result
    p_corrected: float
    outcome: Outcome


def judge_family(
    results: Mapping[str, Result], margin: float, alpha: float, planned: int | None = None
) -> list[Answer]:
    """The answers to all contrasts of a family, by the rule of the plan; none for an empty family.

    margin: in percentage points, as the differences; alpha: level of the corrected tests.
    planned: how many contrasts the family has, as `holm_of_family` takes it. Raises what that raises.
    """
    if not results:
        return []
    corrected = holm_of_family([result.p_value for result in results.values()], planned)
    return [
        Answer(name, result, p_value, outcome_of(p_value, result.interval90, margin, alpha))
        for (name, result), p_value in zip(results.items(), corrected, strict=True)
    ]
