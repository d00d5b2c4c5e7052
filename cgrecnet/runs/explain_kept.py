"""Networks that a sweep trained and whose weights were kept, for a study that explains them.

torch is imported when a network is asked for, not before.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError

from cgrecnet.errors import RunError
from cgrecnet.models import create_model
from cgrecnet.runs.explain_config import KeptConfig
from cgrecnet.runs.run_record import RECORD, RunRecord, read_predictions, read_record

if TYPE_CHECKING:
    from torch import nn

#: Largest difference between a recorded probability and that of the loaded weights: the rounding of 16-bit numbers.
ROUNDING = 0.05


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
