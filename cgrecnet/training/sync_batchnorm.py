"""Batch normalisation over the batch of several processes, on a CPU (PyTorch's `SyncBatchNorm` wants a GPU)."""

import torch
import torch.distributed
from torch import Tensor, nn


def synchronise(network: nn.Module) -> nn.Module:
    """Let every batch normalisation of images in `network` see the batch of all processes; the network itself, changed.

    In training the mean and the variance of a channel are those over all cells of the batch and all positions,
    whichever process holds them, and gradients go back through them to every process. Parameters, buffers and their
    names stay. All processes have to make the same passes. In evaluation nothing changes.
    """
    for part in network.modules():
        if type(part) is nn.BatchNorm2d:
            part.__class__ = SynchronisedBatchNorm2d
    return network


class SynchronisedBatchNorm2d(nn.BatchNorm2d):
    """`nn.BatchNorm2d` whose batch is that of all processes together."""

    def forward(self, maps: Tensor) -> Tensor:
        """maps: (n, channels, h, w), n the cells of this process; the same shape comes back."""
        if not self.training:
            return super().forward(maps)
        values = maps.float()
        count = torch.tensor(float(values.numel() // values.shape[1]))
        torch.distributed.all_reduce(count)
        # The variance in a second pass over the deviations: a mean of squares would lose digits.
        mean = _AllSum.apply(values.sum(dim=(0, 2, 3))) / count
        deviation = values - mean[:, None, None]
        variance = _AllSum.apply(deviation.square().sum(dim=(0, 2, 3))) / count
        with torch.no_grad():
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (deviation * scale[:, None, None] + self.bias[:, None, None]).to(maps.dtype)


class _AllSum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs, since each of them has used it."""

    @staticmethod
    def forward(_, part: Tensor) -> Tensor:
        whole = part.clone()
        torch.distributed.all_reduce(whole)
        return whole

    @staticmethod
    def backward(_, gradient: Tensor) -> Tensor:
        whole = gradient.contiguous().clone()
        torch.distributed.all_reduce(whole)
        return whole
