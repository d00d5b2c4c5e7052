"""One network with a batch that lies ready: a forward pass, and a training step, at a precision."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn

from cgrecnet.models import create_model
from cgrecnet.models.bf16 import bf16_products


class Steps:
    """A network in channels-last on `device` with Adam and a batch of random pictures, as the training loop has them.

    A training step is the forward pass, the cross-entropy, the backward pass and the step of Adam; a forward pass is in
    evaluation mode and keeps nothing for a backward pass. "bf16": under autocast, the weights stay float32, and on a
    CPU without kernels for bfloat16 its products are widened (`bf16_products`), but in a compiled network.
    """

    def __init__(self, model: str, image_size: int, batch_size: int, device: torch.device) -> None:
        torch.manual_seed(0)
        self.device = device
        network = create_model(model, image_size=image_size)
        self.network: nn.Module = network.to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-5, fused=True)
        images = torch.randn(batch_size, 3, image_size, image_size, device=device)
        self.images = images.contiguous(memory_format=torch.channels_last)
        self.labels = torch.arange(batch_size, device=device) % 3

    def run(
        self,
        kind: str,
        precision: str,
        network: nn.Module | None = None,
        within: AbstractContextManager | None = None,
    ) -> None:
        """One pass of `kind` ("forward" or "training") by the network, or by a compiled form of it.

        within: what sees the operations as they are asked for, before their products are widened.
        """
        work = self._forward if kind == "forward" else self._training
        with bf16_products(precision == "bf16" and network is None), within or nullcontext():
            work(self.network if network is None else network, precision)

    def loss(self, network: nn.Module, precision: str) -> torch.Tensor:
        """The cross-entropy of the batch."""
        with self._autocast(precision):
            return nn.functional.cross_entropy(network(self.images), self.labels)

    def _autocast(self, precision: str):
        return torch.autocast(self.device.type, torch.bfloat16, enabled=precision == "bf16")

    def _forward(self, network: nn.Module, precision: str) -> None:
        network.eval()
        with torch.no_grad(), self._autocast(precision):
            network(self.images)

    def _training(self, network: nn.Module, precision: str) -> None:
        network.train()
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(network, precision).backward()
        self.optimizer.step()
