"""What the fusion and the gate of a network do on the cell and off it (claims C07 and C08)."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.errors import ConfigError
from cgrecnet.explain.class_scores import evaluating, seen_by
from cgrecnet.models.bf16 import bf16_products
from cgrecnet.models.fusion import fusion_effect, spatial_path_is_dead


def _stage2(network: nn.Module, images: Tensor) -> Tensor:
    x = network.maxpool(network.relu(network.bn1(network.conv1(images))))
    return network.layer2(network.layer1(x))


@dataclass(frozen=True)
class FusionChange:
    """What the CAFM does on each image, and on how many positions N: at the start the relative effect is 1 / N.

    relative_effect: relative change of LA + XCA by the CAFM, (B,); dead: whether the spatial path is dead on all.
    """

    relative_effect: np.ndarray
    positions: int
    dead: bool


@torch.no_grad()
def fusion_change(network: nn.Module, images: Tensor, precision: str = "32") -> FusionChange:
    """How far the CAFM is from a plain sum on each image, and whether its spatial path is dead on all of them.

    precision: "32" or "bf16", in which the network computes. Raises ConfigError for a network without the fusion.
    """
    if not hasattr(network.fusion, "fuse"):
        raise ConfigError("This network has no fusion module: take rescmnet or cg_recnet.")
    with (
        evaluating(network) as device,
        torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16", cache_enabled=False),
        bf16_products(precision == "bf16"),
    ):
        maps = _stage2(network, seen_by(network, images))
        relative_effect = np.array([fusion_effect(network.fusion, one[None]) for one in maps])
        dead = spatial_path_is_dead(network.fusion, maps)
        return FusionChange(relative_effect, maps.shape[2] * maps.shape[3], dead)


@dataclass(frozen=True)
class GateContrast:
    """A gate on the cell and on the background, one number per image, (B,); nan where an image lacks one of the two.

    value_on, value_off: mean gate value; wider: share of the channels that are more open on the cell (chance: 1/2).
    length_on, length_off: |y| / |x|, the length of a position's vector behind the block over that before it; below 1
    the block makes the position quieter.
    """

    value_on: np.ndarray
    value_off: np.ndarray
    wider: np.ndarray
    length_on: np.ndarray
    length_off: np.ndarray


@torch.no_grad()
def gate_contrast(network: nn.Module, images: Tensor, masks: np.ndarray) -> GateContrast:
    """Compare the gated block on and off the cell. masks: boolean (B, S, S), on the images.

    A position of the map belongs to the cell where the mask covers more than half of it, to the background where it
    covers nothing. Raises ConfigError for a network without the gate.
    """
    if not hasattr(network.gate, "act"):
        raise ConfigError("This network has no gated block: take resgdnet or cg_recnet.")
    with evaluating(network):
        before = network.fusion(_stage2(network, seen_by(network, images)))
        behind, gates = network.gate(before), network.gate.gate(before)
    share = torch.nn.functional.adaptive_avg_pool2d(torch.from_numpy(masks).float()[:, None], gates.shape[1:3])[:, 0]
    gain = (behind.norm(dim=1) / before.norm(dim=1)).cpu()
    rows = []
    for gate, length, cover in zip(gates.cpu(), gain, share, strict=True):
        on, off = cover > 0.5, cover == 0
        if not on.any() or not off.any():
            rows.append([np.nan] * 5)
            continue
        inside, outside = gate[on].mean(0), gate[off].mean(0)
        wider = (inside > outside).float().mean()
        rows.append([float(v) for v in (inside.mean(), outside.mean(), wider, length[on].mean(), length[off].mean())])
    return GateContrast(*np.array(rows).T)
