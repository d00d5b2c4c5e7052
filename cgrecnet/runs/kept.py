"""What a run leaves in its work folder: its tested weights, where it is asked to, and how far it was when it paused.

The weights are written, made a network again, and held against the run's record. A run that stops at an epoch can go
on: what it has reached is in a small file beside its checkpoint.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from cgrecnet.errors import RunError
from cgrecnet.files import write_file
from cgrecnet.models import create_model
from cgrecnet.paths import WORK
from cgrecnet.runs.run_record import RunRecord, read_predictions

#: The tested weights in a run's work folder, where they were to be kept.
WEIGHTS = "weights.safetensors"
#: Largest difference between a recorded probability and that of the loaded weights: the rounding of 16-bit numbers.
ROUNDING = 0.05
PAUSED = "paused.json"


def write_weights(model: nn.Module, path: Path) -> None:
    """Write them whole or not at all; RunError where the disk refuses."""
    state = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    advice = "make room, or leave out --keep-weights, then start the run again; it goes on from its last checkpoint"
    write_file(path, save(state), advice)


def build(config: Mapping, classes: int, state: Mapping[str, Tensor], in_channels: int = 3) -> nn.Module:
    """The network that a run's settings describe, with these weights, in evaluation mode; RuntimeError if they differ.

    config: of a run (`model`, `preset`, `model_options`, `image_size`).
    """
    network = create_model(
        config["model"], preset=config["preset"], num_classes=classes, in_channels=in_channels,
        image_size=config["image_size"], options=config["model_options"],
    )  # fmt: skip
    network.load_state_dict(dict(state))
    return network.eval()


def with_kept_weights(record: RunRecord, work: Path, in_channels: int = 3) -> nn.Module:
    """A run's network with the weights that it kept. Raises RunError where these are missing or damaged."""
    path = Path(work) / record.run_id / WEIGHTS
    try:
        return build(record.config, len(record.data["classes"]), load_file(path), in_channels)
    except (OSError, SafetensorError, RuntimeError):
        raise RunError(f"The weights {path} are missing or damaged: train the run again with --keep-weights.") from None


def check_predictions(
    record: RunRecord, results: Path, probabilities: np.ndarray, ids: Sequence[str] | None = None
) -> float:
    """Largest difference to the probabilities that the run recorded; RunError where the weights are not its own.

    ids: of the test cells that the probabilities are of; None: all, in the record's order.
    """
    names, _, recorded = read_predictions(results, record)
    if ids is not None:
        recorded = recorded[[names.index(name) for name in ids]]
    apart = float(np.abs(recorded - probabilities).max()) if recorded.shape == probabilities.shape else np.inf
    if apart > ROUNDING:
        raise RunError(
            f"The weights of {record.run_id} give other probabilities than its record (by up to {apart:.2f}): "
            "they are not the run's own; train it again with --keep-weights."
        )
    return apart


class Epoch(BaseModel):
    """What is needed of an epoch to choose between runs and to draw them; the rest of its entry is kept."""

    model_config = ConfigDict(extra="allow")

    epoch: int
    validation_macro_f1: FiniteFloat


class _Note(BaseModel):
    run_id: str
    history: list[Epoch]


def pause_run(run_id: str, history: list[dict], work: Path = WORK) -> None:
    """Note that a run has come to the end of `history`; its checkpoint is there already."""
    write_file(Path(work) / run_id / PAUSED, json.dumps({"run_id": run_id, "history": history}, indent=1) + "\n")
    print(f"paused after epoch {len(history)}")


def paused_history(run_id: str, work: Path = WORK) -> list[dict]:
    """The epochs of a run that was paused; empty where there is no such note, or none that can be read."""
    try:
        note = _Note.model_validate_json((Path(work) / run_id / PAUSED).read_bytes())
    except (OSError, ValidationError):
        return []
    return note.model_dump()["history"] if note.run_id == run_id else []
