"""The analysis plan: questions, contrasts, rules and margins, written down before the runs that they judge."""

from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cgrecnet.errors import ConfigError

FILE = Path(__file__).with_name("plan.yaml")


class Outcome(StrEnum):
    """What a planned comparison can come to."""

    DIFFERENCE = "difference"
    SMALL_DIFFERENCE = "difference, too small to matter"
    NO_DIFFERENCE = "no difference beyond the margin"
    UNDECIDED = "undecided"


class Question(BaseModel):
    """One planned question; the comments in `plan.yaml` say what each entry means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^P\d+$")
    question: str = Field(min_length=10)
    data: str
    sweeps: tuple[str, ...] = Field(min_length=1)
    contrasts: tuple[tuple[str, str], ...]
    measure: str
    unit: Literal["folds", "cells", "settings", "seeds"]
    margin: Annotated[float, Field(gt=0)]
    family: str
    claims: tuple[str, ...]
    why: str = Field(min_length=10)
    replaces: str | None = None


class Plan(BaseModel):
    """The whole plan: the level of the tests, the settings of the runs, and the questions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: Annotated[float, Field(gt=0, lt=1)]
    settings: str
    amendments: tuple[str, ...] = ()
    questions: tuple[Question, ...] = Field(min_length=1)

    def __getitem__(self, name: str) -> Question:
        """The question with this id; ConfigError where there is none."""
        for question in self.questions:
            if question.id == name:
                return question
        known = ", ".join(question.id for question in self.questions)
        raise ConfigError(f"The analysis plan has no question {name!r}; it has {known}.")


@cache
def load_plan(path: Path = FILE) -> Plan:
    """The plan in a YAML file; ConfigError, one sentence, where it is none or an id stands twice."""
    try:
        plan = Plan.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"The analysis plan {path} cannot be read ({' '.join(str(error).split())}).") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"The analysis plan {path} has a mistake at {place}: {first['msg']}.") from None
    names = [question.id for question in plan.questions]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(f"The analysis plan {path} has two questions {twice[0]!r}: give one a new id.")
    return plan


def outcome_of(p_value: float, interval90: tuple[float, float], margin: float, alpha: float) -> Outcome:
    """The outcome by the plan's rule.

    p_value: corrected for its family; interval90: of the difference, in the unit of `margin` (percentage points).
    """
    differs = p_value < alpha
    inside = -margin < interval90[0] and interval90[1] < margin
    if differs:
        return Outcome.SMALL_DIFFERENCE if inside else Outcome.DIFFERENCE
    return Outcome.NO_DIFFERENCE if inside else Outcome.UNDECIDED
