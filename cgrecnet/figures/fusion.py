"""Inside the fusion: its branches and spatial maps for one image, and how little the maps change at the start."""

from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from cgrecnet.figures.cells import draw_row
from cgrecnet.figures.style import PALETTE, letter
from cgrecnet.models.fusion import FusionModule, fusion_effect, spatial_path_is_dead


@torch.no_grad()
def stage2(model: nn.Module, images: Tensor) -> Tensor:
    """The map that the fusion sees: `images` through the stem and the first two stages of a ResNet-50 variant."""
    x = model.maxpool(model.relu(model.bn1(model.conv1(images))))
    return model.layer2(model.layer1(x))


@dataclass(frozen=True)
class FusionMaps:
    """One number per position, (H, W): length of each branch's vector, and s_1 as a softmax (times N) and a sigmoid."""

    la: np.ndarray
    xca: np.ndarray
    softmax: np.ndarray
    sigmoid: np.ndarray


@torch.no_grad()
def fusion_maps(module: FusionModule, x: Tensor) -> list[FusionMaps]:
    """What the fusion computes for every image of x, (B, C, H, W)."""
    size = tuple(x.shape[2:])
    f1, f2 = module.branches(x)
    pooled, _ = module.fuse.mixed(f1, f2)
    logits = module.fuse.conv2(module.fuse.conv1(pooled.unflatten(2, size)).relu()).flatten(1)
    count = logits.shape[1]
    maps = (f1.norm(dim=2), f2.norm(dim=2), logits.softmax(1) * count, logits.sigmoid())
    return [FusionMaps(*(m.unflatten(0, size).numpy() for m in four)) for four in zip(*maps, strict=True)]


def draw_fusion_maps(images: Sequence[np.ndarray], window: tuple[float, float], maps: Sequence[FusionMaps]) -> Figure:
    """One row per cell: A image, B and C lengths of the branches, D N times the softmax map, E the sigmoid map."""
    figure, axes = plt.subplots(len(images), 5, figsize=(7.0, 1.3 * len(images) + 0.4), squeeze=False)
    titles = ("cell", "length of LA", "length of XCA", "N · softmax", "sigmoid")
    for row, image, four in zip(axes, images, maps, strict=True):
        draw_row(row, [], window)
        row[0].imshow(image, vmin=window[0], vmax=window[1])
        row[1].imshow(four.la, cmap="viridis")
        row[2].imshow(four.xca, cmap="viridis")
        shown = row[3].imshow(four.softmax, cmap="PuOr", vmin=0, vmax=2)
        sigmoid = row[4].imshow(four.sigmoid, cmap="PuOr", vmin=0, vmax=1)
        figure.colorbar(shown, ax=row[3], shrink=0.7, ticks=[0, 1, 2])
        figure.colorbar(sigmoid, ax=row[4], shrink=0.7, ticks=[0, 0.5, 1])
    for place in axes[:, 1:].flat:
        place.set(xticks=[], yticks=[])
    for place, text, title in zip(axes[0], "ABCDE", titles, strict=True):
        place.set_title(title, fontsize=8)
        letter(place, text)
    return figure


@dataclass(frozen=True)
class Start:
    """A fresh fusion module on a map of N positions: relative change by the CAFM, and whether its path is dead."""

    positions: int
    seed: int
    effect: float
    dead: bool


def starts(maps: Sequence[Tensor], seeds: Sequence[int], channels: int = 512, **arguments) -> list[Start]:
    """Fresh modules, one per seed, on each map (B, channels, H, W); torch's global generator is left as it was."""
    found = []
    with torch.random.fork_rng(devices=[]):
        for seed in seeds:
            torch.manual_seed(seed)
            module = FusionModule(channels, **arguments)
            for x in maps:
                count = x.shape[2] * x.shape[3]
                found.append(Start(count, seed, fusion_effect(module, x), spatial_path_is_dead(module, x)))
    return found


@torch.no_grad()
def shared_effect(f1: Tensor, f2: Tensor, k: int, seed: int = 0) -> float:
    """Relative change of F_1 + F_2 by softmax maps that give 1 / k to k positions, drawn at random, and 0 elsewhere."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.zeros(f1.shape[1])
    weights[torch.randperm(f1.shape[1], generator=generator)[:k]] = 1 / k
    plain = f1 + f2
    return ((plain * weights[:, None]).norm() / plain.norm()).item()


def draw_starts(found: Sequence[Start], shared: dict[int, float], positions: int) -> Figure:
    """A: effect of fresh modules over N beside the line 1 / N; B: effect when k of `positions` share the map."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.9))
    sizes = np.array(sorted({start.positions for start in found}))
    left.plot(sizes, 100 / sizes, color="0.6", label="100 % / N", zorder=1)
    left.plot([s.positions for s in found], [100 * s.effect for s in found], "o", color=PALETTE[0], label="measured")
    left.set(xscale="log", yscale="log", xlabel="positions N", ylabel="change of LA + XCA (%)")
    left.set_xticks(sizes, [f"{n:,}" for n in sizes])
    left.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    left.minorticks_off()
    left.legend()
    k = np.array(sorted(shared))
    right.plot(k, 100 / np.sqrt(k * positions), color="0.6", label="100 % / √(kN)", zorder=1)
    right.plot(k, [100 * shared[i] for i in k], "o", color=PALETTE[1], label="measured")
    right.set(xscale="log", yscale="log", xlabel=f"positions k that share the map (of {positions})")
    right.set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
    right.minorticks_off()
    right.legend()
    letter(left, "A")
    letter(right, "B")
    return figure
