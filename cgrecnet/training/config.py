"""The parameters of one training run: validated before anything starts, frozen afterwards.

Defaults are the paper's values where it gives them (section 3.1). The paper does not give the learning rate,
the weight decay, the patience of early stopping or the epoch that is reported: those defaults are ours,
and the deviation ledger lists them.
"""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cgrecnet.data import check_request, list_datasets, refuse_unread
from cgrecnet.errors import ConfigError
from cgrecnet.files import markup_in
from cgrecnet.models import list_models, list_presets
from cgrecnet.models.config import resolve

#: Parameters that hold options; one of these alone may be named as `data_options.noise`.
OPTIONS = ("model_options", "data_options")
#: Words of the field for parameters that have another name here.
ALIASES = {"lr": "learning_rate", "wd": "weight_decay", "early_stopping": "patience", "bs": "batch_size"}

Count = Annotated[int, Field(ge=1, strict=True)]
Seed = Annotated[int, Field(ge=0, lt=2**32, strict=True)]
Config = TypeVar("Config", bound=BaseModel)
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]


class RunConfig(BaseModel):
    """Everything that decides the result of a run, and nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    experiment: Slug = "run"
    """Name of the folder under `results/` that collects runs which belong together."""
    model: str = "cg_recnet"
    preset: str = "recovered"
    model_options: dict[str, Any] = {}
    """Single open choices that differ from the preset's (see `cgrecnet.models.config.Options`)."""
    weights: str | None = None
    """None (random), `imagenet` (torchvision's download) or a file (a name in `CGRECNET_WEIGHTS`, or a path)."""
    data: str = "cytometer"
    task: str | None = None
    data_options: dict[str, Any] = {}
    root: Annotated[str | None, Field(exclude=True)] = None
    """Where the cells lie, if not where their data set looks for them. What counts are the cells, by their fingerprint,
    so that the place is part of no run's name and stands in no record."""
    split: Literal["joint", "folds", "grouped", "grouped_folds"] = "joint"
    """`joint`: 70/15/15, stratified; `folds`: stratified k-fold, of which `fold` is the test part; `grouped` and
    `grouped_folds`: the same by whole acquisitions, none of which stands in two parts."""
    folds: Annotated[int, Field(ge=2, le=20, strict=True)] = 5
    fold: Annotated[int, Field(ge=0, strict=True)] = 0
    split_seed: Seed = 42
    """Seed of the split: kept apart from `seed`, so that seeds can be compared on the same cells."""
    seed: Seed = 42
    intensity: Literal["none", "standardise", "background", "both"] = "none"
    """What is removed from each image before it is cropped, see `cgrecnet.data.intensity`."""
    image_size: Annotated[int, Field(ge=32, le=1024, strict=True)] = 224
    epochs: Count = 100
    batch_size: Count = 8
    """Cells per step of the optimizer, over all devices together."""
    micro_batch: Count | None = None
    """Cells that pass through the network at once on a device; gradients add up to those of the batch. None: all.
    Batch normalisation then sees the smaller number of cells."""
    out_of_memory: Literal["stop", "halve"] = "stop"
    """Where a batch does not fit: stop and say which would, or halve the micro-batch and go on."""
    class_weights: bool = False
    """Whether each class weighs the same in the loss, however many cells it has (the paper does without)."""
    precision: Literal["32", "bf16"] = "32"
    compile: bool = False
    learning_rate: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1e-4
    weight_decay: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    step_size: Count = 7
    gamma: Annotated[float, Field(gt=0, le=1)] = 0.1
    patience: Count | None = None
    """Epochs without a better validation macro F1 after which training stops; None: never."""
    report: Literal["best", "last"] = "best"
    """Which epoch's weights are tested: the best by validation macro F1 (the first of equals), or the last."""

    @field_validator("precision", mode="before")
    @classmethod
    def _as_it_is_written(cls, value: Any) -> Any:
        return "32" if type(value) is int and value == 32 else value  # what YAML makes of `precision: 32`

    @field_validator("model")
    @classmethod
    def _known_model(cls, value: str) -> str:
        return _known("model", value, list_models())

    @field_validator("preset")
    @classmethod
    def _known_preset(cls, value: str) -> str:
        return _known("preset", value, list_presets())

    @field_validator("data")
    @classmethod
    def _known_data(cls, value: str) -> str:
        return _known("data set", value, list_datasets())

    @field_validator("root")
    @classmethod
    def _from_any_folder(cls, value: str | None) -> str | None:
        return None if value is None else str(Path(value).expanduser().absolute())  # the notebook runs in another one

    @classmethod
    def from_mapping(cls, values: dict[str, Any], where: str = "the run's parameters") -> "RunConfig":
        """Check `values` (from YAML, the command line or papermill); ConfigError, in one sentence, if they fail."""
        config = validated(cls, with_options(values, where), where)
        resolve(config.preset, config.model_options)
        check_request(config.data, config.task, config.data_options)
        refuse_unread(config.data, config.root, config.task)
        if config.split.endswith("folds") and config.fold >= config.folds:
            raise ConfigError(
                f"Parameter 'fold' in {where} is {config.fold}: with {config.folds} folds it runs "
                f"from 0 to {config.folds - 1}."
            )
        if (found := markup_in(config.model_dump())) is not None:
            raise ConfigError(
                f"{found[:60]!r} in {where} is HTML or a template on a page: write it without < before a letter, and "
                "without {{ and {%."
            )
        return config


def own_names(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """These parameters, with the project's names for the field's words (`lr`); ConfigError where both stand there."""
    for word, name in ALIASES.items():
        if word in values and name in values:
            raise ConfigError(f"{where} gives {name!r} twice, also as {word!r}: keep one.")
    return {ALIASES.get(name, name): value for name, value in values.items()}


def with_options(values: Mapping[str, Any], where: str) -> dict[str, Any]:
    """These parameters, with options that have a name of their own (`data_options.noise`) put into their mapping.

    Raises ConfigError where that is no mapping.
    """
    dotted = {name: value for name, value in values.items() if str(name).startswith(tuple(f"{o}." for o in OPTIONS))}
    found = {name: value for name, value in values.items() if name not in dotted}
    for name, value in dotted.items():
        head, _, option = name.partition(".")
        if not isinstance(there := found.get(head, {}), Mapping):
            raise ConfigError(f"Parameter {head!r} in {where} is {there!r}, so that {name!r} has no place: drop one.")
        found[head] = {**there, option: value}
    return found


def validated(cls: type[Config], values: dict[str, Any], where: str) -> Config:
    """`cls` with these values (from YAML, the command line or papermill); ConfigError, in one sentence, if they fail.

    where: what the values are, for the sentence.
    """
    unknown = [name for name in values if name not in cls.model_fields]
    if unknown:
        raise ConfigError(f"Unknown parameter {unknown[0]!r} in {where}{_hint(unknown[0], cls.model_fields)}")
    try:
        return cls(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            raise ConfigError(f"Parameter {name!r} is missing in {where}: give it a value.") from None
        reason = first["msg"].removeprefix("Value error, ").rstrip(".")
        what = f"Parameter {name!r} in {where} is {first['input']!r}" if name else f"The parameters in {where}"
        end = "" if reason.endswith("?") else "."
        raise ConfigError(f"{what}: {reason[0].lower()}{reason[1:]}{end}") from None


def _known(kind: str, value: str, names: list[str]) -> str:
    if value not in names:
        raise ValueError(f"no such {kind}{_hint(value, names)}")
    return value


def _hint(value: str, names) -> str:
    close = difflib.get_close_matches(str(value), list(names), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(names)}."
