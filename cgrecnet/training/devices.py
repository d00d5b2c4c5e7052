"""Which devices a run uses, and how its processes find each other: Lightning Fabric does both.

PyTorch's `SyncBatchNorm`, which sees the batch of all processes, wants a GPU; its twin for a CPU stands here.
"""

import os

import torch
import torch.distributed
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import TorchElasticEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor, nn

from cgrecnet.training import STORE
from cgrecnet.training.config import RunConfig

#: Fabric's names for what a configuration calls `precision`.
PRECISION = {"32": "32-true", "bf16": "bf16-mixed"}


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
        total = part.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(_, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        torch.distributed.all_reduce(total)
        return total


class _AlreadyStarted(DDPStrategy):
    """Data parallel over processes that are there: Fabric starts none, so it may be one of them in a notebook.

    whole_batch: whether batch normalisation sees the batch of all processes on a CPU, as the loop has it on GPUs.
    """

    def __init__(self, whole_batch: bool) -> None:
        super().__init__()
        self._whole_batch = whole_batch

    def _configure_launcher(self) -> None:
        self._launcher = None

    def _setup_distributed(self) -> None:
        if path := os.environ.get(STORE):  # what is set up already, Fabric leaves as it is
            self._set_world_ranks()
            torch.distributed.init_process_group(
                self._get_process_group_backend(),
                store=torch.distributed.FileStore(path, self.world_size),
                rank=self.global_rank,
                world_size=self.world_size,
                device_id=None if self.root_device.type == "cpu" else self.root_device,
            )
        super()._setup_distributed()

    def setup_module(self, module: nn.Module) -> nn.Module:
        if self._whole_batch and self.root_device.type == "cpu":
            synchronise(module)
        return super().setup_module(module)


def make_fabric(config: RunConfig) -> Fabric:
    """Fabric for this process: the GPU if there is one, else the CPU.

    Where the variables of torchrun say that this process is one of several (`WORLD_SIZE`, `RANK`, `LOCAL_RANK`,
    `LOCAL_WORLD_SIZE`, `MASTER_ADDR`, `MASTER_PORT`), they train together: data parallel, gradients averaged.
    """
    accelerator = "cuda" if torch.cuda.is_available() else "cpu"
    precision = PRECISION[config.precision]
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        return Fabric(accelerator=accelerator, devices=1, precision=precision)
    here = int(os.environ.get("LOCAL_WORLD_SIZE", str(world)))
    fabric = Fabric(
        accelerator=accelerator,
        devices=here,
        num_nodes=world // here,
        strategy=_AlreadyStarted(whole_batch=config.micro_batch is None and config.out_of_memory == "stop"),
        precision=precision,
        plugins=[TorchElasticEnvironment()],
    )
    fabric.launch()
    return fabric
