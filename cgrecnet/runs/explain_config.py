"""The parameters of the explanation studies: validated before anything starts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cgrecnet.models import list_models
from cgrecnet.models.config import unknown
from cgrecnet.training.config import Count, RunConfig, Seed, Slug, validated

#: What a network of a study was trained on. honest: run and class have nothing to do with each other; shuffled: the
#: same, with the labels of training and validation dealt out anew; shortcut: each class has its own runs.
TRAININGS = ("honest", "shuffled", "shortcut")
#: Models whose maps can be taken at three depths and whose weights can be replaced from the classes down.
FAMILY = ("resnet50", "rescmnet", "resgdnet", "cg_recnet")


class ExplainConfig(BaseModel):
    """Everything that decides the result of a study on simulated cells, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    experiment: Slug = "explain-simulated"
    honest: tuple[str, ...] = ("cg_recnet", "resnet50")
    """Models that are trained on honest labels; the first is the subject of the cascade."""
    shuffled: tuple[str, ...] = ("cg_recnet",)
    shortcut: tuple[str, ...] = ("cg_recnet", "resnet50")
    model_options: dict[str, Any] = {}
    weights: str | None = None
    cells: Count = 900
    runs: Annotated[int, Field(ge=3, le=100, strict=True)] = 12
    data_seed: Seed = 0
    image_size: Annotated[int, Field(ge=32, le=1024, strict=True)] = 96
    epochs: Count = 4
    batch_size: Count = 16
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-4
    step_size: Count = 3
    precision: Literal["32", "bf16"] = "bf16"
    """Of training and of the test scores; maps, occlusion and curves are always made in 32 bits."""
    seed: Seed = 42
    explained: Annotated[int, Field(ge=2, strict=True)] = 60
    """Test cells whose maps are scored, drawn at random."""
    occluded: Annotated[int, Field(ge=2, strict=True)] = 32
    """The first so many of them are occluded, and get deletion and insertion curves."""
    randomised: Annotated[int, Field(ge=2, strict=True)] = 24
    """The first so many of them go through the cascade of fresh weights."""
    shown: Annotated[int, Field(ge=1, strict=True)] = 12
    """The first so many of them are kept with their maps, for the page."""

    @field_validator("honest", "shuffled", "shortcut")
    @classmethod
    def _known_models(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in list_models():
                raise ValueError(str(unknown("model", name, FAMILY)))
            if name not in FAMILY:
                raise ValueError(f"this study compares {', '.join(FAMILY)}, not {name}")
        return names

    @model_validator(mode="after")
    def _consistent(self) -> "ExplainConfig":
        if not self.honest:
            raise ValueError("honest needs at least one model")
        for name in ("occluded", "randomised", "shown"):
            if getattr(self, name) > self.explained:
                raise ValueError(f"{name} ({getattr(self, name)}) cannot exceed explained ({self.explained})")
        return self

    @classmethod
    def from_mapping(cls, values: dict[str, Any], where: str = "the study's parameters") -> "ExplainConfig":
        """Check `values` (from YAML, the command line or papermill); ConfigError, in one sentence, if they fail."""
        config = validated(cls, values, where)
        for training, model in config.networks():
            config.run(training, model)
        return config

    def networks(self) -> list[tuple[str, str]]:
        """(training, model) of every network that is trained."""
        return [(training, model) for training in TRAININGS for model in getattr(self, training)]

    def run(self, training: str, model: str) -> RunConfig:
        """The training run of one network. Raises ConfigError where it would not be valid."""
        options = {"cells": self.cells, "runs": self.runs, "seed": self.data_seed}
        options["confounding"] = 1.0 if training == "shortcut" else 0.0
        values = self.model_dump(include=set(RunConfig.model_fields))
        values |= {"model": model, "data": "cytometer", "data_options": options}
        return RunConfig.from_mapping(values, "the study's parameters")


class KeptConfig(BaseModel):
    """The same of a study of networks that a sweep trained and whose weights were kept, on real cells."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: Slug = "explain-jurkat"
    trained: Slug = "jurkat-ablation"
    """The experiment whose networks are explained."""
    runs: Annotated[tuple[str, ...], Field(min_length=1)]
    """Ids of its runs, on the same test cells; the first is the subject."""
    seed: Seed = 42
    explained: Annotated[int, Field(ge=2, strict=True)] = 24
    """So many test cells that the subject got right and as many that it got wrong (fewer where there are fewer)."""
    occluded: Annotated[int, Field(ge=2, strict=True)] = 12
    """Of each of the two, so many are occluded."""
    shown: Annotated[int, Field(ge=1, le=12, strict=True)] = 2
    """Right and sure, right and unsure, wrong and sure, wrong and unsure: so many of each are kept for the page."""

    @classmethod
    def from_mapping(cls, values: dict[str, Any], where: str = "the study's parameters") -> "KeptConfig":
        """Check `values`; ConfigError, in one sentence, if they fail."""
        return validated(cls, values, where)
