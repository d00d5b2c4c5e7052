"""Explanation studies: their parameters, validated before anything starts, and their record.

A record is one JSON with the numbers and one file of arrays with what is drawn.
"""

import hashlib
import io
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from cgrecnet.errors import RunError
from cgrecnet.files import write_file
from cgrecnet.runs.run_record import BaseRecord, read_record, with_hash
from cgrecnet.training.config import Count, RunConfig, Seed, Slug, validated
from cgrecnet.training.protocol import PROTOCOL

EXPLAIN = "explain.json"
ARRAYS = "maps.npz"
#: By what a study counts: the protocols of training and of making and scoring maps, each raised by hand.
PROTOCOLS = {"training": PROTOCOL, "explanation": 1}
#: What a network of a study was trained on. honest: run and class have nothing to do with each other; shuffled: the
#: same, with the labels of training and validation dealt out anew; shortcut: each class has its own runs.
TRAININGS = ("honest", "shuffled", "shortcut")
#: Models whose maps can be taken at three depths and whose weights can be replaced from the classes down.
Family = Literal["resnet50", "rescmnet", "resgdnet", "cg_recnet"]


class StudyConfig(BaseModel):
    """What both kinds of studies have."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def from_mapping(cls, values: dict[str, Any], where: str = "the study's parameters") -> "StudyConfig":
        """Check `values` (from YAML, the command line or papermill); ConfigError, in one sentence, if they fail."""
        return validated(cls, values, where)


class ExplainConfig(StudyConfig):
    """Everything that decides the result of a study on simulated cells, and nothing else."""

    experiment: Slug = "explain-simulated"
    honest: Annotated[tuple[Family, ...], Field(min_length=1)] = ("cg_recnet", "resnet50")
    """Models that are trained on honest labels; the first is the subject of the cascade."""
    shuffled: tuple[Family, ...] = ("cg_recnet",)
    shortcut: tuple[Family, ...] = ("cg_recnet", "resnet50")
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

    @model_validator(mode="after")
    def _consistent(self) -> "ExplainConfig":
        for name in ("occluded", "randomised", "shown"):
            if getattr(self, name) > self.explained:
                raise ValueError(f"{name} ({getattr(self, name)}) cannot exceed explained ({self.explained})")
        for training, model in self.networks():
            self.run(training, model)  # ConfigError where it would not be valid
        return self

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


class KeptConfig(StudyConfig):
    """The same of a study of networks that a sweep trained and whose weights were kept, on real cells."""

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


class ExplainRecord(BaseRecord):
    """What `explain.json` holds; `results` and `networks` are as the notebook that wrote them says.

    protocols: as `PROTOCOLS` was when it was made.
    """

    protocols: dict[str, int]
    data: list[dict[str, Any]]
    networks: dict[str, Any]
    cells: dict[str, Any]
    results: dict[str, Any]
    arrays_sha256: str


def write_explain(folder: Path, fields: dict[str, Any], arrays: dict[str, np.ndarray]) -> Path:
    """Write the arrays, then the record, each to a temporary name first; return the record's path. Raises RunError."""
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    record = ExplainRecord(**fields, arrays_sha256=hashlib.sha256(packed.getvalue()).hexdigest())
    text = with_hash(record.model_dump())
    write_file(folder / ARRAYS, packed.getvalue())
    return write_file(folder / EXPLAIN, text)


def find_explain(results: Path, experiment: str) -> tuple[ExplainRecord, dict[str, np.ndarray]] | None:
    """The newest record of an experiment with its arrays, or None where there is none.

    Raises RunError where the arrays are missing or not the record's own.
    """
    paths = sorted((Path(results) / experiment).glob(f"*/{EXPLAIN}"))
    if not paths:
        return None
    record, path = max(((read_record(path, ExplainRecord), path) for path in paths), key=lambda found: found[0].started)
    arrays = path.parent / ARRAYS
    content = arrays.read_bytes() if arrays.is_file() else b""
    if hashlib.sha256(content).hexdigest() != record.arrays_sha256:
        raise RunError(f"{arrays} is not its record's own file: delete the folder and run it again.")
    with np.load(io.BytesIO(content)) as arrays:
        return record, dict(arrays)
