"""A study of explanations of networks that a sweep trained and whose weights were kept, on real cells.

torch is imported when a network is asked for, not before.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from safetensors import SafetensorError

from cgrecnet.errors import RunError
from cgrecnet.models import create_model
from cgrecnet.paths import EXPERIMENTS
from cgrecnet.runs.environment import commit
from cgrecnet.runs.explain_record import PROTOCOLS
from cgrecnet.runs.run_id import SHOWN
from cgrecnet.runs.run_record import RECORD, RunRecord, read_predictions, read_record
from cgrecnet.training.config import Seed, Slug, validated

if TYPE_CHECKING:
    from torch import nn

KEPT_NOTEBOOK = EXPERIMENTS / "explain_kept.py"
#: Largest difference between a recorded probability and that of the loaded weights: the rounding of 16-bit numbers.
ROUNDING = 0.05


class KeptConfig(BaseModel):
    """Everything that decides the result of the study, and nothing else."""

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
    def from_mapping(cls, values: dict[str, Any], where: str = "the study's parameters") -> KeptConfig:
        """Check `values`; ConfigError, in one sentence, if they fail."""
        return validated(cls, values, where)


@dataclass(frozen=True)
class KeptPlan:
    """A validated study; fields as in `cgrecnet.runs.explain.ExplainPlan`."""

    config: KeptConfig
    run_id: str
    commit: str


def plan_kept(config: KeptConfig) -> KeptPlan:
    """Name the study."""
    decisive = config.model_dump(mode="json", exclude={"experiment", "seed"}) | {"protocols": PROTOCOLS}
    digest = hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
    return KeptPlan(config, f"{config.experiment}-{digest[:SHOWN]}-s{config.seed}", commit())


def kept_network(config: KeptConfig, run_id: str, results: Path, work: Path) -> tuple[nn.Module, RunRecord]:
    """A network with the weights that its run kept. Raises RunError where the record or the weights are missing."""
    import torch
    from safetensors.torch import load_file

    from cgrecnet.runs.finalize import WEIGHTS

    record = read_record(Path(results) / config.trained / run_id / RECORD)
    path = Path(work) / run_id / WEIGHTS
    try:
        state = load_file(path)
    except (OSError, SafetensorError):
        raise RunError(
            f"The weights {path} are missing or damaged: train the run again with --keep-weights."
        ) from None
    used = record.config
    network = create_model(
        used["model"], preset=used["preset"], num_classes=len(record.data["classes"]), image_size=used["image_size"],
        options=used["model_options"],
    )  # fmt: skip
    network.load_state_dict(state)
    return network.to(memory_format=torch.channels_last), record


def check_predictions(record: RunRecord, results: Path, probabilities: np.ndarray) -> float:
    """Largest difference to the probabilities that the run recorded; RunError where the weights are not its own."""
    _, _, recorded = read_predictions(results, record)
    apart = float(np.abs(recorded - probabilities).max()) if recorded.shape == probabilities.shape else np.inf
    if apart > ROUNDING:
        raise RunError(
            f"The weights of {record.run_id} give other probabilities than its record (by up to {apart:.2f}): "
            "they are not the run's own; train it again with --keep-weights."
        )
    return apart
