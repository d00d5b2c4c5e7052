"""All maps of some images by several methods, and all scores of a map: the steps that a study repeats."""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn

from cgrecnet.explain.layers import layer_of
from cgrecnet.explain.masks import border_mask, crop_masks
from cgrecnet.explain.methods import explain, heat
from cgrecnet.explain.placement import aligned
from cgrecnet.explain.scores import energy, pointing

#: Parts of a simulated picture on which the energy of a map is measured.
PARTS = ("cell", "nucleus", "processes", "debris")


def part_masks(simulation, indices: Sequence[int], size: int) -> dict[str, np.ndarray]:
    """Masks of chosen simulated cells as the network sees them, part -> (B, size, size); `border` is the outer frame.

    simulation: `cgrecnet.data.cytometer.Simulation`.
    """
    masks = {}
    for part in PARTS:
        every = simulation.mask(part)
        masks[part] = crop_masks([every[i] for i in indices], size)
    masks["border"] = np.broadcast_to(border_mask(size), (len(indices), size, size))
    return masks


def make_maps(
    wanted: Sequence[str], network: nn.Module, model_name: str, images: Tensor, targets
) -> dict[str, np.ndarray]:
    """Raw maps by name, each (B, h, w). A name is `METHOD@PLACE`, such as `gradcam@last`, or `occlusion`."""
    found = {}
    for name in wanted:
        method, _, place = name.partition("@")
        found[name] = explain(method, network, model_name, images, targets, place=place or "last")
    return found


def aligned_energy(raw: np.ndarray, model_name: str, kind: str, masks: np.ndarray) -> np.ndarray:
    """Energy of raw maps (B, h, w) inside masks (B, S, S), each position of the map put where it looks, (B,).

    kind: `METHOD@PLACE`; see `placement`.
    """
    layer = layer_of(model_name, kind.partition("@")[2])
    return energy(aligned(heat(raw), masks.shape[1], layer), masks)


def score_map(hot: np.ndarray, masks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every score of maps at the size of the masks, each (B,): energy in each part, and the pointing game."""
    scores = {f"energy {part}": energy(hot, mask) for part, mask in masks.items()}
    return scores | {"pointing cell": pointing(hot, masks["cell"])}
