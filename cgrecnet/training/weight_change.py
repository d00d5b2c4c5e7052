"""How far the weights of a network move in an epoch, and how many of them move at all."""

import torch
from torch import nn


class WeightChange:
    """Call it at the end of each epoch (`fit(on_epoch=...)`); it keeps what every parameter did since the last call.

    distance: Euclidean length of the step that all parameters together made, one number per call.
    changed: share of the single numbers among them that are not, bit for bit, what they were, one per call.
    Running statistics of batch normalisation are no parameters, and do not count.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.distance: list[float] = []
        self.changed: list[float] = []
        self._before = self._flat()

    def __call__(self, entry: dict | None = None) -> None:
        """Take note of what has moved since the last call (or since the start)."""
        now = self._flat()
        self.distance.append(float(torch.linalg.vector_norm((now - self._before).double())))
        self.changed.append(float((now != self._before).double().mean()))
        self._before = now

    def _flat(self) -> torch.Tensor:
        return torch.cat([p.detach().reshape(-1).cpu().clone() for p in self.network.parameters()])
