"""Trained networks as a predictor uses them: images in, mean probabilities and the last layer's features out."""

import copy
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cgrecnet.models import SYSTEMS, create_model


class Parted(nn.Module):
    """A network that also gives what its classifying layer reads: images -> (logits, features), (B, K) and (B, D)."""

    def __init__(self, network: nn.Module, head: str) -> None:
        super().__init__()
        network = copy.deepcopy(network)  # the caller's stays whole
        parent, _, child = head.rpartition(".")
        self.head = network.get_submodule(head)
        setattr(network.get_submodule(parent), child, nn.Identity())
        self.trunk = network

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        features = self.trunk(images)
        return self.head(features), features


def head_of(network: nn.Module, model: str) -> str:
    """Name of the layer that gives the logits: a second one, where the network keeps ImageNet's."""
    extra = getattr(network, "classifier_extra", None)
    return "classifier_extra" if isinstance(extra, nn.Linear) else SYSTEMS[model].head


def build(config: Mapping, classes: int, state: Mapping[str, Tensor], in_channels: int = 3) -> nn.Module:
    """The network that a run's settings describe, with these weights, in evaluation mode; RuntimeError if they differ.

    config: of a run (`model`, `preset`, `model_options`, `image_size`).
    """
    with torch.random.fork_rng(devices=[]):  # the fresh weights are thrown away
        network = create_model(
            config["model"],
            preset=config["preset"],
            num_classes=classes,
            in_channels=in_channels,
            image_size=config["image_size"],
            options=config["model_options"],
        )
    network.load_state_dict(dict(state))
    return network.eval()


class TorchEngine:
    """The members of an ensemble in torch; called with a batch it gives mean probabilities and features.

    Features are those of the first member. device: where they compute.
    """

    name = "torch"

    def __init__(self, networks: Sequence[nn.Module], model: str, device: torch.device | str = "cpu") -> None:
        self.device = torch.device(device)
        self.members = [
            Parted(network, head_of(network, model)).to(self.device, memory_format=torch.channels_last).eval()
            for network in networks
        ]

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """images: float32 (B, C, S, S), normalised. Returns float64 (B, classes) and float32 (B, D)."""
        images = images.to(self.device).contiguous(memory_format=torch.channels_last)
        found = [member(images) for member in self.members]
        together = torch.stack([torch.softmax(logits.double(), dim=1) for logits, _ in found]).mean(dim=0)
        return together.cpu().numpy(), found[0][1].flatten(1).float().cpu().numpy()
