"""What a map has to beat: maps that know no network, or a network that knows nothing.

Adebayo et al. 2018, arXiv:1810.03292: a map that stays the same when the weights are replaced by random ones, or when
the labels had been shuffled before training, explains the picture and not the network.
"""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from cgrecnet.errors import ConfigError

#: From the classes down: what is replaced by fresh weights at each step of the cascade, in the ResNet-50 family.
CASCADE = (
    ("fc", "classifier_extra"),
    ("layer4",),
    ("layer3",),
    ("gate", "fusion"),
    ("layer2",),
    ("layer1", "conv1", "bn1"),
)

#: Maps that look at no network, with the name that a figure shows.
WITHOUT_NETWORK = {
    "uniform": "uniform",
    "sobel": "edges (Sobel)",
    "centre": "blob in the middle",
}


def network_free_map(name: str, images: Tensor) -> np.ndarray:
    """A map of each image, (B, S, S), that no network has a part in: see `WITHOUT_NETWORK`. Raises ConfigError."""
    grey = images.float().mean(dim=1).cpu().numpy()
    if name == "uniform":
        return np.ones_like(grey)
    if name == "sobel":
        return np.stack([np.hypot(ndimage.sobel(one, axis=0), ndimage.sobel(one, axis=1)) for one in grey])
    if name == "centre":
        return np.broadcast_to(_blob(grey.shape[1]), grey.shape).copy()
    raise ConfigError(f"There is no map without a network called {name!r}: choose one of {', '.join(WITHOUT_NETWORK)}.")


def _blob(size: int) -> np.ndarray:
    """A Gaussian in the middle, standard deviation a fifth of the side."""
    away = (np.arange(size) + 0.5) / size - 0.5
    line = np.exp(-0.5 * (away / 0.2) ** 2)
    return np.outer(line, line).astype(np.float32)


def moved(maps: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each map moved at random, what leaves on one side coming back on the other: same shape, wrong place."""
    rng = np.random.default_rng(seed)
    shifts = rng.integers(0, maps.shape[1:], size=(len(maps), 2))
    return np.stack([np.roll(one, tuple(shift), axis=(0, 1)) for one, shift in zip(maps, shifts, strict=True)])


def swapped(maps: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each image gets another image's map: what the place of cells in general gives, without this cell."""
    if len(maps) < 2:
        raise ConfigError("Maps can be swapped between two images or more, not within one.")
    order = np.random.default_rng(seed).permutation(len(maps))
    found = np.empty_like(maps)
    found[order] = maps[np.roll(order, 1)]
    return found


def cascade(
    network: nn.Module, fresh: nn.Module, steps: Sequence[Sequence[str]] = CASCADE
) -> Iterator[tuple[str, nn.Module]]:
    """Copies of `network` whose parts, from the classes down, have the weights of `fresh`; the network stays as it is.

    Yields (name of the step, copy); the last one is fresh altogether. A step whose parts the network lacks is left out.
    Raises ConfigError where the two networks differ in their tensors.
    """
    state, other = copy.deepcopy(network.state_dict()), fresh.state_dict()
    if state.keys() != other.keys() or any(state[name].shape != other[name].shape for name in state):
        raise ConfigError("Weights can be taken only from a network of the same make: build it with the same options.")
    changed = copy.deepcopy(network)
    for parts in steps:
        names = [name for name in state if name.split(".")[0] in parts]
        if not names:
            continue
        state |= {name: other[name].clone() for name in names}
        changed.load_state_dict(state)
        torch.clear_autocast_cache()  # a surrounding autocast would go on with its copies of the weights before
        yield parts[0], changed


def shuffled(labels: np.ndarray, parts: Sequence[np.ndarray], seed: int) -> np.ndarray:
    """Labels with those of each part dealt out anew among its own cells; cells outside of all parts keep theirs."""
    found, rng = np.array(labels), np.random.default_rng(seed)
    for part in parts:
        found[part] = rng.permutation(found[part])
    return found


def fresh_like(make, seed: int) -> nn.Module:
    """`make()` with torch's global generator at `seed`, and left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
