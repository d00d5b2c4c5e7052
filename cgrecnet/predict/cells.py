"""Some cells at a time: from grey levels to probabilities, features and the numbers behind the flag."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgrecnet.data.base import PackedImages, pack
from cgrecnet.data.batches.cells import central_crops
from cgrecnet.data.batches.transform import BatchTransform
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


def prepared(packed: PackedImages, how: Preprocessing, device: torch.device | str = "cpu") -> Iterator[Tensor]:
    """What a network sees of images, as Algorithm 1 has it in evaluation.

    Normalised, (cells, C, S, S) on the device, `BATCH` cells at a time.
    """
    transform = BatchTransform(packed, how.window, how.image_size, intensity=how.intensity, device=device)
    for first in range(0, len(packed), BATCH):
        cells = np.arange(first, min(first + BATCH, len(packed)))
        yield transform(cells, central_crops(packed.heights[cells], packed.widths[cells], how.image_size))


def look(
    images: Sequence[np.ndarray], engine: Callable, how: Preprocessing, indices: Sequence[int] | None = None
) -> Seen:
    """Prepare and classify images of one pixel type and number of channels; indices: which ones, None for all.

    Of a long list, `CHUNK` images are in memory at once.
    """
    indices = range(len(images)) if indices is None else indices
    found, numbers = [], []
    for first in range(0, len(indices), CHUNK):
        some = pack([images[int(i)] for i in indices[first : first + CHUNK]])
        found += [engine(batch) for batch in prepared(some, how, getattr(engine, "device", "cpu"))]
        numbers += [measure(image, how.window) for image in some]
    probabilities, features = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Seen(probabilities, collect(numbers) | {"features": features})
