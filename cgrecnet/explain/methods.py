"""One way to ask for a map, whatever the method."""

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.explain.cams import CAMS, cam_maps
from cgrecnet.explain.layers import layer_of
from cgrecnet.explain.occlusion import occlusion_maps
from cgrecnet.models.config import unknown

#: Every method, with the name that a figure shows.
TITLES = {"gradcam": "Grad-CAM", "gradcam++": "Grad-CAM++", "hirescam": "HiResCAM", "occlusion": "occlusion"}


def explain(
    method: str,
    network: nn.Module,
    model_name: str,
    images: Tensor,
    targets,
    *,
    place: str = "last",
    batch_size: int = 16,
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
        return cam_maps(method, network, layer, images, targets, batch_size)
    return occlusion_maps(network, images, targets, batch_size=4 * batch_size)


def heat(maps: np.ndarray) -> np.ndarray:
    """What speaks for the class: max(L, 0)."""
    return np.maximum(maps, 0)


def resize(maps: np.ndarray, size: int) -> np.ndarray:
    """Maps (B, h, w) at the size of the image, (B, size, size), bilinear: no new evidence, only a smooth look."""
    tensor = torch.from_numpy(np.ascontiguousarray(maps, dtype=np.float32))[:, None]
    resized = torch.nn.functional.interpolate(tensor, (size, size), mode="bilinear", align_corners=False)
    return resized[:, 0].numpy()
