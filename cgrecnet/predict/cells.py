"""Some cells at a time: from grey levels to probabilities, features and the numbers behind the flag."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cgrecnet.data.batches.crops import central_crops
from cgrecnet.data.batches.transform import BatchTransform
from cgrecnet.data.packed import pack
from cgrecnet.predict.unlike import collect, measure

#: Cells that pass through the network at once.
BATCH = 64
#: Cells whose images are in memory at once.
CHUNK = 1024


@dataclass(frozen=True)
class Preprocessing:
    """How a model's images are prepared: grey levels (black, white) that map to 0 and 1, option of
    `cgrecnet.data.intensity`, side of the square that the network sees."""

    window: tuple[float, float]
    intensity: str
    image_size: int


@dataclass(frozen=True)
class Seen:
    """What a predictor has of some cells, in their order: raw mean probabilities, and reason -> numbers."""

    probabilities: np.ndarray
    numbers: dict[str, np.ndarray]


def planes(image: np.ndarray) -> int:
    """Channels of an image: 1 of grey levels, (H, W), else the last side of (H, W, channels)."""
    return 1 if image.ndim == 2 else image.shape[2]


def network_channels(channels: int) -> int:
    """Channels that the network has for images of so many: grey levels are repeated for red, green and blue."""
    return 3 if channels == 1 else channels


def look(
    images: Sequence[np.ndarray], engine: Callable, how: Preprocessing, device: torch.device | str = "cpu"
) -> Seen:
    """Prepare and classify images of one pixel type and number of channels, as Algorithm 1 does in evaluation."""
    packed = pack(images)
    transform = BatchTransform(packed, how.window, how.image_size, intensity=how.intensity, device=device)
    probabilities, features = [], []
    for first in range(0, len(packed), BATCH):
        cells = np.arange(first, min(first + BATCH, len(packed)))
        crops = central_crops(packed.heights[cells], packed.widths[cells], how.image_size)
        said, read = engine(transform(cells, crops))
        probabilities.append(said)
        features.append(read)
    numbers = collect([measure(image, how.window) for image in packed])
    return Seen(np.concatenate(probabilities), numbers | {"features": np.concatenate(features)})


def look_at(
    images: Sequence[np.ndarray],
    indices: np.ndarray,
    engine: Callable,
    how: Preprocessing,
    device: torch.device | str = "cpu",
) -> Seen:
    """`look` at chosen images of a long list, some at a time."""
    parts = [
        look([images[int(i)] for i in indices[first : first + CHUNK]], engine, how, device)
        for first in range(0, len(indices), CHUNK)
    ]
    return Seen(
        np.concatenate([part.probabilities for part in parts]),
        {reason: np.concatenate([part.numbers[reason] for part in parts]) for reason in parts[0].numbers},
    )
