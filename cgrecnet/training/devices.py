"""Which devices a run uses, and how its processes find each other: Lightning Fabric does both."""

import os

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import TorchElasticEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import nn

from cgrecnet.training.config import RunConfig
from cgrecnet.training.meeting import STORE
from cgrecnet.training.sync_batchnorm import synchronise

#: Fabric's names for what a configuration calls `precision`.
PRECISION = {"32": "32-true", "bf16": "bf16-mixed"}


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
