"""One way to ask for maps, whatever the method, and for all scores of a map."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.explain.cams import CAMS, cam_maps
from cgrecnet.explain.layers import aligned, layer_of
from cgrecnet.explain.masks import border_mask, crop_masks
from cgrecnet.explain.occlusion import occlusion_maps
from cgrecnet.explain.scores import energy, pointing
from cgrecnet.models.config import unknown

#: Every method, with the name that a figure shows.
TITLES = {"gradcam": "Grad-CAM", "gradcam++": "Grad-CAM++", "hirescam": "HiResCAM", "occlusion": "occlusion"}
#: Parts of a simulated picture on which the energy of a map is measured.
PARTS = ("cell", "nucleus", "processes", "debris")


def explain(
    method: str, network: nn.Module, model_name: str, images: Tensor, targets, *, place: str = "last"
) -> np.ndarray:
    """Raw maps, float32 (B, h, w): how much each position speaks for the target class, negative where against it.

    method: a key of `TITLES`. model_name: in the registry; it decides the layer, `place` which of several
    (`layers.LAYERS`; occlusion has none). images: (B, C, S, S), normalised as the network expects them; targets: (B,).
    The network is evaluated and comes back in the state in which it was. Raises ConfigError.
    """
    if method not in TITLES:
        raise unknown("method of explanation", method, TITLES)
    layer = layer_of(model_name, place)
    if method in CAMS:
        return cam_maps(method, network, layer, images, targets)
    return occlusion_maps(network, images, targets)


def heat(maps: np.ndarray) -> np.ndarray:
    """What speaks for the class: max(L, 0)."""
    return np.maximum(maps, 0)


def resize(maps: np.ndarray, size: int) -> np.ndarray:
    """Maps (B, h, w) at the size of the image, (B, size, size), bilinear: no new evidence, only a smooth look."""
    tensor = torch.from_numpy(np.ascontiguousarray(maps, dtype=np.float32))[:, None]
    resized = torch.nn.functional.interpolate(tensor, (size, size), mode="bilinear", align_corners=False)
    return resized[:, 0].numpy()


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

    kind: `METHOD@PLACE`; see `layers.aligned`.
    """
    layer = layer_of(model_name, kind.partition("@")[2])
    return energy(aligned(heat(raw), masks.shape[1], layer), masks)


def score_map(hot: np.ndarray, masks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every score of maps at the size of the masks, each (B,): energy in each part, and the pointing game."""
    scores = {f"energy {part}": energy(hot, mask) for part, mask in masks.items()}
    return scores | {"pointing cell": pointing(hot, masks["cell"])}
