"""The words in which this project judges a claim, defined once and used exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cgrecnet.errors import ConfigError


class Verdict(StrEnum):
    """The six verdicts; `definition` says in one sentence what each means."""

    HOLDS = "holds"
    HOLDS_IN_PART = "holds in part"
    CONSISTENT_IN_PRINT = "consistent in print, untested"
    CANNOT_BE_RECONCILED = "cannot be reconciled"
    CANNOT_BE_TESTED_HERE = "cannot be tested here"
    NOT_SPECIFIED = "not specified"

    @property
    def definition(self) -> str:
        return _DEFINITIONS[self]


_DEFINITIONS = {
    Verdict.HOLDS: "Everything that the claim says was checked and lies within the tolerance set beforehand.",
    Verdict.HOLDS_IN_PART: (
        "Part of the claim was checked and lies within the tolerance; "
        "the rest does not, or could not be checked, and the reason says which."
    ),
    Verdict.CONSISTENT_IN_PRINT: (
        "The printed numbers agree with each other, and that is all that was checked: "
        "whether they are right takes the paper's images."
    ),
    Verdict.CANNOT_BE_RECONCILED: (
        "The claim does not agree with other printed numbers, or with what can be computed from them, "
        "by more than the tolerance; this does not say which of them is right."
    ),
    Verdict.CANNOT_BE_TESTED_HERE: "To decide the claim takes images, runs or a machine that we do not have.",
    Verdict.NOT_SPECIFIED: (
        "The text that we have leaves open what would have to be tested, so no test can decide the claim."
    ),
}


@dataclass(frozen=True)
class Judgement:
    """A verdict, the value that was measured or recomputed, and the reason in one sentence."""

    verdict: Verdict
    value: str
    reason: str


def verdict_of(checks: Sequence[bool], unchecked: int = 0) -> Verdict:
    """The verdict that follows from the checks of a claim's parts.

    checks: whether each checked part lies within its tolerance. unchecked: parts that could not be checked.
    All parts checked and within: holds. Some within: holds in part. None within: cannot be reconciled.
    Raises ConfigError when nothing was checked and nothing is left unchecked.
    """
    if unchecked < 0 or (not checks and not unchecked):
        raise ConfigError("A verdict needs at least one part of the claim; give the checks, or the parts unchecked.")
    if not checks:
        return Verdict.CANNOT_BE_TESTED_HERE
    if not any(checks):
        return Verdict.CANNOT_BE_RECONCILED
    return Verdict.HOLDS if all(checks) and not unchecked else Verdict.HOLDS_IN_PART


def verdict_in_print(checks: Sequence[bool]) -> Verdict:
    """The verdict on results where the checks only hold printed numbers against each other.

    All agree: consistent in print, untested. None: cannot be reconciled. Raises ConfigError where nothing was checked.
    """
    return Verdict.CONSISTENT_IN_PRINT if checks and all(checks) else verdict_of(checks)
